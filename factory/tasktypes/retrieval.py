"""Retrieval: the answer is up to three numbers of the displayed candidates, counted from 1."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import hit_rate_at_3, mean, unknown_metric
from factory.tasktypes.official import read_integers

_MOST_GOLDS: Final = 3
_MOST_CANDIDATES: Final = 20
_CANONICAL: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:,(?:0|[1-9][0-9]*))*")
_LONGEST: Final = len("20,20,20")


class RetrievalOptions(BaseModel):
    """The ``with:`` block of a retrieval task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(
        default=15, ge=4, le=_MOST_CANDIDATES, description="how many candidates a row shows"
    )
    golds: int = Field(
        default=3, ge=1, le=_MOST_GOLDS, description="how many of the candidates are right"
    )


class Retrieval:
    """Find the one to three right ones among four to twenty candidates."""

    name: ClassVar[str] = "retrieval"
    metrics: ClassVar[tuple[str, ...]] = ("hit rate@3",)
    base: ClassVar[str] = "retrieval.j2"
    options: ClassVar[type[BaseModel]] = RetrievalOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002
        """Return ``positives`` and ``negatives``."""
        return ("positives", "negatives")

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: the golds are spread by the draw, and sets of places are no quota."""
        return None

    def arrange(self, row: Mapping[str, Any], draw: Draw, options: BaseModel) -> Arrangement:
        """Return the candidates in display order and the right numbers, ascending.

        The first ``golds`` positives and as many negatives as there are other places are shown;
        ``order`` counts in ``positives + negatives``, shown or not.

        Raises:
            ArrangementError: ``too-few-positives``, ``too-few-negatives`` or ``null-candidate``.
        """
        form = cast(RetrievalOptions, options)
        positives, negatives = row["positives"] or (), row["negatives"] or ()
        golds, others = form.golds, form.candidates - form.golds
        if len(positives) < golds:
            raise ArrangementError("too-few-positives", f"{len(positives)} of {golds}")
        if len(negatives) < others:
            raise ArrangementError("too-few-negatives", f"{len(negatives)} of {others}")
        texts = [*positives[:golds], *negatives[:others]]
        if None in texts:
            raise ArrangementError("null-candidate")

        places = draw.permutation(form.candidates, "positions")
        hidden = len(positives) - golds
        shown = [""] * form.candidates
        order = [0] * form.candidates
        for item, place in enumerate(places):
            shown[place] = texts[item]
            order[place] = item if item < golds else item + hidden
        gold = sorted([place + 1 for place in places[:golds]])
        return Arrangement(tuple(shown), gold, tuple(order))

    def render(self, gold: Gold) -> str:
        """Return the numbers, parted by commas: ``"3,8,9"``."""
        return ",".join([str(number) for number in cast(list[int], gold)])

    def parse(self, text: str) -> Gold:
        """Return the first three numbers, repeated or not, however large."""
        return read_integers(text)[:_MOST_GOLDS]

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the share of the right numbers that are among the first three predicted."""
        if metric != "hit rate@3":
            raise unknown_metric(metric, self.name, self.metrics)
        return hit_rate_at_3(cast(list[int], prediction), cast(list[int], gold))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not exactly the right numbers, each once, or None."""
        if metric != "hit rate@3":
            raise unknown_metric(metric, self.name, self.metrics)
        if (
            not isinstance(gold, list)
            or not gold
            or any(type(number) is not int for number in gold)
        ):
            return "gold-not-numbers"
        numbers = cast(list[int], gold)
        defect = _defect(numbers)
        if defect is not None:
            return f"gold-{defect}"
        if text == self.render(gold):
            return None
        if len(text) > _LONGEST or not _CANONICAL.fullmatch(text):
            return "not-a-list-of-numbers"
        answer = [int(number) for number in text.split(",")]
        return _defect(answer) or (None if set(answer) == set(numbers) else "wrong-answer")

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the mean hit rate."""
        return mean([self.score(p, g, metric) for p, g in zip(predictions, golds, strict=True)])


def _defect(numbers: Sequence[int]) -> str | None:
    if len(numbers) > _MOST_GOLDS:
        return "more-than-three"
    if len(set(numbers)) < len(numbers):
        return "repeated"
    if min(numbers) < 1:
        return "zero-based"
    if max(numbers) > _MOST_CANDIDATES:
        return "out-of-range"
    return None
