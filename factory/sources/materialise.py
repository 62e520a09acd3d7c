"""A table filled once, at attaching, for data sets that are read whole or small enough to hold.

The adapters of instruction data parse every row anyway (a row without an answer is no instruction,
and its identity is its content), so a view over their files would parse all of it again for every
statement. What is held is the text alone: 160 MB for all of MMLU, 40 MB for Alpaca; what takes long
to read is kept in the cache, and held on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import SourceError
from factory.sources.address import shown
from factory.sources.base import TABLES, AttachedSource, Quarantine
from factory.sources.fingerprint import fingerprint
from factory.sources.layout import listed
from factory.sources.sql import identifier, text_literal
from factory.sources.store import open_store

_EXAMPLES: Final = 3
_KEYS: Final = {"products": "product_id"}


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of the rows that were read: those in the table, the hidden, those set aside."""

    rows: int
    test_rows: int
    quarantined: tuple[Quarantine, ...]


def fill(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    select: str,
    files: Sequence[Path],
    *,
    allow_test: bool,
    may_be_empty: bool = False,
) -> Filled:
    """Create ``schema.table`` from the rows of ``select`` and count what became of them.

    ``select`` returns columns of ``TABLES[table]`` (the absent ones are NULL), ``cause`` (``''``
    for a usable row) and ``example`` (how a reader finds the row again). Rows of one id get ``-2``,
    ``-3`` and so on behind it, in the order of what they say.

    Raises:
        SourceError: where there is no row, none is usable, or all that are belong to the test part
            and ``allow_test`` is not given; not with ``may_be_empty``, for a table that only some
            of a data set's rows go into.
    """
    name = f"{identifier(schema)}.{identifier(table)}"
    given = {row[0] for row in connection.execute(f"DESCRIBE {select}").fetchall()}
    columns = ", ".join(
        f"{identifier(column) if column in given else 'NULL'}::{kind} AS {identifier(column)}"
        for column, kind in TABLES[table].items()
    )
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    # Everything is parsed once, then the unusable and the hidden rows are taken out again.
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {columns}, cause, example FROM ({select})"
    )
    rows = _count(connection, name, "true")
    quarantined = _quarantined(connection, name)
    usable = rows - sum(each.rows for each in quarantined)
    where = listed([str(file) for file in files])
    if not rows and not may_be_empty:
        raise SourceError(f"{where} holds no rows: fetch the upstream file again")
    if not usable and not may_be_empty:
        causes = "; ".join(
            f"{each.rows} rows {each.cause} ({each.examples[0]})" for each in quarantined
        )
        raise SourceError(f"no usable row in {where}; {causes}: fetch the upstream files again")
    connection.execute(f"DELETE FROM {name} WHERE cause <> ''")
    test_rows = 0
    if "split" in TABLES[table] and not allow_test:
        test_rows = _count(connection, name, "split = 'test'")
        if test_rows == usable and not may_be_empty:
            raise SourceError(
                f"all {usable} usable rows of {where} belong to the upstream test part, which is "
                f"left out unless it is asked for by name: add --allow-test {schema}, or give "
                "files with a train part"
            )
        connection.execute(f"DELETE FROM {name} WHERE split = 'test'")
    connection.execute(f"ALTER TABLE {name} DROP COLUMN cause")
    connection.execute(f"ALTER TABLE {name} DROP COLUMN example")
    _number_equal_rows(connection, name, _KEYS.get(table, "id"))
    return Filled(rows, test_rows, quarantined)


