"""The samples that a quantised model is calibrated on: training samples, as many of each task.

Never a held-out one, nor a question of a benchmark: what a model is measured on must not have
shaped it. A task that has fewer than its share leaves the rest to the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from factory.draw import draw
from factory.errors import UsageError
from factory.outputs.formats.messages import chat
from factory.outputs.jsonl import read_samples
from factory.runs.folder import read_manifest
from factory.sample import Sample
from factory.training.rows import training_file

_TRAIN: Final = "train"
#: A benchmark's questions, whatever a recipe makes of them.
_BENCHMARKS: Final = ("shopbench",)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Samples to calibrate on.

    Attributes:
        run: the folder of the run or mixture.
        chats: the messages of each sample, in the order of the run's file.
        tasks: how many samples there are of each task.
    """

    run: Path
    chats: tuple[Sequence[Mapping[str, str]], ...]
    tasks: Mapping[str, int]

    @property
    def fingerprint(self) -> str:
        """Return a hash (16 bytes, hex) of all messages, in order."""
        digest = blake2b(digest_size=16)
        for each in self.chats:
            digest.update(to_json(each) + b"\n")
        return digest.hexdigest()

    def record(self) -> dict[str, Any]:
        """Return what a quantised model says of what it was calibrated on."""
        return {
            "run": str(self.run),
            "samples": len(self.chats),
            "tasks": dict(self.tasks),
            "fingerprint": self.fingerprint,
        }


def draw_calibration(run: Path, count: int, seed: int = 0) -> Calibration:
    """Return ``count`` training samples of a run or mixture, or all where it has fewer.

    The same samples for the same run, count and seed.

    Raises:
        UsageError: it is no finished run, has no training samples, or holds a benchmark's.
        OutputError: its file cannot be read.
    """
    if run.is_file():
        raise UsageError(
            f"--calibrate {run}: is a file: give the folder of a run, such as out/v9b, whose "
            "training samples are taken; never questions that a model is measured on"
        )
    read_manifest(run)
    file = training_file(run)
    places: dict[str, list[tuple[int, int]]] = {}
    for place, sample in enumerate(read_samples(file, whole=False)):
        _check(run, sample)
        drawn = draw(seed, sample.task, sample.id, "calibrate")
        places.setdefault(sample.task, []).append((drawn, place))
    shares = share_out(count, {task: len(each) for task, each in places.items()})
    chosen = {place for task, share in shares.items() for _, place in sorted(places[task])[:share]}
    chats = tuple(
        chat(sample, reasoning=False)
        for place, sample in enumerate(read_samples(file, whole=False))
        if place in chosen
    )
    return Calibration(run, chats, {task: share for task, share in shares.items() if share})


def share_out(count: int, there: Mapping[str, int]) -> dict[str, int]:
    """Return how many of each task make ``count``, as even as what is there allows.

    What does not divide goes to the tasks that have most.
    """
    shares: dict[str, int] = {}
    left = min(count, sum(there.values()))
    # The scarcest first: what they lack is shared among all that follow.
    tasks = sorted(there, key=lambda task: (there[task], task))
    for done, task in enumerate(tasks):
        shares[task] = min(there[task], left // (len(tasks) - done))
        left -= shares[task]
    return {task: shares[task] for task in sorted(shares)}


def _check(run: Path, sample: Sample) -> None:
    if sample.split != _TRAIN:
        raise UsageError(
            f"--calibrate {run}: {sample.id} is a {sample.split} sample: held-out samples measure "
            "a model and must not shape it"
        )
    if sample.provenance.source in _BENCHMARKS:
        raise UsageError(
            f"--calibrate {run}: {sample.id} is a question of {sample.provenance.source}, on which "
            "models are measured: calibrate on samples of another source"
        )
