"""Chat messages: the task type in the system prompt, the prompt, the answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final

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

MESSAGES: Final[Features] = {"role": "string", "content": "string"}


class Messages:
    """``messages`` with the roles system, user and assistant, as TRL, axolotl and chat APIs take.

    The system prompt states the task type (NVIDIA, Listing 1). Lost: the parts, the typed gold, the
    options, the source row, and where the sample comes from; ``id`` finds it in its run.
    """

    name: ClassVar[str] = "messages"
    title: ClassVar[str] = "chat messages, the task type in the system prompt"
    carries: ClassVar[tuple[str, ...]] = (*NAMED, "input_field", "output_field", "reasoning")
    stored: ClassVar[tuple[str, ...]] = (JSONL, PARQUET)
    reasons: ClassVar[bool] = True
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the columns, the same for every task type."""
        return {**NAMED_FEATURES, "messages": [MESSAGES]}

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return ``id``, ``task``, ``task_type`` and the three ``messages``."""
        return {**named(sample), "messages": chat(sample, reasoning)}

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of the user's and the assistant's message."""
        return read_chat(record, record["messages"], reasoning)


class OpenAI:
    """``messages`` and nothing else: what OpenAI's fine-tuning takes.

    Its files may have no other key, so the names are lost too: lines stand in the order of the
    run's file.
    """

    name: ClassVar[str] = "openai"
    title: ClassVar[str] = "files for OpenAI's fine-tuning: messages and no other key"
    carries: ClassVar[tuple[str, ...]] = ("input_field", "output_field", "reasoning")
    stored: ClassVar[tuple[str, ...]] = (JSONL,)
    reasons: ClassVar[bool] = True
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the one column."""
        return {"messages": [MESSAGES]}

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:
        """Return the three ``messages``."""
        return {"messages": chat(sample, reasoning)}

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:
        """Return the sample of the user's and the assistant's message."""
        return read_chat({}, record["messages"], reasoning)


def prompt_messages(sample: Sample) -> list[dict[str, str]]:
    """Return what comes before the answer."""
    return [
        {"role": "system", "content": system_prompt(sample.task_type)},
        {"role": "user", "content": sample.input_field},
    ]


def answer_message(sample: Sample, reasoning: bool) -> dict[str, str]:
    """Return the answer."""
    return {"role": "assistant", "content": answer_of(sample, reasoning)}


def chat(sample: Sample, reasoning: bool) -> list[dict[str, str]]:
    """Return the whole conversation."""
    return [*prompt_messages(sample), answer_message(sample, reasoning)]


def read_chat(
    record: Mapping[str, Any], messages: list[Mapping[str, str]], reasoning: bool
) -> Sample:
    """Return the sample of a conversation."""
    said = {message["role"]: message["content"] for message in messages}
    return sample_with(record, said["user"], said["assistant"], reasoning=reasoning)
