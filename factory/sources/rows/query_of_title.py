"""The query that a product's title answers, among queries that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.query_of_text import one_query
from factory.sources.rows.text_of_product import title_of

OFFERS: Final = ("positive", "negatives", "subject")

#: As many as leave counting words about as good as chance.
_TOLD_ONE_IN: Final = 12


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where the product has no title, or no
    queries that can be told apart.
    """
    title = title_of(facts)
    yield {**one_query(facts, (title,), draw, _TOLD_ONE_IN), "title": title}
