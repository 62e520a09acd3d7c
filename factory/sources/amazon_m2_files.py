"""Amazon-M2's files, in either of their forms, as relations whose columns are all text.

Upstream publishes CSV; copies of it are Parquet, in which a session is a real list. Every column of
a CSV file is read as text: ids such as ``0804185328`` and ``849988993X`` are no numbers.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import SourceError
from factory.sources.git_lfs import check_no_pointer
from factory.sources.layout import listed, nearest
from factory.sources.parquet import NULL_TYPE, TEXT, Column, columns, path_list, relation, require
from factory.sources.sql import identifier, text_literal

LIST: Final = ("VARCHAR[]",)
_FLOATS: Final = ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "VARCHAR", NULL_TYPE)
_LONGEST_HEADER: Final = 4096
#: Where DuckDB keeps the lines that are no rows of a CSV file, and why they are none.
REJECTS: Final = "amazon_m2_rejects"
REJECTED_SCANS: Final = "amazon_m2_rejected_scans"
# Half of the sessions hold a line break, and reading in parallel guesses where rows start. It
# guesses right or fails, unless errors are ignored: then it made four rows too many of 3.6 million.
# So errors are ignored in one piece only.
_SERIAL: Final = ", parallel = false"
_FORGIVING: Final = f"{_SERIAL}, ignore_errors = true"
_KEEPING: Final = (
    f"{_FORGIVING}, store_rejects = true, rejects_table = {text_literal(REJECTS)}, "
    f"rejects_scan = {text_literal(REJECTED_SCANS)}"
)

PRODUCT_COLUMNS: Final = (
    Column("id", ("VARCHAR",), "a number loses its leading zeros"),
    Column("locale", ("VARCHAR",)),
    Column("title", TEXT),
    Column("price", _FLOATS),
    *(
        Column(name, TEXT)
        for name in ("brand", "color", "size", "model", "material", "author", "desc")
    ),
)
SESSION_COLUMNS: Final = (
    Column("prev_items", ("VARCHAR", *LIST)),
    Column("next_item", ("VARCHAR",), "a number loses its leading zeros"),
    Column("locale", ("VARCHAR",)),
)
#: The items to be predicted are held back in the test part.
TEST_COLUMNS: Final = (SESSION_COLUMNS[0], SESSION_COLUMNS[2])


@dataclass(frozen=True, slots=True)
class Rows:
    """Some upstream files as one relation.

    Attributes:
        files: the files.
        relation: SQL that can stand after FROM, with every wanted column: text, but for
            ``prev_items``, which is a list where ``lists`` says so. Read in parallel, which a few
            files do not bear and any line that is no row stops.
        lists: whether ``prev_items`` is a list.
        serial: the same relation, read in one piece, which takes as much memory as the file.
        counted: the same, which passes over the lines that are no rows and keeps them in
            :data:`REJECTS`; forgiving: one that passes over them and keeps nothing.
    """

    files: tuple[Path, ...]
    relation: str
    lists: bool
    serial: str
    counted: str
    forgiving: str


def read_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], wanted: Sequence[Column]
) -> tuple[Rows, ...]:
    """Return the relations over ``files``: one for CSV and one for Parquet, where there are any.

    Reads headers and footers only.

    Raises:
        SourceError: for a file that is empty, a Git LFS pointer, of another form than its name
            says, or without one of the columns ``wanted``.
    """
    found: list[Rows] = []
    names = [column.name for column in wanted]
    by_form: dict[str, list[Path]] = {}
    for file in files:
        by_form.setdefault(file.suffix.lower(), []).append(file)
    for form, group in sorted(by_form.items()):
        if form == ".parquet":
            types = [columns(connection, file) for file in group]
            for file, kinds in zip(group, types, strict=True):
                require(file, kinds, wanted)
            shapes = {kinds.get("prev_items") in LIST for kinds in types}
            for lists in sorted(shapes):
                alike = [
                    file
                    for file, kinds in zip(group, types, strict=True)
                    if (kinds.get("prev_items") in LIST) == lists
                ]
                sql = _texts(names, relation(alike), lists)
                found.append(Rows(tuple(alike), sql, lists, sql, sql, sql))
            continue
        parts = [(file, _header(file, names)) for file in group]
        found.append(
            Rows(
                files=tuple(group),
                relation=_union(names, parts, ""),
                lists=False,
                serial=_union(names, parts, _SERIAL),
                counted=_union(names, parts, _KEEPING),
                forgiving=_union(names, parts, _FORGIVING),
            )
        )
    return tuple(found)


def _texts(names: Sequence[str], source: str, lists: bool) -> str:
    selected = ", ".join(
        identifier(name)
        if lists and name == "prev_items"
        else f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}"
        for name in names
    )
    return f"(SELECT {selected} FROM {source})"


def _union(
    names: Sequence[str], parts: Sequence[tuple[Path, tuple[str, ...]]], reading: str
) -> str:
    selected = ", ".join(map(identifier, names))
    selects = []
    for file, header in parts:
        types = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in header)
        selects.append(
            f"SELECT {selected} FROM read_csv({path_list([file])}, header = true, "
            "auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"hive_partitioning = false{reading}, columns = {{{types}}})"
        )
    return f"({' UNION ALL '.join(selects)})"


def _header(file: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Return the column names that the first line of a CSV file gives."""
    try:
        with file.open("rb") as stream:
            line = stream.readline(_LONGEST_HEADER)
    except OSError as error:
        raise SourceError(f"cannot read {str(file)!r}: {error.strerror or error}") from error
    if not line:
        raise SourceError(f"{str(file)!r} is empty (0 bytes): fetch it again")
    check_no_pointer(file, line)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{str(file)!r} is no CSV file in UTF-8 (it starts with {line[:12]!r}): give the "
            "upstream file, unpacked"
        ) from error
    header = tuple(next(csv.reader([text]), ()))
    for name in names:
        if name not in header:
            near = nearest(name, header, 1)
            hint = f"the nearest it has is {near[0]!r}" if near else f"it has {listed([*header])}"
            raise SourceError(
                f"{str(file)!r} has no column {name!r}; {hint}: fetch the upstream file, whose "
                f"first line names {','.join(names)}"
            )
    if len(set(header)) < len(header):
        raise SourceError(f"{str(file)!r} names a column twice: fetch the upstream file again")
    return header
