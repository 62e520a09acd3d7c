"""Ranking: the answer is a permutation of the displayed items, best first, counted from 1.

The gold is the relevance of each displayed item, not the permutation (ShopBench's development set).
ShopBench's parser drops numbers above 5, so there are at most five items.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import mean, ndcg, unknown_metric
from factory.tasktypes.official import read_integers

_MOST_ITEMS: Final = 5
_NUMBERS: Final = tuple("12345")
_CANONICAL: Final = re.compile(r"[0-9](?:,[0-9])*")
# nDCG's gain is 2**relevance - 1: beyond these it is lost to rounding, or overflows.
_LEAST_RELEVANCE: Final = 1e-9
_MOST_RELEVANCE: Final = 64.0
_REDRAWS: Final = 8


class RankingOptions(BaseModel):
    """The ``with:`` block of a ranking task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(default=5, ge=2, le=_MOST_ITEMS, description="how many items a row has")


class Ranking:
    """Put two to five items in order of relevance."""

    name: ClassVar[str] = "ranking"
    metrics: ClassVar[tuple[str, ...]] = ("ndcg",)
    base: ClassVar[str] = "ranking.j2"
    options: ClassVar[type[BaseModel]] = RankingOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002
        """Return ``items`` and ``relevance``."""
        return ("items", "relevance")

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: the gold is an order, not a place."""
        return None

    def arrange(self, row: Mapping[str, Any], draw: Draw, options: BaseModel) -> Arrangement:
        """Return the items shuffled, never already best first, and their relevances as gold.

        ``order`` counts in ``items``. Of two items with different relevance the better one is
        therefore always shown second.

        Raises:
            ArrangementError: ``too-few-items``, ``too-many-items``, ``lengths-differ``,
                ``null-item``, ``null-relevance``, ``relevance-out-of-range``, or
                ``degenerate-relevance`` (all equal, so that every order scores the same).
        """
        items = row["items"] or ()
        count = cast(RankingOptions, options).candidates
        if len(items) != count:
            reason = "too-few-items" if len(items) < count else "too-many-items"
            raise ArrangementError(reason, f"{len(items)}, not {count}")
        try:
            # float: 0.1 is a decimal in SQL, which neither JSON nor the gain can take.
            relevance = [float(value) for value in row["relevance"] or ()]
        except (TypeError, ValueError):
            raise ArrangementError("null-relevance", repr(row["relevance"])) from None
        if len(relevance) != count:
            raise ArrangementError("lengths-differ", f"{count} items, {len(relevance)} relevances")
        if None in items:
            raise ArrangementError("null-item")
        defect = _defect(relevance)
        if defect is not None:
            raise ArrangementError(defect, repr(relevance))

        best_first = sorted(relevance, reverse=True)
        order = draw.permutation(count, "display")
        gold = [relevance[i] for i in order]
        redraw = 0
        while gold == best_first and redraw < _REDRAWS:
            redraw += 1
            order = draw.permutation(count, f"display.{redraw}")
            gold = [relevance[i] for i in order]
        if gold == best_first:
            # One step round puts a best item behind a worst one: never sorted.
            order = order[1:] + order[:1]
            gold = [relevance[i] for i in order]
        return Arrangement(tuple([items[i] for i in order]), gold, tuple(order))

    def render(self, gold: Gold) -> str:
        """Return the item numbers by descending relevance, ties by place: ``"1,4,3,2,5"``."""
        relevance = cast(list[float], gold)
        best_first = sorted(range(len(relevance)), key=relevance.__getitem__, reverse=True)
        if len(best_first) <= _MOST_ITEMS:
            return ",".join([_NUMBERS[i] for i in best_first])
        return ",".join([str(i + 1) for i in best_first])

    def parse(self, text: str) -> Gold:
        """Return the first five numbers up to 5, or nothing where one of them is repeated."""
        ranked = [number for number in read_integers(text) if number <= _MOST_ITEMS][:_MOST_ITEMS]
        return ranked if len(set(ranked)) == len(ranked) else []

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the nDCG of the predicted order (:func:`~factory.tasktypes.metrics.ndcg`)."""
        if metric != "ndcg":
            raise unknown_metric(metric, self.name, self.metrics)
        return ndcg(cast(list[int], prediction), cast(list[float], gold))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not a best order of all items, or None.

        nDCG hardly sees an exchange of two poor items, so the order itself is checked, exactly;
        equally relevant items may stand in either order.
        """
        if metric != "ndcg":
            raise unknown_metric(metric, self.name, self.metrics)
        if not isinstance(gold, list) or not 2 <= len(gold) <= _MOST_ITEMS:
            return "gold-not-two-to-five-relevances"
        relevance = cast(list[float], gold)
        try:
            defect = _defect(relevance)
        except TypeError:
            return "gold-not-relevances"
        if defect is not None:
            return defect
        if text == self.render(gold):
            return None
        return _why_not_best(text, relevance)

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the mean nDCG."""
        return mean([self.score(p, g, metric) for p, g in zip(predictions, golds, strict=True)])


def _defect(relevance: Sequence[float]) -> str | None:
    """Return why these relevances cannot order anything; a sum shows NaN, a maximum may not."""
    worst, best = min(relevance), max(relevance)
    if worst < 0 or best > _MOST_RELEVANCE or not sum(relevance) >= 0:
        return "relevance-out-of-range"
    if worst == best or best < _LEAST_RELEVANCE:
        return "degenerate-relevance"
    return None


def _why_not_best(text: str, relevance: Sequence[float]) -> str | None:
    if not _CANONICAL.fullmatch(text):
        return "not-a-list-of-digits"
    numbers = [int(digit) for digit in text.split(",")]
    if 0 in numbers:
        return "zero-based"
    if sorted(numbers) != list(range(1, len(relevance) + 1)):
        return "not-a-permutation"
    predicted = [relevance[number - 1] for number in numbers]
    return None if predicted == sorted(relevance, reverse=True) else "wrong-order"
