"""Choose what is shown beside a right text: near misses, and lengths that give nothing away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from factory.draw import Draw
from factory.text import similarity, tokens

T = TypeVar("T")
#: Near misses for each that is wanted: enough for longer and shorter ones than the right text.
_TO_CHOOSE_FROM: Final = 4


def by_likeness(own: str, others: Sequence[T], text: Callable[[T], str]) -> list[T]:
    """Return ``others``, those first that share most words with ``own``; ties keep their order."""
    words = frozenset(tokens(own))
    return sorted(others, key=lambda other: -similarity(words, frozenset(tokens(text(other)))))


def nearest(own: str, others: Sequence[T], text: Callable[[T], str], wanted: int) -> list[T]:
    """Return the few of ``others`` that are most like ``own``: four for each that is wanted."""
    return by_likeness(own, others, text)[: _TO_CHOOSE_FROM * wanted]


def apart(items: Sequence[T], text: Callable[[T], str]) -> list[T]:
    """Return ``items`` from the first on, each next one as unlike those before it as can be."""
    left = [(item, frozenset(tokens(text(item)))) for item in items]
    found = left[:1]
    left = left[1:]
    while left:
        unlike = min(
            range(len(left)), key=lambda i: (max(similarity(left[i][1], w) for _, w in found), i)
        )
        found.append(left.pop(unlike))
    return [item for item, _ in found]


def of_any_length(
    own: str, others: Sequence[T], text: Callable[[T], str], wanted: int, draw: Draw
) -> list[T]:
    """Return ``wanted`` of ``others``, earlier ones first, so that ``own`` may have any rank.

    How many of them are shorter than ``own`` is drawn; where there are too few such, longer ones
    take their place, and the other way round. Fewer come where there are no more.
    """
    # All shorter is drawn a little less often: it is what is left for the very longest texts.
    shorter = draw.below(3 * wanted + 2, "shorter") // 3
    length = len(own)
    below = [other for other in others if len(text(other)) < length]
    above = [other for other in others if len(text(other)) >= length]
    shorter = max(min(shorter, len(below)), wanted - len(above))
    return [*below[:shorter], *above[: wanted - min(shorter, len(below))]]
