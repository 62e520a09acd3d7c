"""How far judges agree: Cohen's kappa of two, Krippendorff's alpha of any number.

Both are chance-corrected: 1 is perfect, 0 is what chance gives, below 0 is worse than chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import permutations


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
