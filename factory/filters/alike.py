"""Which of very many texts are as alike as asked: all pairs at once, exact, without comparing all.

Three steps, each of which leaves far fewer pairs to the next. Texts that share a *signature*, a few
of their rarest tokens, may be alike (prefix filter: Chaudhuri, Ganti and Kaushik, 2006). Of those,
*parities* say at least how many tokens are in one text only. What is left is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import ceil, comb
from typing import TYPE_CHECKING, Final, NamedTuple

from factory.filters.bulk_tokens import TokenSets
from factory.filters.parities import parities

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How many tokens make a signature, by how many of its tokens a text may miss: two are shared by
#: few texts by chance, but of many missed they make too many signatures. Then one token is one.
_MOST_MISSED_BY_PAIRS: Final = 10
#: A signature of more texts is crowded: its pairs, as many as the square, are not looked at here.
MOST_SHARING: Final = 256
#: Crowded too is a signature whose texts are alike one and all, by their pairs of so many places.
_TRIED: Final = 8
#: Numbers held at once, in signatures and in the tokens of pairs.
_AT_ONCE: Final = 1 << 23
#: Tokens for which one word of 64 parities is enough, and the most words.
_TOKENS_A_WORD: Final = 32
_MOST_WORDS: Final = 8
#: Products of a share and a count come out a little too large: 0.55 * 20 is 11.000000000000002.
ROUNDING: Final = 1e-9
# An odd number with its bits well spread: the golden ratio's.
_MIX: Final = 0x9E3779B97F4A7C15


class AlikePairs(NamedTuple):
    """The pairs of texts that are as alike as asked, but for those crowded signatures hide.

    Attributes:
        earlier, later: the places of the pairs' texts, ascending by the later, then the earlier.
        crowded: ascending, the places of the texts of crowded signatures. Pairs of two of these
            are all missing above.
    """

    earlier: NDArray[np.int64]
    later: NDArray[np.int64]
    crowded: NDArray[np.int64]


def required_of(least: float, size: int) -> int:
    """Return how many of its ``size`` tokens a text shares with every one that is as alike."""
    return max(1, ceil(least * size - ROUNDING))


def alike_pairs(sets: TokenSets, least: float) -> AlikePairs:
    """Return the pairs of texts whose Jaccard similarity is at least ``least``, in (0, 1]."""
    import numpy as np

    count = len(sets.starts) - 1
    compared = _Compared(sets, least)
    crowded = np.zeros(count, dtype=bool)
    found, held = [np.empty(0, dtype=np.int64)], 0
    for owners, groups in _shared_signatures(sets, least):
        lengths = np.diff(groups)
        of = np.repeat(np.arange(len(lengths)), lengths)
        crowds, passing = lengths > MOST_SHARING, np.zeros_like(lengths)
        # The n-th texts of all groups at once with the one that stands ``ahead`` places further on.
        places, ahead = np.flatnonzero(~crowds[of]), 1
        while len(places := places[places + ahead < groups[of[places] + 1]]):
            left, right = owners[places], owners[places + ahead]
            may = compared.may_be_alike(left, right)
            found.append(left[may] * count + right[may])
            held += len(may)
            if held > _AT_ONCE:
                # Texts that are alike share many signatures, and are found by each.
                found, held = [np.unique(np.concatenate(found))], 0
            if ahead <= _TRIED:
                passing += np.bincount(of[places[may]], minlength=len(passing))
            if ahead == _TRIED:
                crowds |= (passing > lengths) & (lengths > 2 * _TRIED)
                places = places[~crowds[of[places]]]
            ahead += 1
        crowded[owners[crowds[of]]] = True
    pairs = np.unique(np.concatenate(found))
    left, right = pairs // max(1, count), pairs % max(1, count)
    # Two signatures of one text may become one number: it is no pair with itself.
    asked = (left < right) & ~(crowded[left] & crowded[right])
    left, right = left[asked], right[asked]
    alike = compared.are_alike(left, right)
    left, right = left[alike], right[alike]
    order = np.lexsort((left, right))
    return AlikePairs(left[order], right[order], np.flatnonzero(crowded))


def _shared_signatures(
    sets: TokenSets, least: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield, in parts, the owners of each signature that several texts have, and where it starts.

    Owners ascend in a signature; a last start is where the last one ends.

    Two texts as alike as ``least`` miss at most ``size - required`` of their tokens each; so the
    first k tokens that they share, the rarest first, are among the first ``size - required + k``
    of both. All sets of k tokens from there are a text's signatures, and two alike texts have one
    in common. The smaller of the two says which k; a text has signatures for every k that a smaller
    one may have. (Two texts may share two signatures that become one number: that costs a look.)
    """
    import numpy as np

    sizes = np.diff(sets.starts)
    plans: list[tuple[int, int, int, NDArray[np.int64]]] = []
    total = 0
    for size in np.unique(sizes[sizes > 0]).tolist():
        texts = np.flatnonzero(sizes == size)
        required = required_of(least, size)
        for width in sorted({_width(least, smaller) for smaller in range(required, size + 1)}):
            first = min(size, size - required + width)
            plans.append((size, width, first, texts))
            total += comb(first, width) * len(texts)
    owner_bits = np.uint64(max(1, len(sizes) - 1).bit_length())
    spread = _spread(len(sets.frequencies))
    parts = -(-total // _AT_ONCE)
    for part in range(parts):
        keys = [_signatures(sets, spread, plan[1:], owner_bits, (part, parts)) for plan in plans]
        merged = np.concatenate(keys)
        del keys
        merged.sort()
        yield _several(merged, owner_bits)


def _width(least: float, size: int) -> int:
    """Return how many tokens make a signature of two texts of which the smaller has ``size``."""
    required = required_of(least, size)
    return min(required, 2 if size - required <= _MOST_MISSED_BY_PAIRS else 1)


def _signatures(
    sets: TokenSets,
    spread: NDArray[np.uint64],
    plan: tuple[int, int, NDArray[np.int64]],
    owner_bits: np.uint64,
    part: tuple[int, int],
) -> NDArray[np.uint64]:
    """Return a number for each signature of each text: its bits above, below them the owner's."""
    import numpy as np

    width, first, texts = plan
    rarest = sets.ranks[sets.starts[texts] + np.arange(first)[:, None]]
    # A token that no other text has is in no common signature.
    shared = sets.frequencies[rarest] > 1
    mine = shared & (rarest % part[1] == part[0]) if part[1] > 1 else shared
    mixed = spread[rarest]
    keys: list[NDArray[np.uint64]] = []
    owners = texts.astype(np.uint64)
    below = (np.uint64(1) << owner_bits) - np.uint64(1)
    for columns in combinations(range(first), width):
        has = mine[columns[0]]
        key = mixed[columns[0]] + np.uint64(width)
        for column in columns[1:]:
            has = has & shared[column]
            key = key * np.uint64(_MIX) + mixed[column]
        key = (key & ~below) | owners
        keys.append(key[has])
    return np.concatenate(keys)


def _several(
    keys: NDArray[np.uint64], owner_bits: np.uint64
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, of sorted keys, the owners of signatures that several have, and where each starts."""
    import numpy as np

    signatures = keys >> owner_bits
    same = signatures[1:] == signatures[:-1]
    kept = np.zeros(len(keys), dtype=bool)
    kept[1:] = same
    kept[:-1] |= same
    owners = (keys[kept] & ((np.uint64(1) << owner_bits) - np.uint64(1))).astype(np.int64)
    signatures = signatures[kept]
    starts = np.flatnonzero(signatures[1:] != signatures[:-1]) + 1
    return owners, np.concatenate(([0], starts, [len(owners)]))


def _spread(count: int) -> NDArray[np.uint64]:
    """Return ``count`` numbers whose bits are well spread (the finaliser of splitmix64)."""
    import numpy as np

    mixed = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(_MIX)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


class _Compared:
    """Compares pairs of texts, given as two arrays of places."""

    def __init__(self, sets: TokenSets, least: float) -> None:
        import numpy as np

        self._sets, self._least = sets, least
        self._sizes = np.diff(sets.starts)
        most = 2 * int(self._sizes.max(initial=0))
        # Of two texts with n tokens together at most so many are in one of them only.
        self._limits = ((1 - least) / (1 + least) * np.arange(most + 1) + ROUNDING).astype(np.int32)
        words = 1 + int(self._sizes.sum()) // max(1, len(self._sizes)) // _TOKENS_A_WORD
        words = min(words, _MOST_WORDS)
        self._parities = [parities(sets, word, words) for word in range(words)]

    def may_be_alike(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return, ascending, which of the pairs may be alike: all that are, and few others.

        A token of both texts changes no parity between them. So at least as many tokens are in one
        of them only as parities differ.
        """
        import numpy as np

        limits = self._limits[self._sizes[left] + self._sizes[right]]
        kept = np.arange(len(left))
        differing = np.zeros(len(left), dtype=np.int32)
        for bits in self._parities:
            differing += np.bitwise_count(bits[left] ^ bits[right])
            may = differing <= limits
            kept, left, right = kept[may], left[may], right[may]
            limits, differing = limits[may], differing[may]
        return kept

    def are_alike(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return, for each of the pairs, whether it is alike."""
        import numpy as np

        shared = np.zeros(len(left), dtype=np.int64)
        sizes = self._sizes
        steps = np.cumsum(sizes[left] + sizes[right]) // _AT_ONCE
        for step in range(int(steps[-1]) + 1 if len(steps) else 0):
            part = slice(*np.searchsorted(steps, (step, step + 1)).tolist())
            shared[part] = self._shared(left[part], right[part])
        return shared / np.maximum(1, sizes[left] + sizes[right] - shared) >= self._least

    def _shared(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        import numpy as np

        kinds = len(self._sets.frequencies)
        both = np.concatenate((self._keys(left, kinds), self._keys(right, kinds)))
        both.sort()
        return np.bincount(both[1:][both[1:] == both[:-1]] // kinds, minlength=len(left))

    def _keys(self, texts: NDArray[np.int64], kinds: int) -> NDArray[np.int64]:
        """Return one number for each token of each of ``texts``, by its place among them."""
        import numpy as np

        sizes = self._sizes[texts]
        of = np.repeat(np.arange(len(texts)), sizes)
        offsets = self._sets.starts[texts] - (np.cumsum(sizes) - sizes)
        keys: NDArray[np.int64] = of * kinds + self._sets.ranks[np.arange(len(of)) + offsets[of]]
        return keys