def kept(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    files: Sequence[Path],
    form: str,
    fill_table: Callable[[], Filled],
) -> Filled:
    """Create ``schema.table`` over a store of what ``fill_table`` has made of ``files``.

    ``fill_table`` creates the table itself and is called where no store of this ``form`` holds
    these files yet. Raises what it raises, and what :func:`factory.sources.store.open_store` does.
    """
    name = f"{identifier(schema)}.{identifier(table)}"
    store = f"{schema}_{table}_store"

    def write(database: str) -> None:
        # Attached before in this connection, the table was a view.
        connection.execute(f"DROP VIEW IF EXISTS {name}")
        filled = fill_table()
        into = identifier(database)
        connection.execute(f"CREATE TABLE {into}.kept AS FROM {name}")
        connection.execute(f"DROP TABLE {name}")
        connection.execute(f"CREATE TABLE {into}.counts (rows BIGINT, test_rows BIGINT)")
        connection.execute(
            f"INSERT INTO {into}.counts VALUES (?, ?)", [filled.rows, filled.test_rows]
        )
        connection.execute(
            f"CREATE TABLE {into}.faults (cause VARCHAR, rows BIGINT, examples VARCHAR[])"
        )
        for fault in filled.quarantined:
            connection.execute(
                f"INSERT INTO {into}.faults VALUES (?, ?, ?)",
                [fault.cause, fault.rows, list(fault.examples)],
            )

    open_store(connection, store, tuple(map(fingerprint, files)), form, write)
    held = identifier(store)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS FROM {held}.kept")
    ((rows, test_rows),) = connection.execute(f"FROM {held}.counts").fetchall()
    faults = connection.execute(f"FROM {held}.faults ORDER BY cause").fetchall()
    return Filled(
        rows, test_rows, tuple(Quarantine(why, n, tuple(shown)) for why, n, shown in faults)
    )


def attached(address: str, files: Sequence[Path], filled: Filled, *tables: str) -> AttachedSource:
    """Return what an adapter reports of ``tables`` that were filled from ``files``."""
    return AttachedSource(
        address=shown(address),
        files=tuple(map(fingerprint, files)),
        tables=tables,
        rows=filled.rows,
        test_rows=filled.test_rows,
        quarantined=filled.quarantined,
    )


def content_id(*columns: str) -> str:
    """Return the SQL of an id that is a row's content: where a row stands in a file is chance."""
    parts = ", ".join(f"coalesce({column}, '')" for column in columns)
    return f"left(md5(concat_ws(chr(31), {parts})), 16)"


def cause(*causes: tuple[str, str]) -> str:
    """Return the SQL of a row's cause: the first ``(cause, condition)`` that holds, or ``''``."""
    cases = " ".join(f"WHEN {when} THEN {text_literal(name)}" for name, when in causes)
    return f"CASE {cases} ELSE '' END"


def _count(connection: duckdb.DuckDBPyConnection, name: str, condition: str) -> int:
    # All is fetched: a result that is left open keeps the connection from letting go of its input.
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {name} WHERE {condition}").fetchall()
    return int(rows)


def _quarantined(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[Quarantine, ...]:
    found = connection.execute(
        f"SELECT cause, count(*), list(DISTINCT left(example, 80) ORDER BY left(example, 80)) "
        f"FROM {name} WHERE cause <> '' GROUP BY cause ORDER BY cause"
    ).fetchall()
    return tuple(Quarantine(why, rows, tuple(shown[:_EXAMPLES])) for why, rows, shown in found)


def _number_equal_rows(connection: duckdb.DuckDBPyConnection, name: str, key: str) -> None:
    # By what they say: in which order rows were written depends on the threads that read them.
    connection.execute(f"""
        UPDATE {name} AS target SET {key} = target.{key} || '-' || number
        FROM (
            SELECT place, number FROM (
                SELECT rowid AS place,
                    row_number() OVER (
                        PARTITION BY {key} ORDER BY CAST(each_row AS VARCHAR), rowid
                    ) AS number
                FROM {name} AS each_row
                WHERE {key} IN (SELECT {key} FROM {name} GROUP BY {key} HAVING count(*) > 1)
            ) WHERE number > 1
        ) AS repeated
        WHERE target.rowid = repeated.place
    """)
