"""What a benchmark says: the texts by which a training sample may give its answers away.

A benchmark is a data set that an adapter reads, of which only the test part counts where it has
one, or a plain file. Every row gives texts to compare whole, texts to take n-grams of as well, and
sequences of titles.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from factory.errors import SourceError, did_you_mean
from factory.filters.base import slot_texts
from factory.sources import SOURCES
from factory.sources.sql import identifier, one_line, text_literal

_ROWS: Final = 4096
_LARGEST_FIELD: Final = 1 << 26
_FILES: Final = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".txt")
#: What stands before an option or a part of a prompt: ``3. ``, ``B) ``, ``Product List: ``.
_LABEL: Final = re.compile(r"^\s*(?:\(?(?:\d{1,3}|[A-Za-z])[.):]\s*|[A-Z][\w ]{0,30}: ?)")
_QUOTED: Final = re.compile(r"(?<!\w)(?:'(.+?)'|\"(.+?)\"|“(.+?)”|「(.+?)」)(?!\w)")
#: A sample shows a session whole, without its last product, or without its last three; the last ten
#: of what is left.
_CUTS: Final = (0, 1, 3)
_INSTRUCTION_COLUMNS: Final = ("instruction", "input", "options", "output", "fields")


class BenchmarkSpec(BaseModel):
    """One benchmark: ``{adapter: shopbench, path: ...}`` or ``{file: bench.jsonl}``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter: str | None = Field(None, description="which adapter reads the benchmark")
    path: str = Field("bundled", min_length=1, description="as for a source")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="the adapter's own options"
    )
    file: str | None = Field(
        None, min_length=1, description="JSON, JSON lines, CSV, TSV, Parquet or text"
    )
    fields: tuple[str, ...] | None = Field(
        None, min_length=1, description="the columns of the file that count; all when absent"
    )

    @field_validator("adapter")
    @classmethod
    def _known(cls, adapter: str | None) -> str | None:
        if adapter is not None and adapter not in SOURCES:
            raise ValueError(
                f"there is no adapter {adapter!r}: {did_you_mean(adapter, SOURCES)}"
                f"There are {', '.join(sorted(SOURCES))}"
            )
        return adapter

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.adapter is None) == (self.file is None):
            raise ValueError("give 'adapter' (with its 'path') or 'file', one of the two")
        if self.file is not None and {"path", "with_"} & self.model_fields_set:
            raise ValueError("'path' and 'with' belong to an adapter: leave them out beside 'file'")
        if self.adapter is not None and self.fields is not None:
            raise ValueError("'fields' belongs to 'file': an adapter says which columns count")
        return self


class BenchmarkRow(NamedTuple):
    """What one row of a benchmark says.

    Attributes:
        texts: looked for whole and, where they are long, by their n-grams.
        names: looked for whole only, such as search queries.
        sequences: titles in the order in which a shopper met them.
    """

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sequences: tuple[tuple[str, ...], ...] = ()


def benchmark_rows(spec: BenchmarkSpec, folder: Path) -> Iterator[BenchmarkRow]:
    """Yield what each row says; a relative ``file`` stands in ``folder``.

    Raises:
        SourceError: a file is missing, cannot be read, or holds no text.
    """
    if spec.file is not None:
        path = folder / Path(spec.file).expanduser()
        for row in _file_rows(path):
            if spec.fields and isinstance(row, Mapping):
                if missing := [name for name in spec.fields if name not in row]:
                    raise SourceError(
                        f"{str(path)!r} has no field {missing[0]!r}; it has "
                        f"{', '.join(map(str, row))}"
                    )
                yield BenchmarkRow(texts=tuple(pieces([row[name] for name in spec.fields])))
            else:
                yield BenchmarkRow(texts=tuple(pieces(row)))
    elif spec.adapter is not None:
        yield from _source_rows(spec, spec.adapter)


def pieces(value: Any) -> Iterator[str]:
    """Yield the texts in ``value`` and the parts of each that a sample may show by itself.

    A prompt's parts are its lines without their numbers and labels, and what it quotes.
    """
    for text in slot_texts([value]):
        yield text
        for line in text.splitlines() if "\n" in text else ():
            yield line
            if label := _LABEL.match(line):
                yield line[label.end() :]
        for quoted in _QUOTED.finditer(text):
            yield quoted[quoted.lastindex or 0]


def _source_rows(spec: BenchmarkSpec, adapter: str) -> Iterator[BenchmarkRow]:
    import duckdb

    source = SOURCES[adapter]
    options = source.options.model_validate(spec.with_)
    with duckdb.connect() as connection:
        attached = source.attach(connection, "benchmark", spec.path, options, allow_test=True)
        try:
            for table in attached.tables:
                reader = _READERS.get(table)
                if reader is not None:
                    yield from reader(connection)
        except duckdb.Error as error:
            raise SourceError(
                f"benchmark {spec.path!r} ({adapter}) cannot be read: {one_line(error)}"
            ) from error


