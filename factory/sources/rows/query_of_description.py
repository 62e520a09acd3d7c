"""The query that a product's description answers, among queries that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.query_of_text import one_query
from factory.sources.rows.text_of_product import description_of

OFFERS: Final = ("positive", "negatives", "subject")

#: As many as leave counting words about as good as chance.
_TOLD_ONE_IN: Final = 8


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where the product has no description of
    its own, or no queries that can be told apart.
    """
    text = description_of(facts)
    brand = facts["brand"] or ""
    yield {
        **one_query(facts, (brand, text), draw, _TOLD_ONE_IN),
        "brand": brand,
        "description": text,
    }
