"""Labels of a text as JSON: asked of a model before the line, a table that other tasks read.

The answer is a JSON list of objects, each a row of the house's table ``labels``: ``kind`` with
``name``, ``value``, ``polarity`` and ``evidence``, those that are null left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias, cast

from pydantic import BaseModel, ConfigDict

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import mean, unknown_metric

LABEL_F1: Final = "label f1"
#: The fields of one label, in the order in which they are printed.
FIELDS: Final = ("kind", "name", "value", "polarity", "evidence")
_Label: TypeAlias = tuple[tuple[str, str], ...]


class LabelsOptions(BaseModel):
    """The ``with:`` block of a labelling task, which has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Labels:
    """Label a text; ``labels`` is the list of its labels."""

    name: ClassVar[str] = "labels"
    metrics: ClassVar[tuple[str, ...]] = (LABEL_F1,)
    base: ClassVar[str] = "labels.j2"
    options: ClassVar[type[BaseModel]] = LabelsOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return ``labels``."""
        return ("labels",)

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: nothing is displayed."""
        return None

    def arrange(
        self,
        row: Mapping[str, Any],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Arrangement:
        """Return the labels as canonical JSON.

        Raises:
            ArrangementError: ``no-label``, or ``label-repeated``.
        """
        labels = [
            {field: label[field] for field in FIELDS if label.get(field)} for label in row["labels"]
        ]
        if not labels:
            raise ArrangementError("no-label")
        if len(set(map(_frozen, labels))) < len(labels):
            raise ArrangementError("label-repeated", _printed(labels))
        return Arrangement((), _printed(labels))

    def render(self, gold: Gold) -> str:
        """Return the JSON."""
        return cast(str, gold)

    def parse(self, text: str) -> Gold:
        """Return the labels that ``text`` lists, as canonical JSON; an empty list for none."""
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            read = []
        labels = [
            {field: str(each[field]) for field in FIELDS if each.get(field)}
            for each in (read if isinstance(read, list) else [])
            if isinstance(each, Mapping)
        ]
        return _printed(labels)

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the F1 of the labels, compared whole."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        said, right = _set(prediction), _set(gold)
        if not said or not right:
            return float(said == right)
        return 2 * len(said & right) / (len(said) + len(right))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not the gold itself, or None."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        if not isinstance(gold, str):
            return "gold-not-text"
        if self.parse(text) != gold:
            return "wrong-answer"
        return None if _set(gold) else "empty"

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the mean score."""
        return mean([self.score(p, g, metric) for p, g in zip(predictions, golds, strict=True)])


def _printed(labels: Sequence[Mapping[str, str]]) -> str:
    return json.dumps(labels, ensure_ascii=False)


def _frozen(label: Mapping[str, str]) -> _Label:
    return tuple(sorted((field, value.casefold()) for field, value in label.items()))


def _set(gold: Gold) -> frozenset[_Label]:
    return frozenset(map(_frozen, json.loads(cast(str, gold))))
