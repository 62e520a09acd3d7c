"""The JSON Lines of ExtractGPT (Brinkmann et al., arXiv:2310.12537): titles and target scores.

A line is ``{"input": title, "category": ..., "target_scores": {attribute: {value: 1}}}``. The value
``n/a`` says that the title does not state the attribute; an attribute may have several values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from factory.errors import SourceError
from factory.sources.address import Found
from factory.sources.annotated_titles import (
    Entity,
    Reading,
    TitleLine,
    not_stated,
    numbered_lines,
    stated,
)
from factory.sources.layout import Layout, listed

_TRAIN: Final = "train*.jsonl"
_TEST: Final = "test*.jsonl"
#: How the files are named; the test part may be absent.
EXTRACTGPT: Final = Layout((_TRAIN,), (_TEST,))
_ABSENT: Final = "n/a"
#: ``train_0.2.jsonl`` is a fifth of ``train.jsonl``, written again.
_EXCERPT: Final = re.compile(r"train_\d+(?:\.\d+)?")


def chosen_files(adapter: str, found: Found) -> tuple[Path, ...]:
    """Return the files of the layout that were found, without excerpts of those beside them.

    Raises:
        SourceError: for files of several folders, which are several data sets in ExtractGPT.
    """
    files = found.files[_TRAIN] + found.files.get(_TEST, ())
    folders = sorted({str(file.parent) for file in files})
    if len(folders) > 1:
        raise SourceError(
            f"{adapter}: the files {listed([str(file) for file in files])} lie in "
            f"{len(folders)} folders: give the address of the folder of one data set"
        )
    whole = [file for file in files if not _EXCERPT.fullmatch(file.stem)]
    return tuple(whole or files)


def split_of(file: Path) -> str:
    """Return the part that a file's name says: ``test*`` is the test part, the rest train."""
    return "test" if file.name.startswith("test") else "train"


def objects(file: Path, reading: Reading) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the JSON objects of a file with their place and their line; set the others aside."""
    for place, line in numbered_lines(file, reading):
        try:
            found = json.loads(line)
            line.encode()
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            reading.set_aside("line-malformed", place, line)
            continue
        if isinstance(found, dict):
            yield place, line, found
        else:
            reading.set_aside("line-malformed", place, line)


def read_scores(file: Path, reading: Reading) -> None:
    """Add the lines of one ExtractGPT file to ``reading``."""
    for place, line, row in objects(file, reading):
        text, category = row.get("input"), row.get("category")
        scores = row.get("target_scores")
        if not isinstance(text, str) or not text.strip() or not isinstance(scores, dict):
            reading.set_aside("value-missing", place, line)
            continue
        try:
            entities = tuple(_entities(scores, text))
        except (TypeError, AttributeError):
            reading.set_aside("scores-malformed", place, line)
            continue
        known = category.strip() if isinstance(category, str) else ""
        reading.lines.append(TitleLine(text, known or None, entities, split_of(file)))


def _entities(scores: dict[str, Any], text: str) -> Iterator[Entity]:
    for attribute, values in scores.items():
        kind = " ".join(attribute.split())
        if not isinstance(values, dict):
            raise TypeError(f"{attribute}: {values!r} is no mapping of values to scores")
        for value, score in values.items():
            if not score or not kind:
                continue
            if value.strip().casefold() == _ABSENT:
                yield not_stated(kind)
            elif value.strip():
                yield stated(kind, value.strip(), text)
