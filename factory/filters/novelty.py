"""Novelty of instructions: the rule of Self-Instruct (Wang et al., arXiv:2212.10560), exact.

An instruction joins the pool only where its ROUGE-L with every earlier one is at most 0.7. The
F-measure is that of the package ``rouge_score``, to the last bit, on ASCII text; that package sees
no other script (two equal Japanese sentences score 0), so units are those of
:mod:`factory.tasktypes.character_rouge`: words, and single ideographs and kana.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from factory.filters.overlap import OverlapIndex
from factory.tasktypes.character_rouge import units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Units of a text that fit the bits of a machine word.
WIDEST: Final = 64
#: From so many candidates on, comparing all at once is quicker than one by one.
_MANY: Final = 16
_ROUNDING: Final = 1e-9


class NoveltyOptions(BaseModel):
    """``filters: {novelty: {max_rouge: 0.7, field: instruction}}``: off unless asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_rouge: float = Field(
        default=0.7,
        ge=0.3,
        le=1,
        description="the ROUGE-L F-measure that an instruction may have with an earlier one",
    )
    field: str = Field(
        default="instruction", min_length=1, description="the slot in which the instruction stands"
    )


class Novelty:
    """Finds, for an instruction, the earlier one that says most of the same in the same order.

    Args:
        threshold: the ROUGE-L F-measure, in [0, 1], above which two instructions are one.
    """

    def __init__(self, threshold: float = 0.7) -> None:
        self._threshold = threshold
        self._index = OverlapIndex()
        self._texts: list[tuple[str, ...]] = []
        self._names: list[str] = []
        self._short = _ShortTexts()
        self._long: set[int] = set()

    def nearest(self, text: str) -> tuple[float, str] | None:
        """Return the highest score above the threshold and whose it is, the earliest of equals.

        None where ``text`` is new. A text without letters and digits is always new, as it is for
        ``rouge_score``.
        """
        mine = units(text)
        if not mine:
            return None
        size = len(mine)
        # Units in common are more than threshold / 2 of both lengths together, and the other text
        # is at least as long as what is common.
        share = self._threshold / (2 - self._threshold)
        required = max(1, int(share * size - _ROUNDING) + 1)
        found = self._index.candidates(_numbered(mine), required)
        # Of equal scores the earliest text has it.
        score, number = min(self._scores(mine, found), default=(0.0, 0))
        return (-score, self._names[number]) if score else None

    def _scores(self, mine: list[str], found: NDArray[np.int64]) -> Iterator[tuple[float, int]]:
        """Yield, of the texts that pass the threshold, minus the score and the number."""
        left: Iterable[int] = found.tolist()
        if len(found) >= _MANY and len(mine) <= WIDEST:
            if passing := self._short.best(mine, found, self._threshold):
                yield passing
            left = self._long.intersection(left) if self._long else ()
        size = len(mine)
        places: dict[str, int] = {}
        for place, unit in enumerate(mine):
            places[unit] = places.get(unit, 0) | 1 << place
        for number in left:
            other = self._texts[number]
            enough = self._threshold * (size + len(other)) / 2 - _ROUNDING
            if size >= enough <= len(other) and sum(map(places.__contains__, other)) >= enough:
                score = _f_measure(_longest_common(places, size, other), size, len(other))
                if score > self._threshold:
                    yield -score, number

    def add(self, name: str, text: str) -> None:
        """Add an instruction under ``name``."""
        mine = units(text)
        self._index.add(_numbered(mine))
        self._texts.append(tuple(mine))
        self._names.append(name)
        self._short.add(mine)
        if len(mine) > WIDEST:
            self._long.add(len(self._names) - 1)


