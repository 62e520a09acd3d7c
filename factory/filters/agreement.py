"""How far judges agree, and how sure a share is.

Cohen's kappa is of two, Krippendorff's alpha of any number. Both are chance-corrected: 1 is
perfect, 0 is what chance gives, below 0 is worse than chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import sqrt
from typing import Any, Final

#: The normal quantile of a 95 % interval.
_QUANTILE: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``of``: the share, and its 95 % interval by Wilson's score (Wilson, 1927).

    That interval holds for few and for extreme shares too: 20 of 20 is 0.84 to 1.
    """

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        """The share itself; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The lower and the upper end; None of nothing."""
        if not self.of:
            return None
        share, squared = self.hits / self.of, _QUANTILE**2 / self.of
        middle = share + squared / 2
        margin = sqrt(share * (1 - share) * squared + squared**2 / 4)
        low, high = ((middle + sign * margin) / (1 + squared) for sign in (-1, 1))
        return max(low, 0.0), min(high, 1.0)

    def describe(self) -> dict[str, Any]:
        """Return it as JSON, rounded to four digits."""
        interval = self.interval
        return {
            "hits": self.hits,
            "of": self.of,
            "share": None if self.share is None else round(self.share, 4),
            "interval": None if interval is None else [round(end, 4) for end in interval],
        }


def cohens_kappa(left: Sequence[object], right: Sequence[object]) -> float | None:
    """Return Cohen's kappa of two judges' labels for the same items.

    None where it is not defined: no items, or both always give one and the same label.

    Raises ``ValueError`` for sequences of different lengths.
    """
    if len(left) != len(right):
        raise ValueError(f"{len(left)} and {len(right)} labels are not of the same items")
    if not left:
        return None
    count = len(left)
    agreed = sum(a == b for a, b in zip(left, right, strict=True)) / count
    lefts, rights = Counter(left), Counter(right)
    chance = sum(lefts[label] * rights[label] for label in lefts) / count**2
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def krippendorffs_alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Return Krippendorff's alpha for interval data: the scores of each item, by whoever gave some.

    Items with fewer than two scores say nothing. None where it is not defined: no item has two, or
    all scores are equal (Krippendorff, "Computing Krippendorff's alpha-reliability", 2011).
    """
    paired = [unit for unit in units if len(unit) > 1]
    values = Counter(value for unit in paired for value in unit)
    total = sum(values.values())
    if not total:
        return None
    observed = sum(
        sum((a - b) ** 2 for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in paired
    )
    expected = sum(
        values[a] * values[b] * (a - b) ** 2 for a in values for b in values if a != b
    ) / (total - 1)
    return None if not expected else 1 - observed / expected
