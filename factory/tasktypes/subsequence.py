"""The longest common subsequence of two lists of words, as ROUGE-L asks for it.

A table of it takes the product of the lengths: minutes for two pages of a book, and a model may
answer with that. Bits of one number take the place of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: Words of either list that are compared; of what comes after, nothing counts as common.
MOST: Final = 50_000


def common_length(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, bit-parallel (Hyyrö, 2004).

    Of lists longer than :data:`MOST` it is that of their beginnings.
    """
    left, right = left[:MOST], right[:MOST]
    places: dict[str, int] = {}
    for place, unit in enumerate(left):
        places[unit] = places.get(unit, 0) | 1 << place
    state = everything = (1 << len(left)) - 1
    for unit in right:
        matched = state & places.get(unit, 0)
        state = (state + matched | state - matched) & everything
    return len(left) - state.bit_count()
