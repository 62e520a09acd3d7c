"""A task's view: which rows (``keys``), then what they say (``facts``).

A view is one SQL file with two statements against the tables of the house:

* ``keys`` is narrow: ``key``, ``split_group`` and the strata that a recipe may balance.
* ``facts`` joins the wide columns for the keys in the relation ``chosen`` only, since joining first
  and limiting later costs five times the time and twice the memory.

Above them stand the tables and columns that it reads, one line a table: ``-- needs products: title,
brand``. The view is checked against exactly these; a source that cannot fill them cannot have the
task. A view without such lines may read any column, and then nobody can tell beforehand.

``-- yields 0.6`` says that about so many of its keys give a sample, where facts are dear and many
keys give none: the line then asks for as many at once as it will need. It changes no sample.

What several views have in common (the products judged for a query, those that other queries lend)
stands in ``views/shared``: a line ``-- include judged`` is replaced by the text of that file, which
is a part of a ``WITH`` list.

The relation ``keys`` holds all keys in draw order, for negatives from elsewhere; ``draw(key,
purpose)`` is the draw of :mod:`factory.draw`, and ``getvariable('candidates')`` reads an option of
the task's ``with:`` block. Where SQL ends, ``rows/<name>.py`` maps one facts row to none or more.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import duckdb

from factory.draw import Draw, sql_macro
from factory.errors import RecipeError, did_you_mean
from factory.sources.base import TABLES
from factory.sources.sql import identifier, one_line

PACKAGED: Final = Path(__file__).parent / "views"
SHARED: Final = PACKAGED / "shared"
_STATEMENTS: Final = re.compile(r"^-- (keys|facts)[ \t]*$", re.MULTILINE)
_INCLUDE: Final = re.compile(r"^-- include (\w+)[ \t]*\r?$", re.MULTILINE)
_NEEDS: Final = re.compile(r"^-- needs (\w+): *(.+?)[ \t]*$", re.MULTILINE)
_YIELDS: Final = re.compile(r"^-- yields (0\.\d*[1-9])[ \t]*$", re.MULTILINE)
_IMPORTED: Final = re.compile(r"^from factory\.sources\.([\w.]+) import", re.MULTILINE)
_COMMENT_OR_TEXT: Final = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
#: Each of these gave different answers on identical data, or may: bytes must not depend on them.
_FORBIDDEN: Final = re.compile(
    r"\b(?:hash|random|any_value|arbitrary|first|last|uuid|uuidv4|uuidv7|gen_random_uuid|now|today|"
    r"get_current_\w+|transaction_timestamp|txid_current|nextval|approx_\w+|reservoir_quantile|"
    r"setseed)\"?\s*\(|\b(?:current_timestamp|current_date|current_time|localtime|localtimestamp|"
    r"using\s+sample|tablesample)\b",
    re.IGNORECASE,
)

#: Columns of a facts row that are about the row, not part of what it says.
ROW_COLUMNS: Final = ("key", "locale", "source_ids", "subject")

#: Maps one facts row to none or more rows; pure in the row and its draws.
RowMapper: TypeAlias = Callable[[dict[str, Any], Draw], Iterable[dict[str, Any]]]


class RowRejectedError(ValueError):
    """A facts row that no sample can be made of; ``reason`` is the machine-readable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class View:
    """The two statements of a view, and the row mapper that belongs to it, if one does.

    ``source`` is the text that defines the view, for the definition hash of its tasks;
    ``mapper_source`` is the mapper's part of it, with every module that it is written with.
    ``offers`` are the columns that the mapper adds to those of ``facts``, ``needs`` the columns
    that the view reads, by table; empty where the view does not say. ``yields`` is the share of
    its keys that give a sample, as far as it says.
    """

    name: str
    path: Path
    keys: str
    facts: str
    source: str
    mapper_source: str
    mapper: RowMapper | None
    offers: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    yields: float = 1.0

    def columns(
        self, task: str, options: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the columns of ``keys`` and of ``facts``, by running the view over empty tables.

        Raises :class:`RecipeError` with the database's own words for SQL that cannot be prepared or
        lacks one of the columns that the line needs.
        """
        with duckdb.connect() as connection:
            for table in self.needs or TABLES:
                listed = ", ".join(
                    f"{identifier(name)} {TABLES[table][name]}"
                    for name in self.needs.get(table, TABLES[table])
                )
                connection.execute(f"CREATE TABLE {identifier(table)} ({listed})")
            prepare(connection, 0, task, options)
            # A view may come from elsewhere, and to check it is to run it: it gets no file to read.
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            self._execute(
                connection,
                "keys",
                f"CREATE TEMP TABLE keys AS SELECT 1::BIGINT AS ordinal, * FROM ({self.keys})",
            )
            keys = self._need(connection, "keys", ("key", "split_group"))
            connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
            self._execute(
                connection, "facts", f"CREATE TEMP TABLE facts AS SELECT * FROM ({self.facts})"
            )
            return keys, self._need(connection, "facts", ("key", "locale", "source_ids"))

    def _execute(self, connection: duckdb.DuckDBPyConnection, part: str, sql: str) -> None:
        try:
            connection.execute(sql)
        except duckdb.Error as error:
            raise RecipeError(
                f"{self.path}: the statement {part!r} is not usable: {one_line(error)}"
            ) from error

    def _need(
        self, connection: duckdb.DuckDBPyConnection, part: str, needed: Sequence[str]
    ) -> tuple[str, ...]:
        columns = tuple(name for name, *_ in connection.table(part).description)
        missing = [name for name in needed if name not in columns]
        if missing:
            raise RecipeError(
                f"{self.path}: the statement {part!r} lacks the column {missing[0]!r}; "
                f"it has {', '.join(columns)}"
            )
        return columns


def prepare(
    connection: duckdb.DuckDBPyConnection,
    seed: int,
    task: str,
    options: Mapping[str, Any],
    *,
    derived: str = "",
) -> None:
    """Give ``connection`` what a view may use: the draws of one task, and its options.

    A ``derived`` task draws its keys as its root, ``task``, does: the same order, so the same
    splits. What is its own (the gold's position) is ``own_draw``.
    """
    connection.execute(sql_macro(seed, task))
    connection.execute(sql_macro(seed, derived or task, "own_draw"))
    for name, value in options.items():
        if value is None or isinstance(value, bool | int | float | str | list):
            connection.execute(f"SET VARIABLE {identifier(name)} = $value", {"value": value})


def load_view(name: str, *folders: Path) -> View:
    """Return the view ``name``, looked up beside the recipe first, then among the packaged ones.

    Raises :class:`RecipeError` for a missing file, a file without its two statements, or a function
    whose answer may differ between two runs over the same data.
    """
    places = (*folders, PACKAGED)
    path = next(
        (place / f"{name}.sql" for place in places if (place / f"{name}.sql").is_file()), None
    )
    if path is None:
        known = {file.stem for place in places for file in place.glob("*.sql")}
        hint = did_you_mean(name, known)
        raise RecipeError(
            f"view {name!r} is missing: {hint}Looked for {name}.sql in "
            f"{' and '.join(str(place) for place in places)}"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    text = _INCLUDE.sub(lambda found: _shared(found[1], path), text)
    pieces = _STATEMENTS.split(text)
    # The line's end keeps a comment on the last line from reaching what follows the statement.
    statements = {
        part: piece.strip().rstrip("; \n") + "\n"
        for part, piece in zip(pieces[1::2], pieces[2::2], strict=True)
    }
    if sorted(pieces[1::2]) != ["facts", "keys"] or not all(map(str.strip, statements.values())):
        raise RecipeError(
            f"{path}: a view has two statements, below the lines -- keys and -- facts"
        )
    for part, statement in statements.items():
        _check_single(statement, part, path)
        if found := _FORBIDDEN.search(_COMMENT_OR_TEXT.sub("''", statement)):
            name = " ".join(found.group(0).split()).strip('" (')
            raise RecipeError(
                f"{path}: {name!r} in {part!r} may answer differently on the same data; use "
                "draw(key, purpose), min, or a list with a total ORDER BY"
            )
    mapper, offers, mapper_source = (
        _load_mapper(name) if path.parent == PACKAGED else (None, (), "")
    )
    return View(
        name=name,
        path=path,
        keys=statements["keys"],
        facts=statements["facts"],
        source=text + mapper_source,
        mapper_source=mapper_source,
        mapper=mapper,
        offers=offers,
        needs=_needs(pieces[0], path),
        yields=float(yields[1]) if (yields := _YIELDS.search(pieces[0])) else 1.0,
    )


def _shared(name: str, path: Path) -> str:
    """Return the part of a ``WITH`` list that the line ``-- include <name>`` stands for."""
    file = SHARED / f"{name}.sql"
    if not file.is_file():
        known = sorted(each.stem for each in SHARED.glob("*.sql"))
        raise RecipeError(
            f"{path}: there is nothing to include by the name {name!r}: "
            f"{did_you_mean(name, known)}There are {', '.join(known)}"
        )
    return file.read_text(encoding="utf-8").rstrip("\n")


def _needs(head: str, path: Path) -> dict[str, tuple[str, ...]]:
    """Return the columns by table that the lines ``-- needs`` of a view's head name."""
    needs: dict[str, tuple[str, ...]] = {}
    for table, listed in _NEEDS.findall(head):
        columns = tuple(dict.fromkeys(name.strip() for name in listed.split(",")))
        if table not in TABLES:
            raise RecipeError(
                f"{path}: there is no table {table!r}: {did_you_mean(table, TABLES)}"
                f"There are {', '.join(TABLES)}"
            )
        for name in columns:
            if name not in TABLES[table]:
                raise RecipeError(
                    f"{path}: the table {table!r} has no column {name!r}: "
                    f"{did_you_mean(name, TABLES[table])}It has {', '.join(TABLES[table])}"
                )
        needs[table] = (*needs.get(table, ()), *columns)
    return needs


def _check_single(statement: str, part: str, path: Path) -> None:
    """Raise unless ``statement`` can stand in parentheses without ending them."""
    try:
        count = len(duckdb.extract_statements(statement))
    except duckdb.Error as error:
        raise RecipeError(
            f"{path}: the statement {part!r} is not usable: {one_line(error)}"
        ) from error
    if count != 1:
        raise RecipeError(f"{path}: {part!r} holds {count} statements; it may hold one")


def _load_mapper(name: str) -> tuple[RowMapper | None, tuple[str, ...], str]:
    file = Path(__file__).parent / "rows" / f"{name}.py"
    if not file.is_file():
        return None, (), ""
    module = importlib.import_module(f"factory.sources.rows.{name}")
    return module.rows, module.OFFERS, _source_of(file)


@cache
def _source_of(file: Path) -> str:
    """Return the text of a mapper and of every module of this room that it is written with.

    The line's own parts (this module, the tables) decide nothing that a row says.
    """
    texts: dict[Path, str] = {}
    left = [file]
    while left:
        path = left.pop()
        if path in texts or path == Path(__file__):
            continue
        texts[path] = path.read_text(encoding="utf-8")
        for found in _IMPORTED.findall(texts[path]):
            imported = Path(__file__).parent.joinpath(*found.split(".")).with_suffix(".py")
            if imported.is_file():
                left.append(imported)
    return "\n".join(texts[path] for path in sorted(texts))
