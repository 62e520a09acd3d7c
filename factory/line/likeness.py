"""What makes two samples the same, or answers to one question, or unfit for two splits."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain
from typing import Any

from pydantic_core import to_json

from factory.sample import Sample
from factory.sources.lookup import behind


def touches(source_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the queries and products behind source ids: what test samples ban from training."""
    return tuple(dict.fromkeys(chain.from_iterable(map(behind, source_ids))))


def asked_hash(sample: Sample, slots_text: str, arranged: frozenset[str]) -> bytes:
    """Return a hash of what a sample asks, whatever its wording and its order of options.

    ``slots_text`` are its slots as JSON, ``arranged`` names those that the task type arranges.
    """
    if not sample.options and arranged.isdisjoint(sample.slots):
        return blake2b(slots_text.casefold().encode(), digest_size=10).digest()
    given = {k: v for k, v in sample.slots.items() if k not in arranged}
    text = to_json([given, sorted(sample.options)]).decode().casefold()
    return blake2b(text.encode(), digest_size=10).digest()


def answer_hash(sample: Sample) -> bytes:
    """Return a hash of what a sample answers, in words."""
    answer = _answer_text(sample)
    text = answer.encode() if isinstance(answer, str) else to_json(answer)
    return blake2b(text, digest_size=6).digest()


def _answer_text(sample: Sample) -> Any:
    """Return the answer in words, where the options show it in another order each time."""
    gold, options = sample.gold, sample.options
    if not options or isinstance(gold, str):
        return gold
    if sample.task_type == "multiple-choice" and isinstance(gold, int):
        return options[gold]
    if sample.task_type == "retrieval" and isinstance(gold, list):
        return sorted(options[int(number) - 1] for number in gold)
    if sample.task_type == "ranking" and isinstance(gold, list):
        return sorted(zip(options, gold, strict=True))
    return sorted(map(str, gold)) if isinstance(gold, list) else gold


def content_hash(slots_text: str) -> bytes:
    """Return a hash of what a sample says: two of one content are duplicates."""
    return blake2b(slots_text.casefold().encode(), digest_size=12).digest()
