"""Which of four kinds of product may have an attribute: one whose titles state it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_names import attribute
from factory.sources.product_kinds import foreign, gives_away, questions, shown
from factory.sources.view import RowRejectedError

OFFERS: Final = ("attribute", "positive", "negatives")

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: an attribute, a kind of product that has it, and three that cannot.

    Raises :class:`RowRejectedError` where the attribute is any product's, or too few lack it.
    """
    category = facts["category"]
    asked = attribute(facts["type"])
    if asked is None or not asked.domain:
        raise RowRejectedError("attribute-general", facts["type"])
    if gives_away(asked.name, category):
        raise RowRejectedError("attribute-in-kind", f"{asked.name}, {category}")
    possible = [other for other, _, types in questions(facts) if foreign(asked, other, types)]
    drawn = [possible[place] for place in draw.permutation(len(possible), "others")]
    chosen = list(dict.fromkeys(drawn))[:_NEGATIVES]
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-kinds", f"{len(chosen)} cannot have {asked.name}")
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "attribute": asked.name,
        "positive": shown(category),
        "negatives": [shown(other) for other in chosen],
        "source_ids": facts["source_ids"],
    }
