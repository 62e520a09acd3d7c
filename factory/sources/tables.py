"""A shop's own data onto the tables: files or database tables, whatever their columns are called.

A folder that holds the tables in the house's own form (``products.parquet``, ``reviews.csv`` and so
on, with the tables' own columns) needs no options. Otherwise the recipe says which file or database
table fills which table, and which column fills which::

    with:
      tables:
        products:
          file: products.csv
          columns: {product_id: sku, title: name, bullets: {column: features, split: "|"}}
          constants: {locale: us, currency: USD}

Parquet files are read where they lie; everything else is read once, into the database of the run,
which spills to disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import duckdb
from pydantic import BaseModel

from factory.errors import SourceError, did_you_mean
from factory.sources.address import resolve, shown
from factory.sources.base import TABLES, AttachedSource, Quarantine, SourceFile
from factory.sources.fingerprint import fingerprint
from factory.sources.layout import Layout, listed
from factory.sources.sql import identifier, one_line
from factory.sources.tables_columns import (
    KEYS,
    ColumnSource,
    Target,
    cause_of,
    selected,
    targets,
)
from factory.sources.tables_database import read_database
from factory.sources.tables_files import ENDINGS, Rows, read_files
from factory.sources.tables_options import TableOptions, TablesOptions

_HOMEPAGE: Final = "your own shop"
_EXAMPLES_QUOTED: Final = 3
_EXAMPLE_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of the rows of one table."""

    rows: int
    test_rows: int
    quarantined: tuple[Quarantine, ...]


