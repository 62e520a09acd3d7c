"""ShareGPT's records: a conversation between a human and a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from factory.outputs.features import Features
from factory.outputs.formats.base import (
    JSONL,
    NAMED,
    NAMED_FEATURES,
    PARQUET,
    answer_of,
    named,
    sample_with,
)
from factory.sample import Sample
from factory.tasktypes.system_prompt import system_prompt


class ShareGPT:
    """``conversations`` of turns ``from`` human and gpt, and ``system``.

    Lost: what :class:`~factory.outputs.formats.messages.Messages` loses.
    """

    name: ClassVar[str] = "sharegpt"
    title: ClassVar[str] = "conversations between human and gpt"
    carries: ClassVar[tuple[str, ...]] = (*NAMED, "input_field", "output_field", "reasoning")
    stored: ClassVar[tuple[str, ...]] = (JSONL, PARQUET)
    reasons: ClassVar[bool] = True
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the columns, the same for every task type."""
        turns: Features = {"from": "string", "value": "string"}
        return {**NAMED_FEATURES, "conversations": [turns], "system": "string"}

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return the names of the sample, its two turns, and the system prompt."""
        return {
            **named(sample),
            "conversations": [
                {"from": "human", "value": sample.input_field},
                {"from": "gpt", "value": answer_of(sample, reasoning)},
            ],
            "system": system_prompt(sample.task_type),
        }

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of the two turns."""
        said = {turn["from"]: turn["value"] for turn in record["conversations"]}
        return sample_with(record, said["human"], said["gpt"], reasoning=reasoning)
