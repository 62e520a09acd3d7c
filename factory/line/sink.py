"""Where the fold's decisions are written."""

from __future__ import annotations

from collections.abc import Set

from pydantic_core import from_json, to_json

from factory.line.fold import CONFLICT, Candidate, Objection
from factory.line.tally import Tally
from factory.outputs.files import LineFile
from factory.outputs.jsonl import sample_id_of


class Sink:
    """Writes the fold's decisions: samples to their split's file, the dropped to one file.

    Attributes:
        tally: what was counted of them.
    """

    def __init__(self, task: str, split: str, samples: LineFile, rejected: LineFile) -> None:
        self._task = task
        self._split = split
        self._samples = samples
        self._rejected = rejected
        self.tally = Tally()

    def accept(self, candidate: Candidate) -> None:
        """Write a sample."""
        self._samples.write(candidate.record)
        self.tally.accept(candidate)

    def reject(self, candidate: Candidate, objection: Objection) -> None:
        """Write a dropped candidate with its reason."""
        self._reject(candidate.id, candidate.record, objection)
        self.tally.drop(candidate)

    def withdraw(self, ids: Set[str]) -> None:
        """Move accepted samples that a later one contradicted to the dropped ones."""
        if ids:
            for line in self._samples.without(lambda line: sample_id_of(line) in ids):
                self._reject(sample_id_of(line), line, CONFLICT)
                self.tally.take_back(from_json(line))

    def _reject(self, sample_id: str, record: bytes, objection: Objection) -> None:
        self._rejected.write(
            to_json(
                {
                    "id": sample_id,
                    "task": self._task,
                    "split": self._split,
                    "filter": objection.filter,
                    "reason": objection.reason,
                    "detail": objection.detail,
                    "record": record.decode(),
                }
            )
        )