class _ShortTexts:
    """Texts of at most :data:`WIDEST` units as rows of numbers: compared with one all at once."""

    def __init__(self) -> None:
        import numpy as np

        self._numbers: dict[str, int] = {}
        self._sizes = array("i")
        # Number 0 stands where a text has ended.
        self._rows = np.zeros((1024, WIDEST), dtype=np.int32)
        self._masks = np.zeros(4096, dtype=np.uint64)

    def add(self, found: Sequence[str]) -> None:
        """Add a text; a longer one keeps its place and is never found."""
        import numpy as np

        row = len(self._sizes)
        if row == len(self._rows):
            self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
        short = found if len(found) <= WIDEST else ()
        self._sizes.append(len(short))
        numbers = self._numbers
        self._rows[row, : len(short)] = [numbers.setdefault(u, len(numbers) + 1) for u in short]
        while len(numbers) >= len(self._masks):
            self._masks = np.concatenate((self._masks, np.zeros_like(self._masks)))

    def best(
        self, mine: Sequence[str], numbers: NDArray[np.int64], threshold: float
    ) -> tuple[float, int] | None:
        """Return minus the highest F-measure above the threshold and the first text that has it."""
        import numpy as np

        size = len(mine)
        sizes = np.frombuffer(self._sizes, dtype=np.intc)[numbers]
        enough = threshold * (size + sizes) / 2 - _ROUNDING
        may = (sizes >= enough) & (size >= enough)
        numbers, sizes, enough = numbers[may], sizes[may], enough[may]
        if not len(numbers):
            return None
        for place, unit in enumerate(mine):
            if number := self._numbers.get(unit):
                self._masks[number] |= np.uint64(1 << place)
        matches = self._masks[self._rows[numbers, : sizes.max()]]
        self._masks[[self._numbers.get(unit, 0) for unit in mine]] = 0
        # More of a text cannot be common in order than is common at all.
        may = (matches != 0).sum(axis=1) >= enough
        numbers, sizes = numbers[may], sizes[may]
        if not len(numbers):
            return None
        state = np.full(len(numbers), 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
        for column in np.ascontiguousarray(matches[may].T):
            matched = state & column
            state = (state + matched) | (state - matched)
        lengths = 64 - np.bitwise_count(state).astype(np.int64)
        passing = np.flatnonzero(lengths)
        if not len(passing):
            return None
        scores = _f_measure(lengths[passing], size, sizes[passing])
        first = int(scores.argmax())
        score = float(scores[first])
        return (-score, int(numbers[passing[first]])) if score > threshold else None


def novel(instructions: Iterable[str], threshold: float = 0.7) -> dict[int, tuple[float, int]]:
    """Return, for each instruction that is not new, its highest score and the place it has it with.

    Compared are those that came earlier and were new themselves.
    """
    pool = Novelty(threshold)
    dropped: dict[int, tuple[float, int]] = {}
    for place, text in enumerate(instructions):
        nearest = pool.nearest(text)
        if nearest is None:
            pool.add(str(place), text)
        else:
            dropped[place] = (nearest[0], int(nearest[1]))
    return dropped


def _numbered(found: Sequence[str]) -> list[str]:
    """Return the units, a repeated one with its number: as a set they are what a multiset was."""
    if len(set(found)) == len(found):
        return list(found)
    seen: dict[str, int] = {}
    numbered: list[str] = []
    for unit in found:
        times = seen.get(unit, 0)
        seen[unit] = times + 1
        numbered.append(f"{unit} {times}" if times else unit)
    return numbered


def _f_measure(common: Any, size: int, other: Any) -> Any:
    """Return F1 by the very operations of ``rouge_score``: rounding decides at the threshold.

    ``common`` is not 0; with ``other`` it may be an array.
    """
    precision, recall = common / other, common / size
    return 2 * precision * recall / (precision + recall)


def _longest_common(places: dict[str, int], size: int, other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, bit-parallel (Hyyrö, 2004)."""
    state = everything = (1 << size) - 1
    for unit in other:
        matched = state & places.get(unit, 0)
        if matched:
            state = (state + matched | state - matched) & everything
    return size - state.bit_count()
