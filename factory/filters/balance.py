"""What a set of samples gives away without being read: where gold stands, and how long it is.

These are reports over a task's rows, not filters: which positions are filled is a matter of quotas,
which the line keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from factory.filters.options import gold_options
from factory.sample import Sample

#: How far above chance the share of longest gold options may be (rule G4).
TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class LongestGold:
    """How often the longest option is a gold one.

    Attributes:
        rows: samples with a gold option and a wrong one.
        share: share of them whose longest option is gold, in [0, 1]; where several are longest,
            a row counts by the share of gold ones among them.
        chance: what a blind choice of the longest would give: the mean of golds / options.
    """

    rows: int
    share: float
    chance: float

    @property
    def holds(self) -> bool:
        """Whether the share is within :data:`TOLERANCE` above chance."""
        return self.share <= self.chance + TOLERANCE


def gold_positions(samples: Iterable[Sample]) -> dict[int, int]:
    """Return how many samples have a gold option at each display position, from 0, ascending."""
    counts = Counter(place for sample in samples for place in gold_options(sample))
    return dict(sorted(counts.items()))


def longest_gold_share(samples: Iterable[Sample]) -> LongestGold:
    """Return how often length gives the gold option away (rule G4: at most 1/k + .05)."""
    rows = 0
    share = chance = 0.0
    for sample in samples:
        gold = gold_options(sample)
        if not gold or len(gold) == len(sample.options):
            continue
        rows += 1
        chance += len(gold) / len(sample.options)
        most = max(map(len, sample.options))
        longest = [place for place, text in enumerate(sample.options) if len(text) == most]
        share += len(gold.intersection(longest)) / len(longest)
    return LongestGold(rows, share / rows, chance / rows) if rows else LongestGold(0, 0.0, 0.0)
