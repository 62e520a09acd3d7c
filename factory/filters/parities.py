"""A quick bound on how much two texts differ: bits that hold whether a count is odd.

Each token of a text falls on one bit and turns it over. A token that two texts share turns the same
bit in both, so bits that differ are at most as many as tokens that only one of the two has.
Counting them takes next to no time, whatever the texts' lengths.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from factory.filters.bulk_tokens import TokenSets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Words of 64 bits of a text: of a short one their exclusive or tells nearly as much, and first.
_WORDS: Final = 8
_BITS: Final = tuple(1 << bit for bit in range(64 * _WORDS))
#: Allowances are kept in halves: for one word in 8 bits with a sign, for all in 16.
_MOST_HALVES: Final = 127
_ALL_HALVES: Final = 2 * 64 * _WORDS
#: Of two texts with larger allowances nearly all bits of one word may differ: it tells nothing.
_TELLING: Final = 12.0
_ROWS_AT_ONCE: Final = 4096
_EVERY_OTHER_BYTE: Final = 0x00FF_00FF_00FF_00FF
_ROUNDING: Final = 1e-9


def parity(numbers: Iterable[int]) -> int:
    """Return the bits of a text by the numbers of its tokens, each one once."""
    bits = 0
    for number in numbers:
        bits ^= _BITS[number & 64 * _WORDS - 1]
    return bits


def parities(sets: TokenSets, word: int, words: int) -> NDArray[np.uint64]:
    """Return, for each text, the ``word``-th 64 of its ``64 * words`` bits, dealt out by rank."""
    import numpy as np

    ranks = np.arange(len(sets.frequencies))
    mine = ranks % (64 * words) // 64 == word
    bits = np.zeros(len(ranks), dtype=np.uint64)
    bits[mine] = np.uint64(1) << (ranks[mine] % 64).astype(np.uint64)
    found = np.zeros(len(sets.starts) - 1, dtype=np.uint64)
    filled = np.flatnonzero(np.diff(sets.starts))
    if len(filled):
        found[filled] = np.bitwise_xor.reduceat(bits[sets.ranks], sets.starts[filled])
    return found


class ParityList:
    """Numbered texts of which all that may be close to another one are found by looking at each.

    Every text brings an allowance: two are close only where the tokens of one of them alone are at
    most as many as the allowances of both together.

    Attributes:
        most_telling: allowances from which on the bits tell nothing.
    """

    most_telling: Final = _TELLING * _WORDS

    def __init__(self) -> None:
        import numpy as np

        self._count = 0
        self._words = np.empty((1024, _WORDS), dtype=np.uint64)
        self._folded = np.empty(1024, dtype=np.uint64)
        self._allowed = np.empty(1024, dtype=np.int16)
        self._allowed_folded = np.empty(1024, dtype=np.int8)
        self._make_room()

    def _make_room(self) -> None:
        """Make what is worked in as long as what is held: new memory would take half the time."""
        import numpy as np

        self._differing = np.empty_like(self._folded)
        self._counts = np.empty(len(self._folded), dtype=np.uint8)
        self._close = np.empty(len(self._folded), dtype=np.bool_)

    def cost(self, allowance: float) -> float:
        """Return what :meth:`close` costs, in entries of an inverted index that are read."""
        return self._count / (32 if allowance < _TELLING else 4)

    def add(self, bits: int, allowance: float) -> None:
        """Add a text by its :func:`parity`; its number is how many there were."""
        import numpy as np

        row = self._count
        if row == len(self._folded):
            self._words = np.concatenate((self._words, self._words))
            self._folded = np.concatenate((self._folded, self._folded))
            self._allowed = np.concatenate((self._allowed, self._allowed))
            self._allowed_folded = np.concatenate((self._allowed_folded, self._allowed_folded))
            self._make_room()
        words = _words(bits)
        self._words[row] = words
        self._folded[row] = np.bitwise_xor.reduce(words)
        halves = ceil(2 * allowance - _ROUNDING)
        self._allowed[row] = min(_ALL_HALVES, halves)
        self._allowed_folded[row] = min(_MOST_HALVES, halves)
        self._count += 1

    def close(self, bits: int, allowance: float) -> NDArray[np.int64]:
        """Return, ascending, the numbers of texts among which are all that are close to a text."""
        import numpy as np

        end, words = self._count, _words(bits)
        if allowance >= _TELLING:
            parts = [
                start + np.flatnonzero(self._are_close(slice(start, stop), words, allowance))
                for start in range(0, end, _ROWS_AT_ONCE)
                for stop in (min(end, start + _ROWS_AT_ONCE),)
            ]
            return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        differing, counts, close = self._differing[:end], self._counts[:end], self._close[:end]
        np.bitwise_xor(self._folded[:end], np.bitwise_xor.reduce(words), out=differing)
        np.bitwise_count(differing, out=counts)
        np.left_shift(counts, 1, out=counts)
        # Modulo 256, as all is that fits here: only 128 halves, all bits, come out as -128, and
        # such a text is looked at in vain.
        left = counts.view(np.int8)
        np.subtract(left, self._allowed_folded[:end], out=left)
        # One half at least: with the most that is kept of the other text it allows all 64 bits.
        np.less_equal(left, max(1, min(_MOST_HALVES, _halves(allowance))), out=close)
        found = np.flatnonzero(close)
        return found[self._are_close(found, words, allowance)]

    def close_among(
        self, numbers: NDArray[np.int64], bits: int, allowance: float
    ) -> NDArray[np.int64]:
        """Return those of ``numbers`` that :meth:`close` returns."""
        return numbers[self._are_close(numbers, _words(bits), allowance)]

    def _are_close(
        self, which: NDArray[np.int64] | slice, words: NDArray[np.uint64], allowance: float
    ) -> NDArray[np.bool_]:
        import numpy as np

        counts = np.bitwise_count(self._words[which] ^ words).view(np.uint64)[:, 0]
        # Eight bytes at a time: four sums of two, then the sum of these.
        counts = (counts & _EVERY_OTHER_BYTE) + (counts >> 8 & _EVERY_OTHER_BYTE)
        counts = counts * 0x0001_0001_0001_0001 >> 48
        close: NDArray[np.bool_] = 2 * counts.astype(np.int16) - self._allowed[which] <= _halves(
            allowance
        )
        return close


def _halves(allowance: float) -> int:
    return floor(2 * allowance + 2 * _ROUNDING)


def _words(bits: int) -> NDArray[np.uint64]:
    import numpy as np

    return np.frombuffer(bits.to_bytes(8 * _WORDS, "little"), dtype="<u8")
