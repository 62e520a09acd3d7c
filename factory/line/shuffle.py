"""The lines of several files in the order of a mixed one, and which of them are left out.

A line is known by 44 bytes, in an array: as objects of Python's it took 700, and five million lines
more than most machines have. Nothing of a line stays but where it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import md5, sha256
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from factory.engines import Engine
from factory.line.hashes import HASH_BYTES
from factory.outputs.jsonl import sample_id_of

#: Bytes; by default a file of long lines is read in blocks as small as one of them.
_READ_AT_ONCE: Final = 1 << 20
#: Bytes of a file that one process reads while others read others.
_STRETCH: Final = 16 << 20
#: Lines whose places are turned into Python's numbers together.
_AT_ONCE: Final = 1 << 14
#: Bytes of lines that are read together, file by file; a line that is longer is read alone.
_BLOCK: Final = 8 << 20

#: A line: its place in the mix, its sample's id, the number of its file, where it starts, its
#: length without the newline, and hashes of what it asks and of its answer.
_ENTRY: Final = np.dtype(
    [
        *(("order", "<u8"), ("id", "<u8"), ("file", "<u4"), ("offset", "<u8"), ("length", "<u4")),
        *(("asked", "<u8"), ("answer", "<u8")),
    ]
)
#: A part of a file: its number among the files, where it lies, and from which byte to which.
_Stretch: TypeAlias = tuple[int, Path, int, int]


class Place(NamedTuple):
    """Where a line lies, and why it is left out: empty, ``conflict`` or ``duplicate``."""

    sample_id: str
    file: int
    offset: int
    length: int
    reason: str


_REASONS: Final = ("", "duplicate", "conflict")


def shuffled(drawn: bytes, paths: Sequence[Path], engine: Engine) -> Iterator[Place]:
    """Yield the places of all lines of ``paths`` in the order of their draws.

    ``drawn`` begins what the draws are of. Of lines that ask one thing and answer it alike all but
    the first are duplicates; those that answer it differently conflict, all of them.
    """
    find, stretches = partial(_entries, drawn), _stretches(paths)
    # Other machines may not see the files of this one.
    at_hand = engine.storage is None
    parts = list(engine.map_shards(find, stretches) if at_hand else map(find, stretches))
    entries = np.concatenate(parts) if parts else np.empty(0, _ENTRY)
    parts.clear()
    # The engine gives them in any order.
    keys = ("offset", "file", "id", "order")
    entries = entries[np.lexsort([entries[name] for name in keys])]
    reasons = _left_out(entries["asked"], entries["answer"])
    for start in range(0, len(entries), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        columns = [entries[name][part].tolist() for name in ("id", "file", "offset", "length")]
        for sample_id, file, offset, length, reason in zip(
            *columns, reasons[part].tolist(), strict=True
        ):
            yield Place(f"{sample_id:016x}", file, offset, length, _REASONS[reason])


def with_lines(places: Iterable[Place], paths: Sequence[Path]) -> Iterator[tuple[Place, bytes]]:
    """Yield ``places`` with their lines, without the newline; empty where one is left out.

    One of ``paths`` is open at a time, however many there are: systems let a process hold some
    hundred files. Several megabytes of lines are held.
    """
    for block in _blocks(places):
        lines: dict[tuple[int, int], bytes] = {}
        kept = sorted(
            (place for place in block if not place.reason), key=attrgetter("file", "offset")
        )
        for number, of_file in groupby(kept, attrgetter("file")):
            # Past the buffers of files: each would read a block for every line out of its order.
            with paths[number].open("rb", buffering=0) as file:
                for place in of_file:
                    line = os.pread(file.fileno(), place.length, place.offset)
                    lines[number, place.offset] = line
        for place in block:
            yield place, lines.pop((place.file, place.offset), b"")


def _blocks(places: Iterable[Place]) -> Iterator[list[Place]]:
    """Yield ``places`` by the bytes of their lines."""
    block: list[Place] = []
    room = _BLOCK
    for place in places:
        if block and (place.length > room or len(block) == _AT_ONCE):
            yield block
            block, room = [], _BLOCK
        block.append(place)
        room -= place.length
    if block:
        yield block


def _left_out(asked: Any, answers: Any) -> Any:
    """Return the number of each line's reason; ``asked`` and ``answers`` are in the mix's order."""
    by_asked = np.lexsort((answers, asked))
    ordered, answered = asked[by_asked], answers[by_asked]
    again = ordered[1:] == ordered[:-1]
    conflicts = np.unique(ordered[1:][again & (answered[1:] != answered[:-1])])
    reasons = np.ones(len(asked), np.uint8)
    reasons[np.unique(asked, return_index=True)[1]] = 0
    reasons[np.isin(asked, conflicts)] = 2
    return reasons


def _stretches(paths: Iterable[Path]) -> Iterator[_Stretch]:
    for number, path in enumerate(paths):
        size = path.stat().st_size
        for start in range(0, size, _STRETCH):
            yield number, path, start, min(start + _STRETCH, size)


def _entries(drawn: bytes, stretch: _Stretch) -> Any:
    """Return the lines that start in a stretch of a file, as an array of :data:`_ENTRY`."""
    number, path, start, stop = stretch
    entries: list[tuple[int, int, int, int, int, int, int]] = []
    with path.open("rb", buffering=_READ_AT_ONCE) as file:
        if start:
            # A line that starts before is another stretch's, however far it goes.
            file.seek(start - 1)
            start += len(file.readline()) - 1
        for line in file:
            if start >= stop:
                break
            sample_id = sample_id_of(line)
            place = md5(drawn + sample_id.encode(), usedforsecurity=False).digest()[:8]
            order = int.from_bytes(place, "little")
            entries.append(
                (order, int(sample_id, 16), number, start, len(line) - 1, *_hashes(line))
            )
            start += len(line)
    return np.array(entries, _ENTRY)


#: In a JSON text a bare quote ends a string, so these can stand nowhere else in a line.
_INPUT: Final = b'","input_field":"'
_OUTPUT: Final = b'","output_field":"'
_GOLD: Final = b'","gold":"'


def _hashes(line: bytes) -> tuple[int, int]:
    """Return hashes of a line's prompt and of its answer, without reading the JSON around them."""
    start = line.index(_INPUT) + len(_INPUT)
    middle = line.index(_OUTPUT, start)
    answer = line[middle + len(_OUTPUT) : line.index(_GOLD, middle)]
    return _hash(line[start:middle]), _hash(answer)


def _hash(text: bytes) -> int:
    return int.from_bytes(sha256(text, usedforsecurity=False).digest()[:HASH_BYTES], "little")
