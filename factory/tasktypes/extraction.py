"""Extraction as EcomInstruct answers it: phrases of the text joined by commas, or ``None``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.classification import (
    LABEL_F1,
    SEPARATOR,
    check_listed,
    label_counts,
    micro_f1,
)
from factory.tasktypes.metrics import f1, unknown_metric

#: What is printed where the text has no such phrase. ShopBench's scorer would take it for an
#: entity, so this answer exists in EcomInstruct's grammar only.
NOTHING: Final = "None"


class ExtractionOptions(BaseModel):
    """The ``with:`` block of an extraction task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    may_be_none: bool = Field(
        default=False, description="whether a row may have nothing to extract"
    )


class Extraction:
    """Copy the phrases that are asked for, in the order of the text."""

    name: ClassVar[str] = "extraction"
    metrics: ClassVar[tuple[str, ...]] = (LABEL_F1,)
    base: ClassVar[str] = "extraction.j2"
    options: ClassVar[type[BaseModel]] = ExtractionOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return ``phrases``."""
        return ("phrases",)

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: nothing is displayed."""
        return None

    def arrange(
        self,
        row: Mapping[str, Any],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Arrangement:
        """Return the phrases, or ``None`` in words where there are none and may be none.

        Raises:
            ArrangementError: ``no-phrases``, or ``comma-in-phrase``.
        """
        phrases = list(dict.fromkeys(row["phrases"] or ()))
        if not phrases:
            if not cast(ExtractionOptions, options).may_be_none:
                raise ArrangementError("no-phrases")
            phrases = [NOTHING]
        if found := [phrase for phrase in phrases if "," in phrase]:
            raise ArrangementError("comma-in-phrase", repr(found[0]))
        return Arrangement((), phrases)

    def render(self, gold: Gold) -> str:
        """Return the phrases joined by a comma and a space."""
        return SEPARATOR.join(cast(list[str], gold))

    def parse(self, text: str) -> Gold:
        """Return what commas part, without outer spaces."""
        return [phrase for part in text.split(",") if (phrase := part.strip())]

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the F1 of the phrases of one row, without regard to case."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return f1(*label_counts(cast(list[str], prediction), cast(list[str], gold)))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not exactly the phrases, each once; or None."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return check_listed(text, gold, self.render, self.parse)

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the micro F1 over all rows."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return micro_f1(cast(Sequence[list[str]], predictions), cast(Sequence[list[str]], golds))