class TablesSource:
    """A shop's own data; :class:`factory.sources.base.Source` says what an adapter does.

    A column that is not mapped exists and is NULL; without ``split`` every row is train. A row is
    set aside where a part of its key is missing (``value-missing``), where a value is not of its
    column's type (``price-malformed``) or not one of those that there are (``label-unknown``), and
    where a line of a file cannot be read (``line-malformed``).
    """

    name: ClassVar[str] = "tables"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = _HOMEPAGE
    citation: ClassVar[str] = ""
    options: ClassVar[type[BaseModel]] = TablesOptions
    published: ClassVar[str] = ""

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:
        """Return the columns that the recipe maps; all that there are where it maps none."""
        if not isinstance(options, TablesOptions) or not options.tables:
            return {name: tuple(columns) for name, columns in TABLES.items()}
        offered: dict[str, Sequence[str]] = {}
        for name, table in options.tables.items():
            own = TABLES[name]
            given = {*(own if table.columns is None else table.columns), *table.constants}
            # Where nothing says of a row that it is for testing, it is for training.
            given |= {"split"} & own.keys()
            offered[name] = tuple(column for column in own if column in given)
        return offered

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema`` with the tables that the folder or the recipe gives.

        Raises:
            SourceError: in one line, where a file, a table or a column is missing or cannot be
                read, where no row of a table is usable, or where all rows of a table belong to the
                test part and ``allow_test`` is not given.
        """
        if not isinstance(options, TablesOptions):
            raise TypeError(f"tables takes TablesOptions, not {type(options).__name__}")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        files: list[SourceFile] = []
        made: dict[str, _Made] = {}
        for table, mapping, rows in _origins(connection, schema, path, options):
            made[table] = _make(connection, schema, table, mapping, rows, allow_test=allow_test)
            files += rows.read or map(fingerprint, rows.files)
        if not options.tables:
            _make_empty(connection, schema, [table for table in TABLES if table not in made])
        return AttachedSource(
            address=shown(path),
            files=tuple(dict.fromkeys(files)),
            tables=tuple(made),
            rows=sum(each.rows for each in made.values()),
            test_rows=sum(each.test_rows for each in made.values()),
            quarantined=_merged(made),
        )


def _make_empty(connection: duckdb.DuckDBPyConnection, schema: str, tables: Sequence[str]) -> None:
    """Create tables without a row: which files a folder holds nobody knows beforehand."""
    for table in tables:
        columns = ", ".join(
            f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in TABLES[table].items()
        )
        connection.execute(
            f"CREATE OR REPLACE VIEW {identifier(schema)}.{identifier(table)} AS "
            f"SELECT {columns} WHERE false"
        )


def _origins(
    connection: duckdb.DuckDBPyConnection, schema: str, path: str, options: TablesOptions
) -> Iterator[tuple[str, TableOptions, Rows]]:
    """Yield each table with its options and the rows that fill it, in the order of the tables."""
    if not options.tables:
        for table, found in _house_files(path).items():
            yield (
                table,
                TableOptions.model_validate({"file": found[0].name}),
                read_files(connection, schema, table, found),
            )
        return
    for table in TABLES:
        mapping = options.tables.get(table)
        if mapping is None:
            continue
        if mapping.database is not None:
            wanted = _columns_asked(mapping)
            yield table, mapping, read_database(
                connection, schema, table, path,
                mapping.database, mapping.table, mapping.query, wanted,
            )  # fmt: skip
        else:
            found = _given_files(path, mapping.file or "")
            yield table, mapping, read_files(connection, schema, table, found)


def _columns_asked(mapping: TableOptions) -> tuple[str, ...] | None:
    """Return the columns that a mapping names; None where each maps to its namesake."""
    if mapping.columns is None:
        return None
    named = (source if isinstance(source, str) else source.column
             for source in mapping.columns.values())  # fmt: skip
    return tuple(dict.fromkeys(named))


def _house_files(path: str) -> dict[str, tuple[Path, ...]]:
    """Return the files named as the tables are, by table."""
    names = tuple(f"{table}{ending}" for table in TABLES for ending in ENDINGS)
    layouts = [Layout((name,), tuple(n for n in names if n != name)) for name in names]
    try:
        found = resolve(path, adapter="tables", homepage=_HOMEPAGE, layouts=layouts)
    except SourceError as error:
        if path == "bundled" or "://" in path or not Path(path).is_dir():
            raise
        raise SourceError(
            f"tables: {path!r} holds no file named as a table is (products.parquet, reviews.csv "
            "and so on): give the recipe a mapping, under this source: with: {tables: "
            "{products: {file: ..., columns: {...}}}}"
        ) from error
    taken: dict[str, tuple[Path, ...]] = {}
    for table in TABLES:
        named = [
            found.files[f"{table}{end}"] for end in ENDINGS if found.files.get(f"{table}{end}")
        ]
        if len(named) > 1:
            raise SourceError(
                f"tables: {path!r} holds the table {table!r} twice "
                f"({listed([str(files[0].name) for files in named])}): keep one of them"
            )
        if named:
            taken[table] = named[0]
    return taken


def _given_files(path: str, file: str) -> tuple[Path, ...]:
    """Return the files of a recipe's ``file``, which may be a pattern, in a fixed order."""
    folder = Path(path).expanduser()
    if "://" not in path and path != "bundled" and folder.is_dir():
        inside = Path(file)
        named = folder.absolute() / inside
        try:
            found = [named] if named.is_file() else sorted(folder.absolute().glob(file))
        except ValueError as error:
            raise SourceError(f"tables: {file!r} is no pattern of files: {error}") from error
        found = [each for each in found if each.is_file()]
        if found:
            return tuple(found)
        names = [
            each.relative_to(folder).as_posix() for each in sorted(folder.rglob("*"))
            if each.is_file() and not each.name.startswith(".")
        ]  # fmt: skip
        raise SourceError(
            f"tables: {path!r} holds no {file!r}: {did_you_mean(file, names)}"
            f"It holds {listed(names) or 'nothing'}"
        )
    layout = Layout((Path(file).name,))
    found_there = resolve(path, adapter="tables", homepage=_HOMEPAGE, layouts=[layout])
    return found_there.files[layout.required[0]]


def _mapped(
    table: str, mapping: TableOptions, rows: Rows
) -> dict[str, ColumnSource]:  # fmt: skip
    """Return the column or the constant that fills each of the table's columns."""
    filled: dict[str, ColumnSource] = {
        column: ColumnSource(constant=value) for column, value in mapping.constants.items()
    }
    if mapping.columns is None:
        for column in TABLES[table]:
            if column in rows.columns and column not in filled:
                filled[column] = ColumnSource(column=column)
    else:
        for column, given in mapping.columns.items():
            name, split = (given, None) if isinstance(given, str) else (given.column, given.split)
            if name not in rows.columns:
                raise SourceError(
                    f"{rows.where} has no column {name!r}: {did_you_mean(name, rows.columns)}"
                    f"It has {listed([*rows.columns])}"
                )
            filled[column] = ColumnSource(column=name, split=split)
    missing = [column for column in KEYS[table] if column not in filled]
    if missing:
        raise SourceError(
            f"{rows.where} has no column {missing[0]!r}, which is part of the key of the table "
            f"{table!r}; it has {listed([*rows.columns])}: map one under 'columns', or give one "
            "value for all rows under 'constants'"
        )
    return filled


