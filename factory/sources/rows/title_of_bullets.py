"""The title of the product that bullet points belong to, among titles of the same query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.text_of_product import bullets_of
from factory.sources.rows.title_of_text import one_title

OFFERS: Final = ("bullets", "masked", "positive", "negatives", "subject")

#: As many as leave counting words about as good as chance.
_TOLD_ONE_IN: Final = 4


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where no exact match of the query has
    bullet points of its own, or its title has most of their words whatever stands beside it.
    """
    yield one_title(facts, "bullets", bullets_of, draw, _TOLD_ONE_IN)
