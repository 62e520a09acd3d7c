"""Titles with the attribute values that stand in them, collected into the table ``spans``.

What OA-Mine and AE-110K have in common once their lines are read. The data sets are small (the
largest file has 110,484 lines), so their lines are read here, where each fault can be named, and
not by the database.

In ``entities`` an attribute that a title is known not to state (``n/a`` or ``NULL`` upstream) is an
entity whose ``value``, ``start`` and ``end`` are NULL: "no colour is stated" is knowledge too.
``end`` is the offset after the last character.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

import duckdb
from pydantic_core import to_json

from factory.errors import SourceError
from factory.sources.base import TABLES, AttachedSource, Quarantine
from factory.sources.fingerprint import fingerprint
from factory.sources.json_files import check_text_file
from factory.sources.layout import listed
from factory.sources.sql import identifier

#: What an adapter on this table offers.
COLUMNS: Final = tuple(TABLES["spans"])
_EXAMPLES_QUOTED: Final = 3
_LONGEST_EXAMPLE: Final = 80
_LOCALE: Final = "us"


@dataclass(frozen=True, slots=True)
class Entity:
    """One attribute of a title; without ``value`` the title does not state it."""

    type: str
    value: str | None
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class TitleLine:
    """One usable line of a file: what it says of one title."""

    text: str
    category: str | None
    entities: tuple[Entity, ...]
    split: str


@dataclass(slots=True)
class Reading:
    """What the files of one data set hold: usable lines, and the others by their fault."""

    lines: list[TitleLine] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def set_aside(self, cause: str, place: str, line: str) -> None:
        """Count one unusable line."""
        self.faults[cause] += 1
        if len(self.examples[cause]) < _EXAMPLES_QUOTED:
            self.examples[cause].append(f"{place}: {line[:_LONGEST_EXAMPLE]!r}")

    @property
    def quarantined(self) -> tuple[Quarantine, ...]:
        """The faults, in the order of their names."""
        return tuple(
            Quarantine(cause, self.faults[cause], tuple(self.examples[cause]))
            for cause in sorted(self.faults)
        )


def numbered_lines(file: Path, reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield the lines of ``file`` that are not empty, each with its place in the file.

    Lines end in a line feed only: titles hold other separators. A line that is not UTF-8 is set
    aside. Raises :class:`SourceError` for a file that cannot be read or holds nothing.
    """
    check_text_file(file)
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            line = raw.strip(b"\r\n").removeprefix(BOM_UTF8 if number == 1 else b"")
            if not line.strip():
                continue
            place = f"{file.name}:{number}"
            try:
                yield place, line.decode()
            except UnicodeDecodeError:
                reading.set_aside("line-not-utf-8", place, line.decode(errors="replace"))


def stated(kind: str, value: str, text: str) -> Entity:
    """Return the entity of a value, placed where it first stands in ``text``."""
    start = text.find(value)
    return Entity(kind, value, *((start, start + len(value)) if start >= 0 else (None, None)))


def not_stated(kind: str) -> Entity:
    """Return the entity of an attribute that the title is known not to state."""
    return Entity(kind, None, None, None)


def attach_titles(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    address: str,
    files: Sequence[Path],
    reading: Reading,
    *,
    allow_test: bool,
) -> AttachedSource:
    """Create ``schema.spans`` from the lines that were read; the rows counted are lines.

    Lines of one title and category are one row. A title that also stands in the test part belongs
    to it wherever else it stands.

    Raises:
        SourceError: where no line is usable, or all belong to the test part and it is not allowed.
    """
    if not reading.lines:
        said = "; ".join(
            f"{fault.rows} lines {fault.cause} ({fault.examples[0]})"
            for fault in reading.quarantined
        )
        raise SourceError(
            f"no usable line in {listed([str(file) for file in files])}: {said or 'they are empty'}"
            ": fetch the upstream files again"
        )
    tests = {_plain(line.text) for line in reading.lines if line.split == "test"}
    visible = [line for line in reading.lines if allow_test or _plain(line.text) not in tests]
    if not visible:
        raise SourceError(
            f"all {len(reading.lines)} usable lines in {listed([str(file) for file in files])} "
            "belong to the upstream test part, which is left out unless it is asked for by name: "
            f"add --allow-test {schema}, or give files with a train part"
        )
    _create(connection, schema, _rows(visible, tests))
    return AttachedSource(
        address=address,
        files=tuple(map(fingerprint, files)),
        tables=("spans",),
        rows=len(reading.lines) + reading.faults.total(),
        test_rows=len(reading.lines) - len(visible),
        quarantined=reading.quarantined,
    )


def _rows(lines: Iterable[TitleLine], tests: set[str]) -> list[dict[str, object]]:
    merged: dict[tuple[str, str], set[Entity]] = defaultdict(set)
    for line in lines:
        merged[line.text, line.category or ""].update(line.entities)
    return [
        {
            "id": _identity(text, category),
            "locale": _LOCALE,
            "text": text,
            "category": category or None,
            "entities": _in_order(merged[text, category]),
            "split": "test" if _plain(text) in tests else "train",
        }
        for text, category in sorted(merged)
    ]


def _in_order(entities: set[Entity]) -> list[dict[str, object]]:
    """Return the entities by where they stand; what is stated after all is not missing."""
    values = {entity.type for entity in entities if entity.value is not None}
    kept = [each for each in entities if each.value is not None or each.type not in values]
    kept.sort(key=lambda each: (each.start is None, each.start or 0, each.type, each.value or ""))
    return [
        {"type": each.type, "value": each.value, "start": each.start, "end": each.end}
        for each in kept
    ]


def _create(
    connection: duckdb.DuckDBPyConnection, schema: str, rows: list[dict[str, object]]
) -> None:
    columns: Mapping[str, str] = TABLES["spans"]
    shape = "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in columns.items()) + ")[]"
    names = ", ".join(f"entry.{identifier(name)}" for name in columns)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    # One JSON text is read in a tenth of the time that a list of structs takes to be passed.
    connection.execute(
        f"CREATE OR REPLACE TABLE {identifier(schema)}.spans AS SELECT {names} FROM "
        f"(SELECT unnest(CAST(CAST($rows AS JSON) AS {shape})) AS entry)",
        {"rows": to_json(rows).decode()},
    )


def _identity(text: str, category: str) -> str:
    return blake2b(f"{text}\x1f{category}".encode(), digest_size=8).hexdigest()


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
