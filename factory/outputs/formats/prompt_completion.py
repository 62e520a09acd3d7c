"""Prompt and completion: the answer apart, so that a trainer can learn from it alone."""

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
from factory.outputs.formats.messages import MESSAGES, answer_message, prompt_messages, read_chat
from factory.sample import Sample


class PromptCompletion:
    """``prompt`` and ``completion`` as texts, for models without a chat template (BLOOMZ, GPT-2).

    There is no system prompt. Lost: what :class:`~factory.outputs.formats.messages.Messages` loses.
    """

    name: ClassVar[str] = "prompt-completion"
    title: ClassVar[str] = "prompt and completion as texts, for models without a chat template"
    carries: ClassVar[tuple[str, ...]] = (*NAMED, "input_field", "output_field", "reasoning")
    stored: ClassVar[tuple[str, ...]] = (JSONL, PARQUET)
    reasons: ClassVar[bool] = True
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the columns, the same for every task type."""
        return {**NAMED_FEATURES, "prompt": "string", "completion": "string"}

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return ``id``, ``task``, ``task_type``, ``prompt`` and ``completion``."""
        answer = answer_of(sample, reasoning)
        return {**named(sample), "prompt": sample.input_field, "completion": answer}

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of the two texts."""
        return sample_with(record, record["prompt"], record["completion"], reasoning=reasoning)


class PromptCompletionChat:
    """``prompt`` and ``completion`` as lists of messages, for chat models and TRL.

    TRL then computes the loss on the answer alone, whatever the chat template. Lost: what
    :class:`~factory.outputs.formats.messages.Messages` loses.
    """

    name: ClassVar[str] = "prompt-completion-chat"
    title: ClassVar[str] = "prompt and completion as messages, for TRL"
    carries: ClassVar[tuple[str, ...]] = (*NAMED, "input_field", "output_field", "reasoning")
    stored: ClassVar[tuple[str, ...]] = (JSONL, PARQUET)
    reasons: ClassVar[bool] = True
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the columns, the same for every task type."""
        return {**NAMED_FEATURES, "prompt": [MESSAGES], "completion": [MESSAGES]}

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return ``id``, ``task``, ``task_type``, ``prompt`` (two) and ``completion`` (one)."""
        completion = [answer_message(sample, reasoning)]
        return {**named(sample), "prompt": prompt_messages(sample), "completion": completion}

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of the user's and the assistant's message."""
        return read_chat(record, [*record["prompt"], *record["completion"]], reasoning)
