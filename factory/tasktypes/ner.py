"""Named entity recognition: the answer is the phrases themselves.

Phrases are parted by commas. A phrase that contains a comma would be read as two, so such an answer
is written as a list literal, which ShopBench's parser reads too.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import entity_counts, f1, unknown_metric
from factory.tasktypes.official import RESPONSE_CHARACTERS, encodes

# Warning filters are the process's own, so only one thread may set them aside at a time.
_FILTERS: Final = Lock()


class NerOptions(BaseModel):
    """The ``with:`` block of a named-entity task: it has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NamedEntityRecognition:
    """Find the phrases of one type in a text."""

    name: ClassVar[str] = "named_entity_recognition"
    metrics: ClassVar[tuple[str, ...]] = ("micro f1",)
    base: ClassVar[str] = "ner.j2"
    options: ClassVar[type[BaseModel]] = NerOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002
        """Return ``entities``."""
        return ("entities",)

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: the gold has no place."""
        return None

    def arrange(
        self,
        row: Mapping[str, Any],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Arrangement:
        """Return the row's entities, in their order; nothing is displayed.

        Raises:
            ArrangementError: ``no-entities`` or ``null-entity``.
        """
        entities = list(row["entities"] or ())
        if not entities:
            raise ArrangementError("no-entities")
        if None in entities:
            raise ArrangementError("null-entity")
        return Arrangement((), entities)

    def render(self, gold: Gold) -> str:
        """Return ``"a, b"``, or ``["a, b", "c"]`` where the plain form would be misread."""
        entities = cast(list[str], gold)
        plain = ", ".join(entities)
        if _split(plain) == entities and ("[" not in plain or _literal(plain) is None):
            return plain
        return json.dumps(entities, ensure_ascii=False)

    def parse(self, text: str) -> Gold:
        """Return the strings of a list literal where the text is one, else what commas part."""
        text = text[:RESPONSE_CHARACTERS]
        entities = _literal(text)
        return _split(text) if entities is None else entities

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the F1 of one row; a repeated prediction counts as a false one."""
        if metric != "micro f1":
            raise unknown_metric(metric, self.name, self.metrics)
        return f1(*entity_counts(cast(list[str], prediction), cast(list[str], gold)))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not exactly the entities, each once, as printed; or None."""
        if metric != "micro f1":
            raise unknown_metric(metric, self.name, self.metrics)
        if not isinstance(gold, list) or any(not isinstance(entity, str) for entity in gold):
            return "gold-not-phrases"
        entities = cast(list[str], gold)
        if not entities:
            return "no-entities"
        for entity in entities:
            # The scorer strips what is predicted and not what is expected.
            if not entity or entity != entity.strip():
                return "stray-space-in-entity"
        if len({entity.lower() for entity in entities}) < len(entities):
            return "repeated-entity"
        if len(text) > RESPONSE_CHARACTERS:
            return "too-long"
        if not encodes(text):
            return "not-unicode"
        parsed = self.parse(text)
        if self.render(parsed) != text:
            return "not-as-printed"
        return None if parsed == gold or self.score(parsed, gold, metric) == 1 else "wrong-answer"

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the micro F1: from true and false positives and negatives summed over rows."""
        if metric != "micro f1":
            raise unknown_metric(metric, self.name, self.metrics)
        hits = wrong = missed = 0
        for prediction, gold in zip(predictions, golds, strict=True):
            counts = entity_counts(cast(list[str], prediction), cast(list[str], gold))
            hits, wrong, missed = hits + counts[0], wrong + counts[1], missed + counts[2]
        return f1(hits, wrong, missed)


def _split(text: str) -> list[str]:
    return [entity for part in text.split(",") if (entity := part.strip())]


def _literal(text: str) -> list[str] | None:
    """Return the list of strings that ``text`` is as a Python literal, if it is one."""
    if "[" not in text:
        return None
    try:
        with _FILTERS, warnings.catch_warnings():
            # A model's "\d" is no fault of this program, and must parse alike under -W error.
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, list) and all(isinstance(entity, str) for entity in value):
        return value
    return None
