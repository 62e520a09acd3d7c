"""How many samples each stratum may hold, settled before the first row is read.

Positions of the gold, labels, stars and languages are strata. Their quotas follow from the recipe
and from how many keys each stratum has, both known from the plan alone.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from heapq import heapify, heappop, heapreplace
from itertools import product

from factory.errors import RecipeError
from factory.recipe import Shares

#: A stratum is named by the values of its dimensions, in the order of the recipe.
Stratum = tuple[str, ...]


def share_out(
    size: int,
    available: Mapping[Stratum, int],
    shares: Mapping[str, Shares],
    tolerance: float,
) -> dict[Stratum, int]:
    """Return the quota of every stratum.

    ``size`` is shared out over the strata by the product of their dimensions' shares, the largest
    remainders first. Where the scarcest stratum cannot fill its part, no other may be fuller in
    proportion than ``1 + tolerance`` times it: a balance that holds is worth more than rows. A
    stratum without a single key is left out: it would leave nothing of the others.

    Args:
        size: samples wanted.
        available: keys in each stratum.
        shares: for each dimension, ``equal`` or the share of each value.
        tolerance: how much fuller than the scarcest stratum another may get.

    Raises:
        RecipeError: a named value that no key has.
    """
    if not shares:
        return {(): min(size, sum(available.values()))}
    parts = [
        _parts(name, share, _values(available, n)) for n, (name, share) in enumerate(shares.items())
    ]
    cells = {
        tuple(value for value, _ in cell): math.prod((part for _, part in cell), start=Fraction(1))
        for cell in product(*parts)
    }
    wanted = _round(size, cells)
    scale = min(
        (
            Fraction(available[cell], count)
            for cell, count in wanted.items()
            if count and available.get(cell)
        ),
        default=Fraction(1),
    )
    if scale >= 1 and all(available.get(cell) for cell, count in wanted.items() if count):
        return wanted
    loose = min(scale, Fraction(1)) * (1 + Fraction(tolerance))
    return {
        cell: min(count, available.get(cell, 0), math.ceil(count * loose))
        for cell, count in wanted.items()
    }


def _values(available: Mapping[Stratum, int], dimension: int) -> list[str]:
    return sorted({stratum[dimension] for stratum in available})


def _parts(name: str, share: Shares, values: Sequence[str]) -> list[tuple[str, Fraction]]:
    if share == "equal":
        return [(value, Fraction(1, len(values))) for value in values]
    assert isinstance(share, dict)  # noqa: S101  'free' dimensions never become strata
    there = set(values)
    # A shop that sells in fewer locales than the catalogue knows shares out among those it has.
    known = {value: part for value, part in share.items() if name != "locale" or value in there}
    for value in known or share:
        if value not in there:
            raise RecipeError(
                f"balance.{name}: no row has the value {value!r}; there are {', '.join(values)}"
            )
    whole = sum(Fraction(part) for part in known.values())
    return [(value, Fraction(part) / whole) for value, part in known.items()]


def _round(size: int, cells: Mapping[Stratum, Fraction]) -> dict[Stratum, int]:
    """Return whole numbers that add up to ``size``, by the largest remainders.

    Of equal remainders those come first whose values have got the least so far, so that ten samples
    of four labels by four positions still hold every label and every position.
    """
    whole = {cell: math.floor(size * part) for cell, part in cells.items()}
    alike: defaultdict[Fraction, list[Stratum]] = defaultdict(list)
    for cell, part in cells.items():
        alike[size * part - whole[cell]].append(cell)
    left = size - sum(whole.values())
    given: Counter[tuple[int, str]] = Counter()
    for remainder in sorted(alike, reverse=True):
        among = alike[remainder]
        for cell in among if len(among) <= left else _least_given(among, left, given):
            whole[cell] += 1
            given.update(enumerate(cell))
        left -= min(left, len(among))
        if not left:
            break
    return whole


def _least_given(
    cells: Sequence[Stratum], count: int, before: Mapping[tuple[int, str], int]
) -> Iterator[Stratum]:
    """Yield ``count`` of ``cells``: each time one whose values were given least, the first by name.

    ``before`` is how often each value has been given. Cells that differ in one dimension alone are
    a row, and the rows a heap: what is given only grows, so where the row on top is still what it
    was when it was put there, no other comes before it. The values of that dimension are bits of a
    number, those of a row that are left and those that were given alike: the first of both is one
    step.
    """
    given = Counter(before)
    along = _dimension_of_rows(cells)
    names = sorted({cell[along] for cell in cells})
    bits = {name: 1 << place for place, name in enumerate(names)}
    left: defaultdict[Stratum, int] = defaultdict(int)
    for cell in cells:
        left[cell[:along] + cell[along + 1 :]] |= bits[cell[along]]
    levels: defaultdict[int, int] = defaultdict(int)
    for name in names:
        levels[given[along, name]] |= bits[name]
    lowest = dict.fromkeys(left, min(levels))

    def first(row: Stratum) -> tuple[int, Stratum, Stratum]:
        """Return what was given to the first cell of a row, the cell, and the row."""
        level = lowest[row]
        while not (found := left[row] & levels.get(level, 0)):
            level += 1
        lowest[row] = level
        name = names[(found & -found).bit_length() - 1]
        cell = (*row[:along], name, *row[along:])
        return sum(given[place] for place in enumerate(cell)), cell, row

    rows = [first(row) for row in left]
    heapify(rows)
    for _ in range(count):
        while rows[0] != (now := first(rows[0][2])):
            heapreplace(rows, now)
        _, cell, row = now
        bit, level = bits[cell[along]], lowest[row]
        yield cell
        given.update(enumerate(cell))
        levels[level] ^= bit
        levels[level + 1] |= bit
        left[row] ^= bit
        if left[row]:
            heapreplace(rows, first(row))
        else:
            heappop(rows)


def _dimension_of_rows(cells: Sequence[Stratum]) -> int:
    """Return the dimension in which the cells of a row differ, so that few rows have to be seen.

    Rows of the last dimension come one after another by name, so each is looked at about once while
    as many cells are given as it has values; others may all be looked at for each cell.
    """
    sizes = [len({cell[place] for cell in cells}) for place in range(len(cells[0]))]
    rows = [math.prod(sizes) // size for size in sizes]
    looks = [*rows[:-1], rows[-1] // sizes[-1]]
    return min(range(len(sizes)), key=lambda place: (looks[place], -place))
