"""JSON and JSON Lines as DuckDB reads them: one row an object, whatever a line holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from factory.errors import SourceError
from factory.sources.git_lfs import HEAD, check_no_pointer
from factory.sources.parquet import path_list

#: Bytes; the longest record that was seen (a product with all its reviews) is below 2 MiB.
_LONGEST: Final = 64 << 20


def json_lines(files: Sequence[Path]) -> str:
    """Return the SQL relation with one column ``json`` over JSON Lines files, plain or gzipped.

    A line that is no JSON, or no UTF-8, is a row of NULL, so that it can be counted; an empty line
    is none.
    """
    return (
        f"read_json_objects({path_list(files)}, format = 'newline_delimited', "
        f"ignore_errors = true, hive_partitioning = false, maximum_object_size = {_LONGEST})"
    )


def json_array(files: Sequence[Path]) -> str:
    """Return the SQL relation with one column ``json`` over files that hold one JSON array each."""
    return (
        f"read_json_objects({path_list(files)}, format = 'array', hive_partitioning = false, "
        f"maximum_object_size = {_LONGEST})"
    )


def check_text_file(file: Path) -> None:
    """Raise :class:`SourceError` for a file that is empty, unreadable or a Git LFS pointer."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise SourceError(f"cannot read {str(file)!r}: {error.strerror or error}") from error
    if not head:
        raise SourceError(f"{str(file)!r} is empty (0 bytes): fetch it again")
    check_no_pointer(file, head)
