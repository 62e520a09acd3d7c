"""Samples as a trainer takes them: what comes before the answer, and the answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError
from factory.outputs.formats.prompt_completion import PromptCompletionChat
from factory.outputs.jsonl import read_samples
from factory.outputs.run_folder import TRAIN
from factory.runs.folder import read_manifest

_FORMAT: Final = PromptCompletionChat()


def training_file(run: Path) -> Path:
    """Return the file of a finished run's or mixture's training samples.

    Raises :class:`UsageError` where it is none, or has none.
    """
    read_manifest(run)
    path = run / TRAIN
    if not path.is_file() or not path.stat().st_size:
        raise UsageError(f"{run} has no training samples: every candidate was dropped")
    return path


def training_rows(run: Path, limit: int | None = None, *, reasoning: bool = False) -> Iterator[Any]:
    """Yield ``prompt`` (system and user message) and ``completion`` (the answer) of each sample.

    Loss belongs on the completion alone, as in all three papers. In the order of the file, which a
    mixture has shuffled.
    """
    for sample in islice(read_samples(training_file(run)), limit):
        record = _FORMAT.write(sample, reasoning=reasoning)
        yield {"prompt": record["prompt"], "completion": record["completion"]}
