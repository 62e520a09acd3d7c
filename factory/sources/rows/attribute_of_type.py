"""Which of four attributes applies to a kind of product: one that its titles state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_names import attribute
from factory.sources.product_kinds import foreign, gives_away, questions, shown
from factory.sources.view import RowRejectedError

OFFERS: Final = ("kind", "positive", "negatives")

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a kind of product, an attribute of it, and three that do not apply to it.

    Raises :class:`RowRejectedError` where the attribute is any product's, or too few do not apply.
    """
    category = facts["category"]
    asked = attribute(facts["type"])
    if asked is None or not asked.domain:
        raise RowRejectedError("attribute-general", facts["type"])
    if gives_away(asked.name, category):
        raise RowRejectedError("attribute-in-kind", f"{asked.name}, {category}")
    possible = [
        other.name
        for _, name, _ in questions(facts)
        if (other := attribute(name)) and foreign(other, category, facts["types"])
    ]
    drawn = [possible[place] for place in draw.permutation(len(possible), "others")]
    chosen = list(dict.fromkeys(drawn))[:_NEGATIVES]
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-attributes", f"{len(chosen)} do not apply to {category}")
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "kind": shown(category),
        "positive": asked.name,
        "negatives": chosen,
        "source_ids": facts["source_ids"],
    }
