"""Novelty of instructions: the rule of Self-Instruct (Wang et al., arXiv:2212.10560), exact.

An instruction joins the pool only where its ROUGE-L with every earlier one is at most 0.7. The
F-measure is that of the package ``rouge_score``, to the last bit, on ASCII text; that package sees
no other script (two equal Japanese sentences score 0), so units are those of
:mod:`factory.tasktypes.character_rouge`: words, and single ideographs and kana.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from factory.filters.common_order import MANY, WIDEST, ShortTexts, f_measure, longest_common
from factory.filters.overlap import OverlapIndex
from factory.filters.parities import ParityList, parity
from factory.tasktypes.character_rouge import units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


class _Instruction(NamedTuple):
    """An instruction as numbers: its units in order, and its units as a set.

    In the set a repeated unit has another number each time: it is what a multiset was.
    """

    text: str
    order: tuple[int, ...]
    distinct: tuple[int, ...]


class Novelty:
    """Finds, for an instruction, the earlier one that says most of the same in the same order.

    Args:
        threshold: the ROUGE-L F-measure, in [0, 1], above which two instructions are one.
    """

    def __init__(self, threshold: float = 0.7) -> None:
        self._threshold = threshold
        self._numbers: dict[Hashable, int] = {}
        self._index = OverlapIndex()
        self._parities = ParityList()
        self._texts: list[tuple[int, ...]] = []
        self._names: list[str] = []
        self._short = ShortTexts()
        self._long: set[int] = set()
        self._last = _Instruction("", (), ())

    def nearest(self, text: str) -> tuple[float, str] | None:
        """Return the highest score above the threshold and whose it is, the earliest of equals.

        None where ``text`` is new. A text without letters and digits is always new, as it is for
        ``rouge_score``.
        """
        mine = self._read(text)
        if not mine.order:
            return None
        # Of equal scores the earliest text has it.
        scores = self._scores(mine.order, self._candidates(mine))
        score, number = min(scores, default=(0.0, 0))
        return (-score, self._names[number]) if score else None

    def add(self, name: str, text: str) -> None:
        """Add an instruction under ``name``."""
        mine = self._read(text)
        self._index.add(mine.distinct)
        self._parities.add(parity(mine.distinct), self._allowance(mine))
        self._short.add(mine.order)
        if len(mine.order) > WIDEST:
            self._long.add(len(self._names))
        self._texts.append(mine.order)
        self._names.append(name)

    def _read(self, text: str) -> _Instruction:
        # An instruction that turns out to be new is asked about, and then added.
        if self._last.text != text:
            numbers = self._numbers
            order = tuple([numbers.setdefault(unit, len(numbers)) for unit in units(text)])
            distinct = order
            if len(set(order)) < len(order):
                times: dict[int, int] = {}
                several: list[int] = []
                for unit in order:
                    time = times[unit] = times.get(unit, -1) + 1
                    several.append(numbers.setdefault((unit, time), len(numbers)) if time else unit)
                distinct = tuple(several)
            self._last = _Instruction(text, order, distinct)
        return self._last

    def _allowance(self, text: _Instruction) -> float:
        """Return how many of its units a text of so many may have alone.

        Units in common order are more than threshold / 2 of both lengths together; so those that
        only one of two texts has are fewer than 1 - threshold of both lengths.
        """
        return (1 - self._threshold) * len(text.order) + _ROUNDING

    def _candidates(self, mine: _Instruction) -> NDArray[np.int64]:
        """Return, ascending, the numbers of texts among which are all that pass the threshold."""
        size = len(mine.order)
        # Units in common are more than threshold / 2 of both lengths together, and the other text
        # is at least as long as what is common.
        share = self._threshold / (2 - self._threshold)
        required = max(1, int(share * size - _ROUNDING) + 1)
        bits, allowance = parity(mine.distinct), self._allowance(mine)
        telling = allowance < self._parities.most_telling
        most = self._parities.cost(allowance) if telling else inf
        found = self._index.cheap_candidates(mine.distinct, required, most)
        if found is None:
            return self._parities.close(bits, allowance)
        if telling and len(found) >= MANY:
            return self._parities.close_among(found, bits, allowance)
        return found

    def _scores(
        self, mine: tuple[int, ...], found: NDArray[np.int64]
    ) -> Iterator[tuple[float, int]]:
        """Yield, of the texts that pass the threshold, minus the score and the number."""
        size = len(mine)
        places: dict[int, int] = {}
        for place, unit in enumerate(mine):
            places[unit] = places.get(unit, 0) | 1 << place
        left: Iterable[int]
        if len(found) >= MANY and size <= WIDEST:
            close = self._short.sharing(places, size, found, self._threshold)
            if len(close.numbers) >= MANY:
                if passing := close.best(size, self._threshold):
                    yield passing
                left = ()
            else:
                left = close.numbers.tolist()
            if self._long:
                left = (*left, *self._long.intersection(found.tolist()))
        else:
            left = found.tolist()
        for number in left:
            other = self._texts[number]
            enough = self._threshold * (size + len(other)) / 2 - _ROUNDING
            if size >= enough <= len(other) and sum(map(places.__contains__, other)) >= enough:
                score = f_measure(longest_common(places, size, other), size, len(other))
                if score > self._threshold:
                    yield -score, number


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