def _make(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    mapping: TableOptions,
    rows: Rows,
    *,
    allow_test: bool,
) -> _Made:
    """Create one table as a view over its rows, and count what becomes of them."""
    wanted = targets(table, _mapped(table, mapping, rows), rows.columns, text=rows.text)
    try:
        count, faults = _counted(connection, wanted, rows)
        hidden = _hidden(connection, wanted, rows, bool(faults), allow_test=allow_test)
    except duckdb.Error as error:
        raise SourceError(f"{rows.where} cannot be read: {one_line(error)}") from error
    read = count + sum(each.rows for each in rows.unreadable)
    bad = bool(faults)
    quarantined = _by_cause([*faults, *rows.unreadable])
    usable = read - sum(each.rows for each in quarantined)
    if not usable:
        causes = "; ".join(f"{f.rows} rows {f.cause} ({f.examples[0]})" for f in quarantined)
        raise SourceError(
            f"{rows.where} has no usable row for the table {table!r}"
            f"{f' ({causes})' if causes else ''}: correct the mapping or the file"
        )
    if hidden == usable:
        raise SourceError(
            f"all {usable} usable rows of {rows.where} have the split 'test', which is left out "
            f"unless it is asked for by name: add --allow-test {schema}, or give rows to train on"
        )
    condition = f"({cause_of(wanted)}) = ''" if bad else "true"
    if hidden:
        condition += f" AND {wanted['split'].sql} = 'train'"
    connection.execute(
        f"CREATE OR REPLACE VIEW {identifier(schema)}.{identifier(table)} AS "
        f"SELECT {selected(wanted)} FROM {rows.sql} WHERE {condition}"
    )
    return _Made(read, hidden, quarantined)


def _counted(
    connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, Target], rows: Rows
) -> tuple[int, list[Quarantine]]:
    shown_columns = [target for target in wanted.values() if target.checked and target.raw]
    example = " || ', ' || ".join(
        f"'{target.name}=' || coalesce(left(CAST({target.raw} AS VARCHAR), {_EXAMPLE_LENGTH}), "
        "'NULL')"
        for target in shown_columns
    )
    found = connection.execute(
        f"SELECT cause, count(*), min(example, {_EXAMPLES_QUOTED}) FROM ("
        f"SELECT cause, CASE WHEN cause <> '' THEN {example or chr(39) * 2} END AS example "
        f"FROM (SELECT {cause_of(wanted)} AS cause, * FROM {rows.sql})) "
        "GROUP BY cause ORDER BY cause"
    ).fetchall()
    faults = [
        Quarantine(cause, count, tuple(some or ("",))) for cause, count, some in found if cause
    ]
    return sum(count for _, count, _ in found), faults


def _hidden(
    connection: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, Target],
    rows: Rows,
    faulty: bool,
    *,
    allow_test: bool,
) -> int:
    """Return how many usable rows belong to the test part, which ``allow_test`` shows."""
    if allow_test or "split" not in wanted or wanted["split"].fixed:
        return 0
    usable = f"({cause_of(wanted)}) = '' AND " if faulty else ""
    found = connection.execute(
        f"SELECT count(*) FROM {rows.sql} WHERE {usable}{wanted['split'].sql} = 'test'"
    ).fetchall()
    return int(found[0][0])


def _by_cause(faults: Sequence[Quarantine]) -> tuple[Quarantine, ...]:
    merged: dict[str, Quarantine] = {}
    for fault in faults:
        before = merged.get(fault.cause, Quarantine(fault.cause, 0, ()))
        merged[fault.cause] = replace(
            before, rows=before.rows + fault.rows, examples=before.examples + fault.examples
        )
    return tuple(merged[cause] for cause in sorted(merged))


def _merged(made: Mapping[str, _Made]) -> tuple[Quarantine, ...]:
    """Return the faults of all tables by cause, the examples saying which one they are of."""
    named = [
        replace(fault, examples=tuple(f"{table}: {row}" for row in fault.examples))
        for table, each in made.items()
        for fault in each.quarantined
    ]
    return _by_cause(named)
