"""Ways to choose among options without understanding the question: what the probes try.

A :class:`Board` is one sample as a cheat sees it. A cheat gives each option a number, and the
options are taken from the highest down. Options with equal numbers are taken in a blind order, so
a score is an expectation, exact and the same at every run: nothing is drawn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import fsum
from types import MappingProxyType
from typing import Final

from factory.sample import Sample
from factory.text import CJK, after_label, folded_case, tokens

_WORD: Final = re.compile(r"\w+")
#: Every ASCII character that stands in no word becomes a space: a third of the expression's time.
_SPACES_BETWEEN_WORDS: Final = bytes(
    code if chr(code).isalnum() or chr(code) == "_" else 0x20 for code in range(128)
) + bytes(range(128, 256))
_CAPITALISED: Final = re.compile(r"[^\W\d_]\S*")


@dataclass(frozen=True)
class Board:
    """One sample as a cheat sees it.

    Attributes:
        sample: the sample.
        options: what is chosen from, in display order.
        worth: what each option adds to the score where it is taken first.
        weights: by how much ``worth`` counts at each place that is scored: 1 where one option is
            chosen, 1, 1, 1 where three are, the discounts of nDCG where all are put in order.
    """

    sample: Sample
    options: tuple[str, ...]
    worth: tuple[float, ...]
    weights: tuple[float, ...]

    @cached_property
    def question(self) -> frozenset[str]:
        """The words of the question, the options left out."""
        return frozenset(words(f"{self.sample.prompt}\n{self.sample.input}"))

    @cached_property
    def words(self) -> tuple[frozenset[str], ...]:
        """The words of each option."""
        return tuple([frozenset(words(option)) for option in self.options])

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """The characters of each option."""
        return tuple(map(len, self.options))

    @cached_property
    def shared(self) -> tuple[int, ...]:
        """How many words each option has in common with the question."""
        return tuple(map(len, map(self.question.intersection, self.words)))

    @cached_property
    def alikeness(self) -> tuple[float, ...]:
        """In how many options a word of each option stands, on average over its words.

        A sum over words, where comparing each two options would cost the square of their number.
        """
        holders = Counter(chain.from_iterable(self.words))
        count = holders.__getitem__
        return tuple([sum(map(count, each)) / (len(each) or 1) for each in self.words])

    @cached_property
    def best(self) -> frozenset[int]:
        """The places of the options that are worth most, from 0."""
        most = max(self.worth)
        return frozenset([place for place, worth in enumerate(self.worth) if worth == most])

    @cached_property
    def length_ranks(self) -> tuple[int, ...]:
        """The place of each option among all by its length, the longest 0; of equals the first."""
        order = sorted(range(len(self.options)), key=self.lengths.__getitem__, reverse=True)
        ranks = [0] * len(order)
        for rank, place in enumerate(order):
            ranks[place] = rank
        return tuple(ranks)

    @property
    def chance(self) -> float:
        """What a blind order scores on average."""
        return fsum(self.worth) * fsum(self.weights) / len(self.options)

    def score(self, liking: Sequence[float]) -> float:
        """Return what taking the options by ``liking``, highest first, scores; ties blindly."""
        worth, weights = self.worth, self.weights
        if len(weights) == 1:
            most = max(liking)
            taken = [each for each, like in zip(worth, liking, strict=True) if like == most]
            return weights[0] * sum(taken) / len(taken)
        order = sorted(range(len(liking)), key=liking.__getitem__, reverse=True)
        total, start = 0.0, 0
        while start < len(weights):
            like = liking[order[start]]
            end = start + 1
            while end < len(order) and liking[order[end]] == like:
                end += 1
            tied = order[start:end]
            total += sum(weights[start:end]) * sum([worth[i] for i in tied]) / (end - start)
            start = end
        return total


#: Gives each option of a board a number.
Cheat = Callable[[Board], Sequence[float]]


def words(text: str) -> Sequence[str]:
    """Return the words of a text: quicker than tokens, which are only needed without spaces."""
    if text.isascii():
        return text.lower().encode().translate(_SPACES_BETWEEN_WORDS).decode().split()
    if CJK.search(text) is None:
        return _WORD.findall(folded_case(text))
    return tokens(text)


def _brand(board: Board) -> list[float]:
    """Whether the option names the brand of the question: a guess where no slot says it."""
    slot = board.sample.slots.get("brand")
    if not isinstance(slot, str) or not slot:
        start = _CAPITALISED.match(after_label(board.sample.input))
        slot = start[0] if start and start[0][0].isupper() else ""
    brand = frozenset(words(slot))
    return [float(bool(brand) and brand <= each) for each in board.words]


def _said_already(board: Board) -> list[float]:
    """How much of the option the question says."""
    return [
        shared / (len(each) or 1) for shared, each in zip(board.shared, board.words, strict=True)
    ]


def _negative(values: Sequence[float]) -> list[float]:
    return [-value for value in values]


#: Cheats that see one sample alone.
BLIND: Final[Mapping[str, Cheat]] = MappingProxyType(
    {
        "longest": lambda board: board.lengths,
        "shortest": lambda board: _negative(board.lengths),
        "first": lambda board: range(len(board.options), 0, -1),
        "last": lambda board: range(len(board.options)),
        "most_shared_words": lambda board: board.shared,
        "fewest_shared_words": lambda board: _negative(board.shared),
        "most_said_already": _said_already,
        "most_alike": lambda board: board.alikeness,
        "odd_one_out": lambda board: _negative(board.alikeness),
        "same_brand": _brand,
    }
)


def often_gold(seen: Sequence[Board]) -> Cheat:
    """Return the cheat that takes the option that was right most often in ``seen``."""
    right = Counter([board.options[place] for board in seen for place in sorted(board.best)])
    return lambda board: [float(right[option]) for option in board.options]


def often_gold_when_shown(seen: Sequence[Board]) -> Cheat:
    """Return the cheat that takes what was right in the largest share of its showings.

    Smoothed with one showing at the overall share, or an option seen once would beat all.
    """
    right = Counter([board.options[place] for board in seen for place in board.best])
    shown = Counter([option for board in seen for option in board.options])
    prior = right.total() / max(1, shown.total())
    return lambda board: [(right[option] + prior) / (shown[option] + 1) for option in board.options]


def usual_length_rank(seen: Sequence[Board]) -> Cheat:
    """Return the cheat that takes the second longest, or whichever was right most often."""
    right = Counter([board.length_ranks[place] for board in seen for place in board.best])
    return lambda board: [float(right[rank]) for rank in board.length_ranks]


def answer_of_length(seen: Sequence[Board]) -> Cheat:
    """Return the cheat that takes what was right most often beside questions of such a length."""
    lengths = sorted([len(board.sample.input) for board in seen])
    cuts = (lengths[len(lengths) // 3], lengths[2 * len(lengths) // 3])

    def third(board: Board) -> int:
        return sum(len(board.sample.input) > cut for cut in cuts)

    right = Counter(
        [(third(board), board.options[place]) for board in seen for place in board.best]
    )
    return lambda board: [float(right[third(board), option]) for option in board.options]


#: Cheats that learn from other samples of the task.
LEARNED: Final[Mapping[str, Callable[[Sequence[Board]], Cheat]]] = MappingProxyType(
    {
        "often_gold": often_gold,
        "often_gold_when_shown": often_gold_when_shown,
        "usual_length_rank": usual_length_rank,
    }
)
