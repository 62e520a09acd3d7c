"""Parquet files as DuckDB reads them: their columns, counts and statistics, with clear errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import SourceError
from factory.sources.git_lfs import HEAD, check_no_pointer
from factory.sources.layout import listed, nearest
from factory.sources.sql import one_line, text_literal

#: DuckDB's name for the type of a column that pandas wrote without a single value in it.
NULL_TYPE: Final = '"NULL"'
TEXT: Final = ("VARCHAR", NULL_TYPE)
_WIDTHS: Final = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")
INTEGER: Final = (*_WIDTHS, *(f"U{width}" for width in _WIDTHS))

_MAGIC: Final = b"PAR1"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a file must have.

    Attributes:
        name: its name, exactly.
        types: the DuckDB types that it may have, the usual one first.
        reason: why no other type will do, where that is not plain.
    """

    name: str
    types: tuple[str, ...]
    reason: str = ""


def path_list(files: Sequence[Path]) -> str:
    """Return ``files`` as an SQL list of paths, each meaning that one file.

    DuckDB reads every path as a pattern: unescaped, ``a[1]/x.parquet`` would read ``a1/x.parquet``.

    Raises:
        SourceError: for a path with a backslash beside a wildcard, which cannot be escaped.
    """
    return "[" + ", ".join(text_literal(_escaped(file)) for file in files) + "]"


def _escaped(file: Path) -> str:
    path = str(file.absolute())
    escaped = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in path)
    if escaped != path and "\\" in path:
        raise SourceError(
            f"{path!r} has both a backslash and one of *?[ in its name, which cannot be read: "
            "rename the file or its folder"
        )
    return escaped


def relation(files: Sequence[Path], *, rows: bool = False) -> str:
    """Return the SQL that reads ``files``, columns matched by name and types widened to fit all.

    With ``rows`` the columns ``file_index`` and ``file_row_number`` say where a row stands.
    """
    # hive_partitioning would turn a folder named "locale=us" into a column.
    by_name = ", union_by_name = true" if len(files) > 1 else ""
    numbered = ", file_row_number = true" if rows else ""
    return f"read_parquet({path_list(files)}, hive_partitioning = false{by_name}{numbered})"


def columns(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """Return the DuckDB type of every column of ``file``, in file order.

    Raises:
        SourceError: where the file is empty, cut off, damaged, or no Parquet file at all.
    """
    _check_container(file)
    described = f"DESCRIBE SELECT * FROM {relation([file])}"
    # DuckDB 1.4 calls a column that was written without a value INTEGER; the schema knows better.
    empty = f"""
        SELECT name FROM parquet_schema({path_list([file])}) WHERE logical_type LIKE 'NullType%'
    """
    try:
        types = {row[0]: row[1] for row in connection.execute(described).fetchall()}
        return types | {row[0]: NULL_TYPE for row in connection.execute(empty).fetchall()}
    except duckdb.Error as error:
        raise unreadable([file], error) from error


def unreadable(files: Sequence[Path], error: duckdb.Error) -> SourceError:
    """Return the error that DuckDB could not read ``files``, in one line."""
    return SourceError(
        f"{listed([str(file) for file in files])} cannot be read as Parquet ({one_line(error)}): "
        "the file is damaged; fetch it again"
    )


def _check_container(file: Path) -> None:
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(HEAD)
            stream.seek(max(0, size - len(_MAGIC)))
            tail = stream.read()
    except OSError as error:
        raise SourceError(f"cannot read {str(file)!r}: {error.strerror or error}") from error
    if size == 0:
        raise SourceError(f"{str(file)!r} is empty (0 bytes): fetch it again")
    check_no_pointer(file, head)
    if not head.startswith(_MAGIC):
        raise SourceError(
            f"{str(file)!r} is not a Parquet file, whatever its name says (it starts with "
            f"{head[:12]!r}): give the upstream Parquet file"
        )
    if tail != _MAGIC:
        raise SourceError(
            f"{str(file)!r} is cut off: it starts like a Parquet file of which {size} bytes are "
            "here, and has no end; fetch it again"
        )


def require(file: Path, found: Mapping[str, str], wanted: Iterable[Column]) -> None:
    """Check that ``file``, whose columns are ``found``, has the columns ``wanted``.

    Raises:
        SourceError: naming the file, the column, the type found and wanted, and the nearest name.
    """
    for column in wanted:
        kind = found.get(column.name)
        if kind is None:
            near = nearest(column.name, found, 1)
            hint = f"the nearest it has is {near[0]!r}" if near else f"it has {listed([*found])}"
            raise SourceError(
                f"{str(file)!r} has no column {column.name!r} ({column.types[0]}); {hint}: rename "
                "the column, or fetch the upstream file"
            )
        if kind not in column.types:
            reason = f" ({column.reason})" if column.reason else ""
            raise SourceError(
                f"{str(file)!r}: column {column.name!r} is {kind} and must be "
                f"{column.types[0]}{reason}: write it as {column.types[0]}, or fetch the upstream "
                "file"
            )


def row_count(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> int:
    """Return the number of rows of ``files`` together, as their footers say."""
    query = f"SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata({path_list(files)})"
    row = connection.execute(query).fetchone()
    return row[0] if row else 0


def may_be_missing(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> frozenset[str]:
    """Return the columns in which a NULL or an empty string may stand, by the files' statistics.

    Reads the files' footers alone; a column without statistics counts as one that may.
    """
    query = f"""
        SELECT DISTINCT path_in_schema FROM parquet_metadata({path_list(files)})
        WHERE stats_null_count IS NULL OR stats_null_count > 0
           OR stats_min_value IS NULL OR stats_min_value = ''
    """
    return frozenset(row[0] for row in connection.execute(query).fetchall())