def _test_part(connection: Any, table: str) -> str:
    """Return the condition for the rows that count: the test part, or all where there is none."""
    found = connection.execute(
        f"SELECT count(*) FROM benchmark.{identifier(table)} WHERE split = 'test'"  # noqa: S608
    ).fetchone()
    return "split = 'test'" if found[0] else "true"


def _fetched(connection: Any, query: str) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(query)
    while rows := cursor.fetchmany(_ROWS):
        yield from rows


def _instructions(connection: Any) -> Iterator[BenchmarkRow]:
    columns = ", ".join(_INSTRUCTION_COLUMNS)
    where = _test_part(connection, "instructions")
    query = f"SELECT {columns} FROM benchmark.instructions WHERE {where} ORDER BY id"  # noqa: S608
    for instruction, given, options, output, fields in _fetched(connection, query):
        yield BenchmarkRow(
            texts=tuple(pieces([instruction, given, options, _parsed(output), _parsed(fields)]))
        )


def _judgements(connection: Any) -> Iterator[BenchmarkRow]:
    # Titles are shared by the parts of such a data set: what is tested are its queries.
    where = _test_part(connection, "judgements")
    query = f"SELECT DISTINCT query FROM benchmark.judgements WHERE {where} ORDER BY query"  # noqa: S608
    for (text,) in _fetched(connection, query):
        yield BenchmarkRow(names=(text or "",))


def _sessions(connection: Any) -> Iterator[BenchmarkRow]:
    where = _test_part(connection, "sessions")
    query = f"""
        WITH items AS (
            SELECT session_id, locale, unnest(items) AS product_id,
                generate_subscripts(items, 1) AS place
            FROM benchmark.sessions WHERE {where}
        )
        SELECT list(title ORDER BY place) AS titles
        FROM items LEFT JOIN benchmark.products USING (locale, product_id)
        GROUP BY locale, session_id
        HAVING count(*) = count(title)
        ORDER BY locale, session_id
    """  # noqa: S608
    for (titles,) in _fetched(connection, query):
        products = tuple(dict.fromkeys(titles))
        cut = (products[: len(products) - last] for last in _CUTS)
        yield BenchmarkRow(sequences=tuple(part for each in cut for part in (each, each[-10:])))


def _spans(connection: Any) -> Iterator[BenchmarkRow]:
    where = _test_part(connection, "spans")
    query = f"SELECT text FROM benchmark.spans WHERE {where} ORDER BY id"  # noqa: S608
    for (text,) in _fetched(connection, query):
        yield BenchmarkRow(texts=(text or "",))


def _dialogues(connection: Any) -> Iterator[BenchmarkRow]:
    where = _test_part(connection, "dialogues")
    query = (
        "SELECT question, answer, list_transform(turns, lambda t: t.text) "  # noqa: S608
        f"FROM benchmark.dialogues WHERE {where} ORDER BY dialogue_id"
    )
    for row in _fetched(connection, query):
        yield BenchmarkRow(texts=tuple(slot_texts(list(row))))


_READERS: Final = {
    "instructions": _instructions,
    "judgements": _judgements,
    "sessions": _sessions,
    "spans": _spans,
    "dialogues": _dialogues,
}


def _parsed(text: str | None) -> Any:
    """Return what a JSON text holds; any other text is itself."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _file_rows(path: Path) -> Iterator[Any]:
    kind = path.suffix.lower()
    if kind not in _FILES:
        raise SourceError(
            f"benchmark file {str(path)!r} is none of {', '.join(_FILES)}: write it as JSON lines"
        )
    try:
        if kind == ".parquet":
            yield from _parquet_rows(path)
            return
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if kind == ".txt":
                yield from (line.strip() for line in lines)
            elif kind in (".csv", ".tsv"):
                csv.field_size_limit(_LARGEST_FIELD)
                yield from csv.DictReader(lines, delimiter="," if kind == ".csv" else "\t")
            elif lines.read(1) == "[":
                lines.seek(0)
                yield from json.load(lines)
            else:
                lines.seek(0)
                yield from (json.loads(line) for line in lines if line.strip())
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(
            f"benchmark file {str(path)!r} cannot be read ({error}): check its path and form"
        ) from error


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    import duckdb

    if not path.is_file():
        raise SourceError(f"there is no benchmark file {str(path)!r}: check its path")
    with duckdb.connect() as connection:
        try:
            cursor = connection.execute(
                f"SELECT * FROM read_parquet({text_literal(str(path))})"  # noqa: S608
            )
            names = [column[0] for column in cursor.description]
            while rows := cursor.fetchmany(_ROWS):
                yield from (dict(zip(names, row, strict=True)) for row in rows)
        except duckdb.Error as error:
            raise SourceError(
                f"benchmark file {str(path)!r} cannot be read ({one_line(error)}): fetch it again"
            ) from error
