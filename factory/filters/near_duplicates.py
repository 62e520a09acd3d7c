"""Near duplicates: texts that share almost all of their words, found without comparing all pairs.

Exact: no pair of the asked Jaccard similarity is missed, none below it is removed. The survivor is
the earlier one, and what was removed removes nothing. ``docs/filters.md`` says how, and why exact
prefixes took the place of MinHash.

What is compared are a sample's slots, never its rendered prompt, whose template makes every sample
of a task look alike. Words are those of :func:`factory.text.tokens`: pairs of characters where a
script has no spaces.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from factory.filters.alike import ROUNDING, alike_pairs, required_of
from factory.filters.bulk_tokens import TokenSets, token_sets
from factory.filters.overlap import OverlapIndex
from factory.text import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class NearDuplicates(BaseModel):
    """``filters: {near_duplicates: {similarity: 0.9}}``: off unless a recipe asks for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    similarity: float = Field(
        default=0.9,
        ge=0.5,
        le=1,
        description="two samples whose slots share this much of their words are one",
    )


def text_of(slots: Mapping[str, Any]) -> str:
    """Return every text in ``slots``, at any depth, in order."""
    return " ".join(_texts(slots))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def sketch(text: str) -> str:
    """Return what :class:`NearDuplicateIndex` compares of ``text``: its distinct words, in order.

    One string, a word a line, since it travels from a worker to the fold. Empty for no text.
    """
    if not text or text.isspace():
        return ""
    return "\n".join(sorted(set(tokens(text))))


class NearDuplicateIndex:
    """Finds, for a text, an earlier one that is at least ``least_similarity`` alike.

    Agrees with :func:`near_duplicates` on every text, whatever came in between.
    """

    def __init__(self, least_similarity: float) -> None:
        self._texts: list[str] = []
        self._names: list[str] = []
        # A text's words are cut apart again when they are compared: few are, and all at once they
        # would fill many times the memory.
        self._sets = _SetIndex(least_similarity, lambda number: self._texts[number].split("\n"))

    def earlier(self, text: str) -> str | None:
        """Return the name of the first text that was added and is as similar; None for none.

        ``text`` is a :func:`sketch`. A text without words is like no other.
        """
        number = self._sets.earlier(text.split("\n")) if text else None
        return None if number is None else self._names[number]

    def add(self, name: str, text: str) -> None:
        """Add a sketch under ``name``."""
        self._sets.add(text.split("\n") if text else ())
        self._texts.append(text)
        self._names.append(name)


class _SetIndex:
    """Finds the first of numbered texts that is as similar; ``items_of`` knows their items."""

    def __init__(
        self, least_similarity: float, items_of: Callable[[int], Collection[Hashable]]
    ) -> None:
        self._least = least_similarity
        self._items_of = items_of
        self._index = OverlapIndex()

    def earlier(self, items: Sequence[Hashable]) -> int | None:
        size, least = len(items), self._least
        required = required_of(least, size)
        most, fewest = size / least + ROUNDING, required
        sizes = self._index.sizes
        mine = None
        found: list[int] = self._index.candidates(items, required).tolist()
        for number in found:
            if fewest <= sizes[number] <= most:
                mine = mine or frozenset(items)
                shared = len(mine.intersection(self._items_of(number)))
                if shared and shared / (size + sizes[number] - shared) >= least:
                    return number
        return None

    def add(self, items: Sequence[Hashable]) -> None:
        self._index.add(items)


def near_duplicates(texts: Sequence[str], least_similarity: float) -> dict[int, int]:
    """Return, for each text that an earlier surviving one is as similar to, the place of that one.

    Of several such, the first. A text without words is never a duplicate. Looked at one by one are
    only texts that share a signature with very many.
    """
    sets = token_sets(texts)
    pairs = alike_pairs(sets, least_similarity)
    crowded = _Crowded(sets, pairs.crowded, least_similarity)
    found: dict[int, int] = {}
    for earlier, later in zip(pairs.earlier.tolist(), pairs.later.tolist(), strict=True):
        crowded.decide_before(later, found)
        if earlier not in found:
            found[later] = min(earlier, found.get(later, earlier))
    crowded.decide_before(len(texts), found)
    return dict(sorted(found.items()))


class _Crowded:
    """The texts of crowded signatures, taken one after the other as they come in the list."""

    def __init__(self, sets: TokenSets, places: NDArray[np.int64], least: float) -> None:
        self._sets = sets
        self._index = _SetIndex(least, lambda number: self._items(self._added[number]))
        self._added: list[int] = []
        self._left = places[::-1].tolist()

    def _items(self, place: int) -> list[int]:
        items: list[int] = self._sets.ranks[
            self._sets.starts[place] : self._sets.starts[place + 1]
        ].tolist()
        return items

    def decide_before(self, end: int, found: dict[int, int]) -> None:
        """Decide on the texts before ``end``, of which ``found`` knows all other pairs."""
        while self._left and self._left[-1] < end:
            place = self._left.pop()
            items = self._items(place)
            number = self._index.earlier(items)
            if number is not None:
                found[place] = min(self._added[number], found.get(place, place))
            elif place not in found:
                self._index.add(items)
                self._added.append(place)
