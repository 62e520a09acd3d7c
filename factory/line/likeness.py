"""What makes two samples the same, or answers to one question, or unfit for two splits.

The hashes are of one run: no file holds them. They are SHA-256's, which processors compute
themselves, at half of what blake2b costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from typing import Any

from pydantic_core import to_json

from factory.line.hashes import HASH_BYTES
from factory.sample import Sample
from factory.sources.lookup import behind


def touches(source_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the queries and products behind source ids: what test samples ban from training."""
    return tuple(dict.fromkeys(chain.from_iterable(map(behind, source_ids))))


def asked_hash(sample: Sample, content: bytes, arranged: frozenset[str]) -> bytes:
    """Return a hash of what a sample asks, whatever its wording and its order of options.

    ``content`` is the hash of what it says: where nothing of its slots is arranged, that is what it
    asks. ``arranged`` names the slots that the task type arranges.
    """
    if not sample.options and arranged.isdisjoint(sample.slots):
        return content
    given = {k: v for k, v in sample.slots.items() if k not in arranged}
    text = to_json([given, sorted(sample.options)])
    folded = text.lower() if text.isascii() else text.decode().casefold().encode()
    return sha256(folded, usedforsecurity=False).digest()[:HASH_BYTES]


def answer_hash(sample: Sample) -> bytes:
    """Return a hash of what a sample answers, in words."""
    answer = _answer_text(sample)
    text = answer.encode() if isinstance(answer, str) else to_json(answer)
    return sha256(text, usedforsecurity=False).digest()[:6]


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
    return sha256(slots_text.casefold().encode(), usedforsecurity=False).digest()[:HASH_BYTES]
