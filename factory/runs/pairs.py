"""The samples that are not the same in two runs, one after another.

Samples are matched by their id, which is a hash of (task, key): a row keeps it when what it says
changes. The files are read line by line; of a sample that both runs have alike, a digest is kept.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, KeysView, Mapping
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from pydantic_core import from_json

from factory.errors import OutputError
from factory.outputs.records import MISREAD, fault_of_sample, rejected_records
from factory.runs.folder import KEPT, read_manifest, rejected_files, why_rejected
from factory.sample import PARTS

#: What may have become of a sample, in the order in which people are told:
#: ``changed`` says something else; ``moved`` is in the other split; ``dropped`` was kept and is
#: rejected now, ``restored`` the reverse; ``lost`` and ``added`` are in one of the runs only;
#: ``noted`` reads the same, and something is noted otherwise (a score, a source id).
KINDS: Final = ("changed", "moved", "dropped", "restored", "lost", "added", "noted")

#: What a sample says to whom reads it, or is trained on it.
SAID: Final = frozenset(
    {*PARTS, "input_field", "output_field", "gold", "options", "reasoning", "task_type", "metric"}
)
_WHOLE: Final = ("input_field", "reasoning", "output_field")
#: What says which run a sample is of, and nothing of the sample.
_OF_THE_RUN: Final = ("provenance.definition", "provenance.seed")


class Pair(NamedTuple):
    """One sample that is not the same in two runs.

    Attributes:
        kind: one of :data:`KINDS`.
        before, after: its records; None where a run has none.
        fields: what differs, such as ``input_field`` or ``slots.title``; of ``changed``, ``moved``
            and ``noted`` ones.
        filter, reason, detail: why one of the runs rejected it; empty where none did.
    """

    kind: str
    id: str
    task: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    fields: tuple[str, ...] = ()
    filter: str = ""
    reason: str = ""
    detail: str = ""

    @property
    def wordings(self) -> frozenset[str]:
        """The names of the wordings that it has in either run."""
        records = [record for record in (self.before, self.after) if record]
        return frozenset(record["provenance"]["wording"] for record in records)

    @property
    def rejection(self) -> str:
        """In which run it was rejected, by what and why; of one that some run rejected."""
        then = "now" if self.kind == "dropped" else "then"
        return f"rejected {then} by {why_rejected(self._asdict())}"

    @property
    def telling_fields(self) -> list[str]:
        """The fields whose words are worth reading: the prompt rather than each part of it."""
        said = [name for name in self.fields if name in SAID]
        whole: list[str] = [name for name in _WHOLE if name in said]
        return whole or said or list(self.fields)

    def values_of(self, field: str) -> tuple[str, str]:
        """Return what a field says in the earlier run and in the later one, as text."""
        return _value(self.before, field), _value(self.after, field)


def _value(record: Mapping[str, Any] | None, field: str) -> str:
    outer, _, inner = field.partition(".")
    value = (record or {}).get(outer)
    if inner:
        value = (json.loads(value) if isinstance(value, str) else value or {}).get(inner)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Totals:
    """How many samples were read of each run, and how many were the same."""

    def __init__(self) -> None:
        self.before = 0
        self.after = 0
        self.same = 0


class _Files:
    """The sample files of one run, open to read a line again."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._paths = [folder / f"{split}.jsonl" for split in KEPT]
        self._files: list[BinaryIO | None] = [
            stack.enter_context(path.open("rb")) if path.is_file() else None for path in self._paths
        ]

    def lines(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield each sample's id, its line, and where that is."""
        for number, (path, file) in enumerate(zip(self._paths, self._files, strict=True)):
            offset = 0
            for row, line in enumerate(file or (), 1):
                yield _id_of(line, path, row), line, offset << 1 | number
                offset += len(line)

    def record(self, where: int) -> dict[str, Any]:
        """Return the record of the line at ``where``; raises where it is no sample's."""
        file, path = self._files[where & 1], self._paths[where & 1]
        if file is None:
            raise OutputError(f"{path}: is gone")
        at = os.pread(file.fileno(), 1 << 16, where >> 1)
        while b"\n" not in at and (
            more := os.pread(file.fileno(), 1 << 20, (where >> 1) + len(at))
        ):
            at += more
        try:
            record: dict[str, Any] = from_json(at.split(b"\n", 1)[0])
            fault = fault_of_sample(record)
        except MISREAD as error:
            fault = repr(error)
        if fault:
            raise OutputError(
                f"{path}, at byte {where >> 1:,}: not a sample of this project: {fault}"
            )
        return record


_ID: Final = re.compile(rb'\{"id":"([0-9a-f]{16})"')


def _id_of(line: bytes, path: Path, row: int) -> str:
    # As the line is written; one that went through another hand is read as JSON.
    if found := _ID.match(line):
        return found[1].decode()
    try:
        return str(from_json(line)["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{path}:{row}: not a sample of this project: {error}") from error


def _digest(line: bytes) -> bytes:
    return blake2b(line.rstrip(b"\n"), digest_size=8).digest()


def walk(before: Path, after: Path, totals: Totals) -> Iterator[Pair]:
    """Yield what differs: first what is in both, in the later run's order, then the rest."""
    with ExitStack() as stack:
        old, new = _Files(before, stack), _Files(after, stack)
        known: dict[str, tuple[bytes, int]] = {}
        for sample_id, line, where in old.lines():
            known[sample_id] = _digest(line), where
            totals.before += 1
        fresh: dict[str, int] = {}
        for sample_id, line, where in new.lines():
            totals.after += 1
            there = known.pop(sample_id, None)
            if there is None:
                fresh[sample_id] = where
            elif there[0] == _digest(line) or not (
                pair := _compared(old.record(there[1]), new.record(where))
            ):
                totals.same += 1
            else:
                yield pair
        was_rejected = _rejections(before, fresh.keys())
        for sample_id, where in fresh.items():
            record = new.record(where)
            why = was_rejected.get(sample_id)
            kind = "restored" if why else "added"
            yield Pair(kind, sample_id, record["task"], None, record, (), *(why or ()))
        is_rejected = _rejections(after, known.keys())
        for sample_id, (_, where) in known.items():
            record = old.record(where)
            why = is_rejected.get(sample_id)
            kind = "dropped" if why else "lost"
            yield Pair(kind, sample_id, record["task"], record, None, (), *(why or ()))


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Pair | None:
    """Return the pair of two records that are not the same; None where only their runs differ."""
    differing = tuple(
        name for name in _differing(_opened(before), _opened(after)) if name not in _OF_THE_RUN
    )
    if not differing:
        return None
    kind = "noted" if SAID.isdisjoint(differing) else "changed"
    if "split" in differing:
        kind = "moved"
    return Pair(kind, after["id"], after["task"], before, after, differing)


def _opened(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its slots as values, so that each is compared by its name."""
    try:
        return {**record, "slots": json.loads(record["slots"])}
    except (KeyError, TypeError, ValueError):
        return dict(record)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name in ("slots", "provenance") and isinstance(old, dict) and isinstance(new, dict):
            for inner in dict.fromkeys((*old, *new)):
                if old.get(inner) != new.get(inner):
                    yield f"{name}.{inner}"
        else:
            yield name


def _rejections(folder: Path, wanted: KeysView[str]) -> dict[str, tuple[str, str, str]]:
    """Return why a run rejected those of ``wanted`` that it did: filter, reason and detail."""
    why: dict[str, tuple[str, str, str]] = {}
    if not wanted:
        return why
    for path in rejected_files(folder, read_manifest(folder)):
        for record in rejected_records(path):
            if record["id"] in wanted:
                why[record["id"]] = record["filter"], record["reason"], record["detail"]
    return why
