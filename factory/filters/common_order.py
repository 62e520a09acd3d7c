"""How much of one text another one says in the same order: ROUGE-L, bit-parallel (Hyyrö, 2004)."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Units of a text that fit the bits of a machine word.
WIDEST: Final = 64
#: From so many texts on, comparing all at once is quicker than one by one.
MANY: Final = 16
_ROUNDING: Final = 1e-9


def f_measure(common: Any, size: int, other: Any) -> Any:
    """Return F1 by the very operations of ``rouge_score``: rounding decides at the threshold.

    ``common`` is not 0; with ``other`` it may be an array.
    """
    precision, recall = common / other, common / size
    return 2 * precision * recall / (precision + recall)


def longest_common(places: Mapping[int, int], size: int, other: Sequence[int]) -> int:
    """Return the length of the longest common subsequence of two texts.

    Args:
        places: the one text: for each unit the bits of the places where it stands.
        size: how many units that text has.
        other: the other text's units.
    """
    state = everything = (1 << size) - 1
    for unit in other:
        matched = state & places.get(unit, 0)
        if matched:
            state = (state + matched | state - matched) & everything
    return size - state.bit_count()


class Sharing(NamedTuple):
    """Texts that share enough units with one text.

    Attributes:
        numbers: which they are, ascending.
        sizes: how many units each has.
        matches: a row a text: for each of its units the bits of its places in the one text.
    """

    numbers: NDArray[np.int64]
    sizes: NDArray[np.int64]
    matches: NDArray[np.uint64]

    def best(self, size: int, threshold: float) -> tuple[float, int] | None:
        """Return minus the highest F-measure above the threshold and the first text that has it.

        ``size`` is how many units the one text has.
        """
        import numpy as np

        state = np.full(len(self.numbers), 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
        for column in np.ascontiguousarray(self.matches.T):
            matched = state & column
            state = (state + matched) | (state - matched)
        lengths = 64 - np.bitwise_count(state).astype(np.int64)
        passing = np.flatnonzero(lengths)
        if not len(passing):
            return None
        scores = f_measure(lengths[passing], size, self.sizes[passing])
        first = int(scores.argmax())
        score = float(scores[first])
        return (-score, int(self.numbers[passing[first]])) if score > threshold else None


class ShortTexts:
    """Texts of at most :data:`WIDEST` units as rows of numbers: compared with one all at once."""

    def __init__(self) -> None:
        import numpy as np

        self._sizes = array("q")
        # Of a unit one more than its number, and 0 where a text has ended.
        self._rows = np.zeros((1024, WIDEST), dtype=np.int32)
        self._masks = np.zeros(4096, dtype=np.uint64)

    def add(self, order: Sequence[int]) -> None:
        """Add a text by its units' numbers; a longer one keeps its place and is never found."""
        import numpy as np

        row = len(self._sizes)
        if row == len(self._rows):
            self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
        short = order if len(order) <= WIDEST else ()
        self._sizes.append(len(short))
        if short:
            self._rows[row, : len(short)] = short
            self._rows[row, : len(short)] += 1
            self._make_room(max(short))

    def _make_room(self, unit: int) -> None:
        import numpy as np

        while unit + 1 >= len(self._masks):
            self._masks = np.concatenate((self._masks, np.zeros_like(self._masks)))

    def sharing(
        self, places: Mapping[int, int], size: int, numbers: NDArray[np.int64], threshold: float
    ) -> Sharing:
        """Return those of ``numbers`` that share enough units to pass ``threshold``.

        Args:
            places: for each unit of the one text the bits of its places, at most :data:`WIDEST`.
            size: how many units that text has.
            numbers: of the texts to look at, ascending.
            threshold: the F-measure that is to be exceeded.
        """
        import numpy as np

        sizes = np.frombuffer(self._sizes, dtype=np.int64)[numbers]
        enough = threshold * (size + sizes) / 2 - _ROUNDING
        may = (sizes >= enough) & (size >= enough)
        numbers, sizes, enough = numbers[may], sizes[may], enough[may]
        self._make_room(max(places))
        rows = np.fromiter(places, np.int64, len(places)) + 1
        self._masks[rows] = np.fromiter(places.values(), np.uint64, len(places))
        matches = self._masks[self._rows[numbers, : sizes.max(initial=0)]]
        self._masks[rows] = 0
        # More of a text cannot be common in order than is common at all.
        may = (matches != 0).sum(axis=1) >= enough
        return Sharing(numbers[may], sizes[may], matches[may])
