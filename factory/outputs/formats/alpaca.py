"""Alpaca's records: an instruction, what it is about, and the answer."""

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


class Alpaca:
    """``instruction``, ``input``, ``output``, and ``system`` for trainers that take one.

    Where the prompt opens with the sample's own instruction, the rest of it is the ``input``; both
    joined by a line's end, as LLaMA-Factory joins them, are the prompt to the byte. Lost: what
    :class:`~factory.outputs.formats.messages.Messages` loses.
    """

    name: ClassVar[str] = "alpaca"
    title: ClassVar[str] = "instruction, input, output"
    carries: ClassVar[tuple[str, ...]] = (*NAMED, "input_field", "output_field", "reasoning")
    stored: ClassVar[tuple[str, ...]] = (JSONL, PARQUET)
    reasons: ClassVar[bool] = True
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the columns, the same for every task type."""
        texts = ("instruction", "input", "output", "system")
        return {**NAMED_FEATURES, **dict.fromkeys(texts, "string")}

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return the names of the sample and Alpaca's texts; ``input`` is empty for some."""
        asked = sample.input_field
        opening = f"{sample.prompt}\n"
        rest = asked[len(opening) :] if sample.prompt and asked.startswith(opening) else ""
        if rest.strip() == sample.output.strip():
            # Nothing but the cue that asks for the answer is about nothing.
            rest = ""
        return {
            **named(sample),
            "instruction": sample.prompt if rest else asked,
            "input": rest,
            "output": answer_of(sample, reasoning),
            "system": system_prompt(sample.task_type),
        }

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of a record."""
        about = record["input"]
        asked = f"{record['instruction']}\n{about}" if about else record["instruction"]
        return sample_with(record, asked, record["output"], reasoning=reasoning)
