"""Which earlier texts share at least so many tokens with a new one: exact, and one text at a time.

An inverted index that is read as far as it must be (the count filter of Li, Lu and Lu, 2008): a
text that shares ``required`` of a query's n tokens misses at most n - required of them, so of any
s tokens of the query it has at least s - (n - required). The s rarest are read. Which those are is
known at every query anew, from the lists themselves: there is no order of tokens to fix beforehand,
so a text may be added at any time and the answer never depends on when.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Reading a further list is cheap against looking at the candidates that it spares, up to so many.
_MOST_HITS: Final = 3


class OverlapIndex:
    """The tokens of numbered texts, each token once a text.

    Attributes:
        sizes: how many tokens each text has, by its number.
    """

    def __init__(self) -> None:
        self.sizes = array("i")
        self._texts: dict[Hashable, array[int]] = {}

    def add(self, items: Collection[Hashable]) -> int:
        """Add a text by its distinct tokens and return its number, from 0."""
        number = len(self.sizes)
        self.sizes.append(len(items))
        for item in items:
            listed = self._texts.get(item)
            if listed is None:
                self._texts[item] = array("i", (number,))
            else:
                listed.append(number)
        return number

    def candidates(self, items: Collection[Hashable], required: int) -> NDArray[np.int64]:
        """Return, ascending, texts among which are all that share ``required`` of ``items``.

        ``required`` is at least 1 and ``items`` are distinct. What shares fewer may be among them.
        """
        return self._candidates(self._known(items), required)

    def cheap_candidates(
        self, items: Collection[Hashable], required: int, most: float
    ) -> NDArray[np.int64] | None:
        """Return :meth:`candidates`; None where over ``most`` entries had to be read for them."""
        known = self._known(items)
        if sum(map(len, known[: max(0, len(known) - required + 1)])) > most:
            return None
        return self._candidates(known, required)

    def _known(self, items: Collection[Hashable]) -> list[array[int]]:
        """Return the lists of those of ``items`` that some text has, the shortest first."""
        known = [listed for item in items if (listed := self._texts.get(item)) is not None]
        known.sort(key=len)
        return known

    def _candidates(self, known: list[array[int]], required: int) -> NDArray[np.int64]:
        import numpy as np

        if len(known) < required:
            return np.empty(0, dtype=np.int64)
        # Tokens that no text has are the rarest of all: they are read already, for nothing.
        read = len(known) - required + 1
        total = sum(map(len, known[:read]))
        hits = 1
        while hits < min(required, _MOST_HITS) and len(known[read]) <= 2 * total:
            total += len(known[read])
            read += 1
            hits += 1
        entries = array("i")
        for listed in known[:read]:
            entries += listed
        merged = np.frombuffer(entries, dtype=np.intc)
        merged.sort()
        found = merged[: len(merged) - hits + 1]
        if hits > 1:
            found = found[found == merged[hits - 1 :]]
        if len(found) > 1:
            first = np.ones(len(found), dtype=bool)
            np.not_equal(found[1:], found[:-1], out=first[1:])
            found = found[first]
        return found.astype(np.int64)
