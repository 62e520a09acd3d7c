"""What a format is: a projection of a sample, and its reader."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, Protocol

from factory.outputs.features import Features
from factory.sample import Provenance, Sample
from factory.tasktypes.reasoned import taken_apart, with_reasoning

JSONL: Final = "jsonl"
PARQUET: Final = "parquet"

#: A sample that says nothing: what a reader lays over it is what its format carries.
BLANK: Final = Sample(
    **dict.fromkeys(
        (
            *("id", "task", "track", "task_type", "metric", "description", "prompt", "input"),
            *("candidates", "constraint", "output", "input_field", "output_field", "gold"),
            *("lang", "locale", "split", "split_group"),
        ),
        "",
    ),  # type: ignore[arg-type]
    options=(),
    slots={},
    provenance=Provenance("", (), "", "", "", "", 0, ""),
)

#: What most formats say of a sample beside its texts, so that it can be found again in its run.
NAMED: Final = ("id", "task", "task_type")
NAMED_FEATURES: Final[Features] = dict.fromkeys(NAMED, "string")


class Format(Protocol):
    """One output format.

    Attributes:
        name: its name on the command line, in recipes, and of its folder.
        title: what it is, in a few words.
        carries: the fields of a sample that its reader gives back; the others are lost.
        stored: in which kinds of files it may lie, the usual one first.
        reasons: whether an answer may have its reasoning before it.
        whole: whether it writes slots, scores and verdicts, which take long to read.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    carries: ClassVar[tuple[str, ...]]
    stored: ClassVar[tuple[str, ...]]
    reasons: ClassVar[bool]
    whole: ClassVar[bool]

    def features(self, task_types: Collection[str]) -> Features:
        """Return the columns of a table of samples of these task types (their names on disk)."""

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return the record of a sample; ``reasoning`` puts its reasoning before the answer."""

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of a record, as far as the format carries it (:data:`BLANK` else).

        ``reasoning`` is what the record was written with.
        """


def answer_of(sample: Sample, reasoning: bool) -> str:
    """Return the answer as a model should print it."""
    return (
        with_reasoning(sample.reasoning, sample.output_field) if reasoning else sample.output_field
    )


def named(sample: Sample) -> dict[str, Any]:
    """Return what a record says of the sample beside its texts."""
    return {"id": sample.id, "task": sample.task, "task_type": sample.task_type}


def sample_with(
    record: Mapping[str, Any], input_field: str, answer: str, *, reasoning: bool
) -> Sample:
    """Return the sample of a prompt and an answer, with the names that the record has."""
    reasoned, bare = taken_apart(answer) if reasoning else ("", answer)
    return replace(
        BLANK,
        **{name: record[name] for name in NAMED if name in record},
        input_field=input_field,
        output_field=bare,
        reasoning=reasoned,
    )
