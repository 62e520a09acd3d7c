"""A shop's own files as rows: Parquet where it lies, CSV, TSV and JSON Lines read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import SourceError
from factory.sources.base import Quarantine, SourceFile
from factory.sources.json_files import check_text_file, json_lines
from factory.sources.layout import listed
from factory.sources.parquet import columns, path_list, relation
from factory.sources.sql import identifier, one_line, text_literal
from factory.sources.text_lines import count_lines, first_line

_PACKED: Final = ("", ".gz", ".zst")
_DELIMITED: Final = {".csv": ",", ".tsv": "\t"}
_LINES: Final = (".jsonl", ".ndjson")
#: The endings of the files that can be read.
ENDINGS: Final = (
    ".parquet",
    *(f"{kind}{packed}" for kind in (*_DELIMITED, *_LINES) for packed in _PACKED),
)
_DELIMITERS: Final = ",;\t|"
_EXAMPLES_QUOTED: Final = 3
_EXAMPLE_LENGTH: Final = 80
_LOST: Final = "lines of no row: too long, or after a quote that is not closed"


@dataclass(frozen=True, slots=True)
class Rows:
    """A shop's rows before they are mapped.

    Attributes:
        where: what they come from, as an error names it.
        sql: what can stand after FROM.
        columns: the DuckDB types of their columns by name.
        text: whether they come from a format in which an empty text means that there is no value.
        files: the files read; read: the same with their fingerprints, where they are known.
        unreadable: lines that are no rows.
    """

    where: str
    sql: str
    columns: Mapping[str, str]
    text: bool
    files: tuple[Path, ...] = ()
    read: tuple[SourceFile, ...] = ()
    unreadable: tuple[Quarantine, ...] = ()


def read_files(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, files: Sequence[Path]
) -> Rows:
    """Return the rows of ``files``, all of one format; rows of text are read into ``schema``.

    Raises:
        SourceError: where a file is missing, empty, damaged, of another format, or has no header.
    """
    where = f"tables: {listed([str(file) for file in files])}"
    endings = {_ending(file) for file in files}
    if len(endings) > 1:
        raise SourceError(f"{where}: files of several formats fill one table: give one format")
    ending = endings.pop()
    if ending == ".parquet":
        kinds = {name: kind for file in files for name, kind in columns(connection, file).items()}
        if len(files) > 1:
            kinds |= _widened(connection, where, files)
        return Rows(where, relation(files), kinds, text=False, files=tuple(files))
    for file in files:
        check_text_file(file)
    raw = f"{identifier(schema)}.{identifier(f'raw {table}')}"
    try:
        if ending in _LINES:
            kinds, bad = _read_lines(connection, raw, files)
        else:
            kinds, bad = _read_delimited(connection, raw, files, ending)
    except duckdb.Error as error:
        raise SourceError(
            f"{where} cannot be read ({one_line(error)}): correct the file"
        ) from error
    return Rows(where, raw, kinds, text=True, files=tuple(files), unreadable=bad)


def _widened(
    connection: duckdb.DuckDBPyConnection, where: str, files: Sequence[Path]
) -> dict[str, str]:
    """Return the types of the columns of Parquet files that are read together."""
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation(files)}").fetchall()
    except duckdb.Error as error:
        raise SourceError(
            f"{where} cannot be read together ({one_line(error)}): write their columns alike"
        ) from error
    return {row[0]: row[1] for row in described}


def _ending(file: Path) -> str:
    name = file.name.lower()
    for packed in _PACKED[1:]:
        name = name.removesuffix(packed)
    ending = Path(name).suffix
    if ending != ".parquet" and ending not in _DELIMITED and ending not in _LINES:
        raise SourceError(
            f"tables: {str(file)!r} is of no format that is read: it must end in "
            f"{', '.join(ENDINGS)}"
        )
    return ending


def _read_lines(
    connection: duckdb.DuckDBPyConnection, raw: str, files: Sequence[Path]
) -> tuple[dict[str, str], tuple[Quarantine, ...]]:
    """Read JSON Lines into ``raw``, each value as text, a list or an object as JSON."""
    lines = json_lines(files)
    usable = "json_type(json) = 'OBJECT'"
    found = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(json)) AS name FROM {lines} WHERE {usable} ORDER BY name"
    ).fetchall()
    names = [name for (name,) in found]
    if not names:
        raise SourceError(
            f"tables: {listed([str(file) for file in files])} holds no JSON object a line: "
            "write one object a line"
        )
    listed_columns = ", ".join(
        f"json ->> {text_literal(_pointer(name))} AS {identifier(name)}" for name in names
    )
    connection.execute(
        f"CREATE OR REPLACE TABLE {raw} AS SELECT {listed_columns} FROM {lines} WHERE {usable}"
    )
    ((bad,),) = connection.execute(
        f"SELECT count(*) FROM {lines} WHERE json IS NULL OR NOT ({usable})"
    ).fetchall()
    faults = (Quarantine("line-malformed", bad, ("a line that is no JSON object",)),) if bad else ()
    return dict.fromkeys(names, "VARCHAR"), faults


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _read_delimited(
    connection: duckdb.DuckDBPyConnection, raw: str, files: Sequence[Path], ending: str
) -> tuple[dict[str, str], tuple[Quarantine, ...]]:
    """Read CSV or TSV with a header into ``raw``, every value as text, columns matched by name."""
    by_header: dict[tuple[str, tuple[str, ...]], list[Path]] = {}
    for file in files:
        delimiter = _DELIMITED[ending] if ending == ".tsv" else _delimiter(file)
        header = _header(file, delimiter)
        by_header.setdefault((delimiter, header), []).append(file)
    faults: list[Quarantine] = []
    parts: list[str] = []
    for number, ((delimiter, header), alike) in enumerate(by_header.items()):
        parts.append(raw if len(by_header) == 1 else f'{raw[:-1]} {number}"')
        faults += _read_alike(connection, parts[-1], alike, delimiter, header)
    if len(parts) > 1:
        union = " UNION ALL BY NAME ".join(f"SELECT * FROM {part}" for part in parts)
        connection.execute(f"CREATE OR REPLACE TABLE {raw} AS {union}")
        for part in parts:
            connection.execute(f"DROP TABLE {part}")
    kinds = {row[0]: "VARCHAR" for row in connection.execute(f"DESCRIBE {raw}").fetchall()}
    return kinds, tuple(faults)


def _read_alike(
    connection: duckdb.DuckDBPyConnection,
    raw: str,
    files: Sequence[Path],
    delimiter: str,
    header: Sequence[str],
) -> list[Quarantine]:
    """Read files of one header into the table ``raw``; return what of them are no rows."""
    named = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in header)
    connection.execute(
        f"CREATE OR REPLACE TABLE {raw} AS SELECT * FROM read_csv({path_list(files)}, "
        f"header = true, auto_detect = false, delim = {text_literal(delimiter)}, "
        f"quote = '\"', escape = '\"', hive_partitioning = false, columns = {{{named}}}, "
        "store_rejects = true, rejects_table = 'rejected_lines', rejects_scan = 'rejected_scans')"
    )
    ((rejected, examples),) = connection.execute(
        f"SELECT count(DISTINCT row(file_id, line, line_byte_position)), "
        f"list(DISTINCT left(csv_line, {_EXAMPLE_LENGTH}) ORDER BY left(csv_line, "
        f"{_EXAMPLE_LENGTH})) FROM rejected_lines"
    ).fetchall()
    connection.execute("DROP TABLE rejected_lines")
    connection.execute("DROP TABLE rejected_scans")
    lost = sum(map(count_lines, files)) - len(files) - _lines_of_rows(connection, raw, header)
    if lost > rejected:
        examples = [_LOST, *(examples or ())]
    bad = max(lost, rejected)
    if not bad:
        return []
    return [Quarantine("line-malformed", bad, tuple(examples[:_EXAMPLES_QUOTED]))]


def _lines_of_rows(connection: duckdb.DuckDBPyConnection, raw: str, header: Sequence[str]) -> int:
    """Return how many lines that are not empty the rows in ``raw`` take."""
    ends = " + ".join(
        f"CASE WHEN contains({name}, chr(10)) OR contains({name}, chr(13)) THEN "
        f"len(regexp_extract_all({name}, '[\\r\\n]+')) ELSE 0 END"
        for name in map(identifier, header)
    )
    ((found,),) = connection.execute(f"SELECT coalesce(sum(1 + {ends}), 0) FROM {raw}").fetchall()
    return int(found)


def _delimiter(file: Path) -> str:
    """Return what parts the columns of a header: the most frequent of the usual marks."""
    header = first_line(file)
    return max(_DELIMITERS, key=header.count)


def _header(file: Path, delimiter: str) -> tuple[str, ...]:
    """Return the names of a file's columns."""
    import csv

    written = next(csv.reader([first_line(file)], delimiter=delimiter), [])
    # pandas writes its index under an empty name.
    names = tuple(name or "index" for name in written)
    if not names or len({name.lower() for name in names}) < len(names):
        raise SourceError(
            f"tables: {str(file)!r} must start with a line of column names, each another; it "
            f"starts with {listed(written) or 'an empty line'}"
        )
    return names
