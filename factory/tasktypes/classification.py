"""Classification as EcomInstruct answers it: the labels themselves, joined by commas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import f1, unknown_metric

SEPARATOR: Final = ", "
LABEL_F1: Final = "label f1"


class ClassificationOptions(BaseModel):
    """The ``with:`` block of a classification task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: tuple[str, ...] | None = Field(
        default=None,
        min_length=2,
        description="the candidate labels of every row; without it, the row's `candidate_labels`",
    )
    shown: int | None = Field(
        default=None,
        ge=2,
        description="at most so many candidates are shown, the right ones among them",
    )


class Classification:
    """Name the one or more right ones among candidate labels."""

    name: ClassVar[str] = "classification"
    metrics: ClassVar[tuple[str, ...]] = (LABEL_F1,)
    base: ClassVar[str] = "classification.j2"
    options: ClassVar[type[BaseModel]] = ClassificationOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:
        """Return ``labels``, and ``candidate_labels`` where the options name none."""
        fixed = cast(ClassificationOptions, options).labels is not None
        return ("labels",) if fixed else ("labels", "candidate_labels")

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: labels have no numbers, and are shuffled by the draw."""
        return None

    def arrange(self, row: Mapping[str, Any], draw: Draw, options: BaseModel) -> Arrangement:
        """Return the candidate labels, shuffled, and the right ones in the order of the display.

        Raises:
            ArrangementError: ``no-labels``, ``label-not-a-candidate`` or ``too-few-candidates``.
        """
        form = cast(ClassificationOptions, options)
        right = row["labels"]
        right = [right] if isinstance(right, str) else list(right or ())
        known = list(form.labels or row["candidate_labels"] or ())
        if not right:
            raise ArrangementError("no-labels")
        if missing := [label for label in right if label not in known]:
            raise ArrangementError("label-not-a-candidate", repr(missing[0]))
        others = [label for label in known if label not in right]
        others = [others[i] for i in draw.permutation(len(others), "labels")]
        shown = [*right, *others][: max(form.shown or len(known), len(right))]
        if len(shown) < 2:
            raise ArrangementError("too-few-candidates")
        order = draw.permutation(len(shown), "order")
        displayed = tuple([shown[i] for i in order])
        return Arrangement(displayed, [label for label in displayed if label in right])

    def render(self, gold: Gold) -> str:
        """Return the labels joined by a comma and a space."""
        return SEPARATOR.join(cast(list[str], gold))

    def parse(self, text: str) -> Gold:
        """Return what commas part, without outer spaces."""
        return [label for part in text.split(",") if (label := part.strip())]

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the F1 of the labels of one row, without regard to case."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return f1(*label_counts(cast(list[str], prediction), cast(list[str], gold)))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not exactly the labels, each once; or None."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return check_listed(text, gold, self.render, self.parse)

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the micro F1 over all rows."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return micro_f1(cast(Sequence[list[str]], predictions), cast(Sequence[list[str]], golds))


def label_counts(predicted: Sequence[str], gold: Sequence[str]) -> tuple[int, int, int]:
    """Return true positives, false positives and false negatives; a repetition is a false one."""
    right = {label.casefold() for label in gold}
    hits = len(right.intersection(label.casefold() for label in predicted))
    return hits, len(predicted) - hits, len(right) - hits


def micro_f1(predictions: Sequence[Sequence[str]], golds: Sequence[Sequence[str]]) -> float:
    """Return the F1 of the counts summed over rows."""
    counts = [label_counts(p, g) for p, g in zip(predictions, golds, strict=True)]
    hits, wrong, missed = (sum(each) for each in zip(*counts, strict=True))
    return f1(hits, wrong, missed)


def check_listed(text: str, gold: Gold, render: Any, parse: Any) -> str | None:
    """Return why ``text`` is not the list ``gold`` as printed, each part once; or None."""
    if not isinstance(gold, list) or any(not isinstance(part, str) for part in gold):
        return "gold-not-phrases"
    if not gold:
        return "no-labels"
    if len({str(part).casefold() for part in gold}) < len(gold):
        return "repeated-label"
    if render(gold) != text:
        return "not-as-printed"
    return None if parse(text) == gold else "wrong-answer"
