"""What is counted while the samples of a run are read once: lengths, languages, answers, places."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final, NamedTuple

from factory.tasktypes.choices import right_options

#: An answer that is one of at most so many is a label, and labels can be balanced.
MOST_LABELS: Final = 12
#: And each is given so often; fewer samples say nothing of a balance.
_LEAST_SAMPLES_A_LABEL: Final = 2
#: No more bars than this in a histogram.
_MOST_BINS: Final = 24
#: The share of samples beyond which lengths are counted together as the longest.
_TAIL: Final = 0.99


class Bin(NamedTuple):
    """How many samples have at least ``start`` and fewer than ``stop``; None: no upper end."""

    start: int
    stop: int | None
    samples: int


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long texts are, in characters.

    Attributes:
        counts: (length, how many texts have it), ascending by length.
    """

    counts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Lengths:
        """Return the lengths that a counter holds."""
        return cls(tuple(sorted(counts.items())))

    def __add__(self, other: Lengths) -> Lengths:
        return Lengths.of(Counter(dict(self.counts)) + Counter(dict(other.counts)))

    @property
    def samples(self) -> int:
        """How many texts were counted."""
        return sum(times for _, times in self.counts)

    @property
    def mean(self) -> float:
        """The mean length; 0 of nothing."""
        total = sum(length * times for length, times in self.counts)
        return total / self.samples if self.counts else 0.0

    def quantile(self, share: float) -> int:
        """Return the least length that at least ``share`` of the texts do not exceed."""
        needed = share * self.samples
        so_far = accumulate(times for _, times in self.counts)
        reached = zip(self.counts, so_far, strict=True)
        return next((length for (length, _), below in reached if below >= needed), 0)

    def bins(self) -> list[Bin]:
        """Return a histogram whose bins have round widths; the longest hundredth shares the last.

        The last bin has no upper end where lengths lie beyond the others' reach.
        """
        if not self.counts:
            return []
        least, most = self.quantile(0), self.quantile(_TAIL)
        width = _round_width(most - least + 1)
        first = least // width * width
        found: Counter[int] = Counter()
        last = (most - first) // width
        for length, times in self.counts:
            found[min((length - first) // width, last + 1)] += times
        bins = [
            Bin(first + place * width, first + (place + 1) * width, found[place])
            for place in range(last + 1)
        ]
        if found[last + 1]:
            bins.append(Bin(first + (last + 1) * width, None, found[last + 1]))
        return bins


def _round_width(span: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, ... of which few enough cover ``span``."""
    width = 1
    while True:
        for factor in (1, 2, 5):
            # One more than fit may be touched, and the tail has a bin of its own.
            if span <= (_MOST_BINS - 2) * width * factor:
                return width * factor
        width *= 10


class Place(NamedTuple):
    """How often a right answer stands in one place of those shown, and how often by chance.

    ``place`` counts from 1. ``expected`` is exact: each sample lends its right answers in equal
    parts to all its places.
    """

    place: int
    samples: int
    expected: float


class Scored(NamedTuple):
    """A measured value over samples: its mean, least and most, and how many have it."""

    mean: float
    least: float
    most: float
    samples: int


@dataclass(slots=True)
class Spending:
    """What models' answers took: tokens, and US dollars; the judges' beside them."""

    tokens: int = 0
    cost: float = 0.0
    judge_tokens: int = 0
    judge_cost: float = 0.0

    def __add__(self, other: Spending) -> Spending:
        return Spending(
            self.tokens + other.tokens,
            self.cost + other.cost,
            self.judge_tokens + other.judge_tokens,
            self.judge_cost + other.judge_cost,
        )

    def add(self, provenance: Mapping[str, Any]) -> None:
        """Add what one sample took."""
        self.tokens += provenance.get("tokens") or 0
        self.cost += provenance.get("cost") or 0.0
        self.judge_tokens += provenance.get("judge_tokens") or 0
        self.judge_cost += provenance.get("judge_cost") or 0.0


@dataclass(slots=True)
class Tally:
    """The running counts of one task's kept samples."""

    samples: Counter[str] = field(default_factory=Counter)
    prompts: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    locales: Counter[str] = field(default_factory=Counter)
    wordings: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    spent: Spending = field(default_factory=Spending)
    reasoned: int = 0
    _labels: Counter[str] | None = field(default_factory=Counter)
    _golds: Counter[int] = field(default_factory=Counter)
    _expected: dict[int, Fraction] = field(default_factory=dict)
    _scores: dict[str, list[float]] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one kept sample; raises KeyError, TypeError or ValueError where it is none."""
        provenance = record["provenance"]
        answer = record["output_field"]
        self.samples[record["split"]] += 1
        self.prompts[len(record["input_field"])] += 1
        self.answers[len(answer)] += 1
        self.languages[record["lang"]] += 1
        self.locales[record["locale"]] += 1
        self.wordings[provenance["wording"]] += 1
        if provenance["model"]:
            self.models[provenance["model"]] += 1
        self.spent.add(provenance)
        self.reasoned += bool(record["reasoning"])
        for name, score in record["scores"].items():
            if score is not None:
                self._scores.setdefault(name, []).append(float(score))
        if self._labels is not None:
            self._labels[_in_words(record)] += 1
            if len(self._labels) > MOST_LABELS:
                self._labels = None
        self._add_places(record)

    def _add_places(self, record: Mapping[str, Any]) -> None:
        places, shown = list(gold_places(record)), len(record["options"])
        for place in places:
            self._golds[place] += 1
        if places:
            each = Fraction(len(places), shown)
            for place in range(1, shown + 1):
                self._expected[place] = self._expected.get(place, Fraction(0)) + each

    def labels(self) -> dict[str, int]:
        """Return how often each answer is given, in words, where they are a few; else nothing."""
        found = self._labels or Counter()
        if len(found) < 2 or found.total() < _LEAST_SAMPLES_A_LABEL * len(found):
            return {}
        return dict(sorted(found.items()))

    def places(self) -> tuple[Place, ...]:
        """Return where the right answers stand among the options shown; nothing where none are."""
        return tuple(
            Place(place, self._golds[place], float(expected))
            for place, expected in sorted(self._expected.items())
        )

    def scores(self) -> dict[str, Scored]:
        """Return the mean, least and most of each measured value, by its name."""
        return {
            name: Scored(sum(values) / len(values), min(values), max(values), len(values))
            for name, values in sorted(self._scores.items())
        }


def _in_words(record: Mapping[str, Any]) -> str:
    """Return the answer of a sample; of a choice among options that it shows, what was chosen."""
    if record["task_type"] == "multiple-choice" and record["options"]:
        return str(record["options"][json.loads(record["gold"])])
    return str(record["output_field"])


def gold_places(record: Mapping[str, Any]) -> Iterator[int]:
    """Yield the places, from 1, of the right answers among the options that a sample shows.

    Nothing where an answer is in words, unless the words are those of options.
    """
    kind, options = record["task_type"], record["options"]
    if not options:
        return
    gold = json.loads(record["gold"])
    if kind != "classification":
        yield from (place + 1 for place in right_options(kind, gold, len(options)))
    elif isinstance(gold, list):
        yield from (place for place, option in enumerate(options, 1) if option in gold)
