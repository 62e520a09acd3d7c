"""Generated text in any script, as EcomInstruct scores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.character_rouge import character_rouge_l
from factory.tasktypes.metrics import mean, unknown_metric

CHARACTER_ROUGE: Final = "character rougel"


class FreeTextOptions(BaseModel):
    """The ``with:`` block of a free-text task, which has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FreeText:
    """Write a text; ``target`` is the reference."""

    name: ClassVar[str] = "text"
    metrics: ClassVar[tuple[str, ...]] = (CHARACTER_ROUGE,)
    base: ClassVar[str] = "text.j2"
    options: ClassVar[type[BaseModel]] = FreeTextOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return ``target``."""
        return ("target",)

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: nothing is displayed."""
        return None

    def arrange(
        self,
        row: Mapping[str, Any],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Arrangement:
        """Return the text, without outer spaces.

        Raises:
            ArrangementError: ``no-target``.
        """
        target = (row["target"] or "").strip()
        if not target:
            raise ArrangementError("no-target")
        return Arrangement((), target)

    def render(self, gold: Gold) -> str:
        """Return the text."""
        return cast(str, gold)

    def parse(self, text: str) -> Gold:
        """Return the text without outer spaces."""
        return text.strip()

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the ROUGE-L over words, and over characters where there are no spaces."""
        if metric != CHARACTER_ROUGE:
            raise unknown_metric(metric, self.name, self.metrics)
        return character_rouge_l(cast(str, prediction), cast(str, gold))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not the gold itself, or None: equal texts score 1."""
        if metric != CHARACTER_ROUGE:
            raise unknown_metric(metric, self.name, self.metrics)
        if not isinstance(gold, str):
            return "gold-not-text"
        if not text or text != text.strip():
            return "stray-space" if text else "empty"
        return None if text == gold else "wrong-answer"

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the mean score."""
        return mean([self.score(p, g, metric) for p, g in zip(predictions, golds, strict=True)])
