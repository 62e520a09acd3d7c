"""Names without a word in common, so that none can stand for another."""

from __future__ import annotations

from collections.abc import Iterable

from factory.sources.attribute_variants import stem
from factory.text import tokens


def stems(text: str) -> frozenset[str]:
    """Return the stems of the words of a name or value."""
    return frozenset(stem(word) for word in tokens(text))


def apart(names: Iterable[str], taken: frozenset[str], most: int) -> list[str]:
    """Return the first ``most`` names with no word of ``taken``, nor of one that comes before."""
    chosen: list[str] = []
    for name in names:
        words = stems(name)
        if len(chosen) < most and not words & taken:
            chosen.append(name)
            taken |= words
    return chosen
