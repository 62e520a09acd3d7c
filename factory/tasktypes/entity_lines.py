"""Entities as EcomInstruct answers them: one line a type, ``Type: a, b`` or ``Type: None``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.classification import LABEL_F1, SEPARATOR, label_counts, micro_f1
from factory.tasktypes.extraction import NOTHING
from factory.tasktypes.metrics import f1, unknown_metric


class EntityLinesOptions(BaseModel):
    """The ``with:`` block of an entity-lines task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_types: int = Field(
        default=8, ge=1, description="at most so many types are asked for, those that occur first"
    )
    most_absent: int | None = Field(
        default=None,
        ge=1,
        description="at most so many types are asked for that do not occur; how many is drawn",
    )


class EntityLines:
    """Find the entities of every type that is asked for; types that do not occur say so.

    ``gold`` is the list of lines.
    """

    name: ClassVar[str] = "entity-lines"
    metrics: ClassVar[tuple[str, ...]] = (LABEL_F1,)
    base: ClassVar[str] = "entity_lines.j2"
    options: ClassVar[type[BaseModel]] = EntityLinesOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return ``entities`` (type and value of each) and ``types`` (all that may be asked)."""
        return ("entities", "types")

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: types have no numbers, and are shuffled by the draw."""
        return None

    def arrange(self, row: Mapping[str, Any], draw: Draw, options: BaseModel) -> Arrangement:
        """Return the types that are asked for, shuffled, and one line for each.

        Raises:
            ArrangementError: ``no-entities``, ``type-not-asked-for`` or ``mark-in-entity`` for a
                value with a comma or a line's end, or a type with a colon.
        """
        found: dict[str, list[str]] = {}
        for entity in row["entities"] or ():
            kind, value = entity["type"], entity["value"]
            if ":" in kind or "," in value or "\n" in value or value == NOTHING:
                raise ArrangementError("mark-in-entity", f"{kind!r}: {value!r}")
            if value not in (values := found.setdefault(kind, [])):
                values.append(value)
        if not found:
            raise ArrangementError("no-entities")
        known = list(dict.fromkeys(row["types"]))
        if missing := [kind for kind in found if kind not in known]:
            raise ArrangementError("type-not-asked-for", repr(missing[0]))
        others = [kind for kind in known if kind not in found]
        others = [others[i] for i in draw.permutation(len(others), "types")]
        form = cast(EntityLinesOptions, options)
        most = form.most_types
        if form.most_absent is not None:
            others = others[: draw.below(form.most_absent + 1, "absent")]
        asked = [*found, *others][: max(most, len(found))]
        shown = tuple([asked[i] for i in draw.permutation(len(asked), "order")])
        lines = [f"{kind}: {SEPARATOR.join(found.get(kind, [NOTHING]))}" for kind in shown]
        return Arrangement(shown, lines)

    def render(self, gold: Gold) -> str:
        """Return the lines."""
        return "\n".join(cast(list[str], gold))

    def parse(self, text: str) -> Gold:
        """Return the lines that name a type, spaces around type and values evened out."""
        lines = []
        for line in text.splitlines():
            kind, colon, values = line.partition(":")
            if colon and kind.strip():
                listed = [value for part in values.split(",") if (value := part.strip())]
                lines.append(f"{kind.strip()}: {SEPARATOR.join(listed)}")
        return lines

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the F1 of (type, value) pairs of one row; ``None`` is a value like another."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return f1(*label_counts(pairs(prediction), pairs(gold)))

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not exactly the lines, each type once; or None."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        if not isinstance(gold, list) or not gold or any(not isinstance(x, str) for x in gold):
            return "gold-not-lines"
        kinds = [str(line).partition(":")[0].casefold() for line in gold]
        if len(set(kinds)) < len(kinds):
            return "repeated-type"
        if self.render(gold) != text:
            return "not-as-printed"
        return None if self.parse(text) == gold else "wrong-answer"

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the micro F1 of (type, value) pairs over all rows."""
        if metric != LABEL_F1:
            raise unknown_metric(metric, self.name, self.metrics)
        return micro_f1([pairs(each) for each in predictions], [pairs(each) for each in golds])


def pairs(lines: Gold) -> list[str]:
    """Return type and value of every entity that lines name, parted by a unit separator."""
    found = []
    for line in cast(list[str], lines):
        kind, _, values = line.partition(": ")
        found += [f"{kind}\x1f{value}" for value in values.split(SEPARATOR)]
    return found
