"""Near duplicates: texts that share almost all of their words, found without comparing all pairs.

Exact: no pair of the asked Jaccard similarity is missed, none below it is removed. The survivor is
the earlier one, and what was removed removes nothing. ``docs/filters.md`` says how, and why exact
prefixes took the place of MinHash.

What is compared are a sample's slots, never its rendered prompt, whose template makes every sample
of a task look alike. Words are those of :func:`factory.text.tokens`: pairs of characters where a
script has no spaces.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from factory.filters.bulk_tokens import TokenSets, token_sets
from factory.filters.overlap import OverlapIndex
from factory.text import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How many tokens make a signature, by how many of its tokens a text may miss: the more, the fewer
#: texts share one by chance, and the more there are of them (20, 28, and one for each token).
_WIDTHS: Final = ((3, 3), (6, 2))
#: Two signatures that become one number cost a look at their texts, and nothing else.
_MIX: Final = 0x9E3779B97F4A7C15
#: Products of a share and a count come out a little too large: 0.55 * 20 is 11.000000000000002.
_ROUNDING: Final = 1e-9


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
        self._sets = _SetIndex(least_similarity)
        self._names: list[str] = []

    def earlier(self, text: str) -> str | None:
        """Return the name of the first text that was added and is as similar; None for none.

        ``text`` is a :func:`sketch`. A text without words is like no other.
        """
        place = self._sets.earlier(text.split("\n")) if text else None
        return None if place is None else self._names[place]

    def add(self, name: str, text: str) -> None:
        """Add a sketch under ``name``."""
        self._sets.add(text.split("\n") if text else ())
        self._names.append(name)


class _SetIndex:
    def __init__(self, least_similarity: float) -> None:
        self._least = least_similarity
        self._index = OverlapIndex()
        self._sets: list[Collection[Hashable]] = []

    def earlier(self, items: Sequence[Hashable]) -> int | None:
        size, least = len(items), self._least
        required = _required(least, size)
        most, fewest = size / least + _ROUNDING, required
        mine = None
        found: list[int] = self._index.candidates(items, required).tolist()
        for place in found:
            other = self._sets[place]
            if fewest <= len(other) <= most:
                mine = mine or frozenset(items)
                shared = len(mine.intersection(other))
                if shared and shared / (size + len(other) - shared) >= least:
                    return place
        return None

    def add(self, items: Sequence[Hashable]) -> None:
        self._index.add(items)
        self._sets.append(items)


def near_duplicates(texts: Sequence[str], least_similarity: float) -> dict[int, int]:
    """Return, for each text that an earlier surviving one is as similar to, the place of that one.

    Of several such, the first. A text without words is never a duplicate. Every text's tokens are
    read in bulk; looked at one by one are only those that share a signature with another one.
    """
    sets = token_sets(texts)
    index = _SetIndex(least_similarity)
    places: list[int] = []
    found: dict[int, int] = {}
    for place in _sharing(sets, least_similarity).tolist():
        items = sets.ranks[sets.starts[place] : sets.starts[place + 1]].tolist()
        earlier = index.earlier(items)
        if earlier is None:
            index.add(items)
            places.append(place)
        else:
            found[place] = places[earlier]
    return found


def _required(least: float, size: int) -> int:
    """Return how many of its ``size`` tokens a text shares with every one that is as similar."""
    return max(1, ceil(least * size - _ROUNDING))


def _sharing(sets: TokenSets, least: float) -> NDArray[np.int64]:
    """Return, ascending, the places of texts that may be as similar as ``least`` to another one.

    Two texts as similar as that miss at most ``size - required`` of their tokens each; so the
    first k tokens that they share, the rarest first, are among the first ``size - required + k``
    of both. All sets of k tokens from there are a text's signatures, and two similar texts have one
    in common. The smaller of the two says which k; a text has signatures for every k that a smaller
    one may have.
    """
    import numpy as np

    sizes = np.diff(sets.starts)
    keys: list[NDArray[np.uint64]] = []
    owners: list[NDArray[np.int64]] = []
    for size in np.unique(sizes[sizes > 0]).tolist():
        texts = np.flatnonzero(sizes == size)
        required = _required(least, size)
        for width in sorted({_width(least, smaller) for smaller in range(required, size + 1)}):
            first = min(size, size - required + width)
            rarest = sets.ranks[sets.starts[texts][:, None] + np.arange(first)]
            # A token that no other text has is in no common signature.
            shared = sets.frequencies[rarest] > 1
            for columns in combinations(range(first), width):
                has = np.logical_and.reduce([shared[:, column] for column in columns])
                key = np.full(int(has.sum()), width, dtype=np.uint64)
                for column in columns:
                    key = (key ^ rarest[has, column].astype(np.uint64)) * np.uint64(_MIX)
                    key ^= key >> np.uint64(29)
                keys.append(key)
                owners.append(texts[has])
    if not keys:
        return np.empty(0, dtype=np.int64)
    return _owners_of_repeated(np.concatenate(keys), np.concatenate(owners), len(sizes))


def _width(least: float, size: int) -> int:
    """Return how many tokens make a signature of two texts of which the smaller has ``size``."""
    required = _required(least, size)
    missed = size - required
    return min(required, next((k for most, k in _WIDTHS if missed <= most), 1))


def _owners_of_repeated(
    keys: NDArray[np.uint64], owners: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    import numpy as np

    order = np.argsort(keys)
    keys = keys[order]
    same = keys[1:] == keys[:-1]
    flags = np.zeros(count, dtype=bool)
    flags[owners[order[1:][same]]] = True
    flags[owners[order[:-1][same]]] = True
    return np.flatnonzero(flags)
