"""Tables whose columns nobody could see beforehand: which column is which, as a recipe says.

Two data sets are published without a word on their columns. Their adapters try plausible names, and
where these do not fit, the error lists the columns that the file has and shows how to name them.
Whatever the file's format, its rows become one relation of JSON objects.
"""

from __future__ import annotations

import csv
import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from factory.errors import SourceError
from factory.sources.json_files import check_text_file, json_array, json_lines
from factory.sources.layout import Layout, listed
from factory.sources.parquet import columns, relation
from factory.sources.sql import one_line, text_literal

#: The formats in which such a table may be published, in the order in which they are tried.
LAYOUTS: Final = tuple(Layout((f"*.{end}",)) for end in ("csv", "tsv", "parquet", "jsonl", "json"))
_REGISTERED: Final = "table_rows"
_DELIMITERS: Final = ",;\t|"


def objects(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """Return the SQL relation with one column ``json``: the rows of ``files`` as JSON objects.

    A row that cannot be read (no JSON, another width than the header) is NULL.

    Raises:
        SourceError: where a file is empty or damaged.
    """
    for file in files:
        check_text_file(file)
    end = files[0].suffix
    if end == ".parquet":
        for file in files:
            columns(connection, file)
        return f"(SELECT to_json(row_of_file) AS json FROM {relation(files)} AS row_of_file)"
    if end in (".csv", ".tsv"):
        import pyarrow as pa  # type: ignore[import-untyped]

        rows = [row for file in files for row in _csv_objects(file)]
        connection.register(_REGISTERED, pa.table({"row": pa.array(rows, pa.string())}))
        return f"(SELECT row::JSON AS json FROM {_REGISTERED})"
    with files[0].open("rb") as stream:
        is_array = stream.read(64).removeprefix(BOM_UTF8).lstrip().startswith(b"[")
    return json_array(files) if is_array else json_lines(files)


def release(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of what :func:`objects` holds for the connection."""
    connection.unregister(_REGISTERED)


def map_columns(
    connection: duckdb.DuckDBPyConnection,
    adapter: str,
    rows: str,
    files: Sequence[Path],
    *,
    given: Mapping[str, str | Sequence[str]],
    plausible: Mapping[str, Sequence[str]],
    required: Sequence[str],
) -> dict[str, str]:
    """Return the SQL of each of our columns as JSON, by our name, from the relation ``rows``.

    Args:
        connection: where ``rows`` can be read.
        adapter: for messages.
        rows: a relation of JSON objects (:func:`objects`).
        files: for messages.
        given: the file's column for ours, or several that are put into one list.
        plausible: by our name, the names that are tried where none is given.
        required: our columns that must be found.

    Raises:
        SourceError: naming every column of the file, and how a recipe maps them.
    """
    try:
        found = [
            name
            for (name,) in connection.execute(
                f"SELECT DISTINCT unnest(json_keys(json)) AS name FROM {rows} "
                "WHERE json_type(json) = 'OBJECT' ORDER BY name"
            ).fetchall()
        ]
    except duckdb.Error as error:
        raise SourceError(
            f"{listed([str(file) for file in files])} cannot be read ({one_line(error)}): fetch "
            "the upstream file again"
        ) from error
    mapped: dict[str, str] = {}
    for ours in plausible:
        named = given.get(ours)
        if named is None:
            theirs = _guess(found, plausible[ours])
            if theirs is None:
                continue
            named = theirs
        several = [named] if isinstance(named, str) else list(named)
        for name in several:
            if name not in found:
                raise _unmapped(adapter, files, found, f"there is no column {name!r}", required)
        parts = [f"json_extract(json, {text_literal(_pointer(name))})" for name in several]
        mapped[ours] = parts[0] if isinstance(named, str) else f"to_json([{', '.join(parts)}])"
    missing = [name for name in required if name not in mapped]
    if missing:
        why = f"none of them is known to be the {' or the '.join(missing)}"
        raise _unmapped(adapter, files, found, why, required)
    return mapped


def text_of(value: str) -> str:
    """Return the SQL of a JSON value as text: a text without its quotes, a list as JSON."""
    return f"({value} ->> '$')"


def list_of(value: str) -> str:
    """Return the SQL of a JSON list, or of a text that holds one, as texts; NULL for all else."""
    text = text_of(value)
    return (
        f"CASE WHEN json_type({value}) = 'ARRAY' THEN TRY_CAST({value} AS VARCHAR[]) "
        f"WHEN json_valid({text}) AND left(trim({text}), 1) = '[' "
        f"THEN TRY_CAST({text}::JSON AS VARCHAR[]) END"
    )


def _guess(found: Sequence[str], names: Sequence[str]) -> str | None:
    plain = {_plain(name): name for name in reversed(found)}
    return next((plain[name] for name in map(_plain, names) if name in plain), None)


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _pointer(name: str) -> str:
    """Return the JSON pointer of a key, whatever characters it has."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _unmapped(
    adapter: str, files: Sequence[Path], found: Sequence[str], why: str, required: Sequence[str]
) -> SourceError:
    example = ", ".join(f"{name}: <column>" for name in required)
    return SourceError(
        f"{adapter}: {listed([str(file) for file in files])} has the columns "
        f"{listed(found) or 'none'}, and {why}: say which is which in the recipe, under this "
        f"source: with: {{columns: {{{example}}}}}"
    )


def _csv_objects(file: Path) -> Iterator[str | None]:
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            head = lines.readline()
            lines.seek(0)
            delimiter = max(_DELIMITERS, key=head.count)
            rows = csv.reader(lines, delimiter="\t" if file.suffix == ".tsv" else delimiter)
            header = next(rows, [])
            for row in rows:
                if row:
                    yield _csv_object(header, row)
    except (OSError, csv.Error) as error:
        raise SourceError(f"cannot read {str(file)!r} as CSV ({error}): fetch it again") from error


def _csv_object(header: Sequence[str], row: Sequence[str]) -> str | None:
    if len(row) != len(header):
        return None
    values: dict[str, Any] = {
        # pandas writes its index under an empty name.
        name or "index": value
        for name, value in zip(header, row, strict=True)
    }
    text = json.dumps(values, ensure_ascii=False)
    return text if text.isascii() or _encodes(text) else None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
