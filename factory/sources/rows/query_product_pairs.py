"""Which pairs of a query and a product are ranked: five of different queries and products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import RELEVANCE
from factory.sources.view import RowRejectedError

OFFERS: Final = ("items", "labels", "relevance")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the texts of the pairs with their relevance.

    Raises :class:`RowRejectedError` where two share a query or a product, or one has no title.
    """
    shown: list[dict[str, Any]] = []
    queries: set[str] = set()
    products: set[str] = set()
    for each in facts["pairs"]:
        query = each["query"].strip("!\"'#* ")
        if not each["title"] or not query:
            continue
        if query.casefold() in queries or each["product"] in products:
            continue
        queries.add(query.casefold())
        products.add(each["product"])
        shown.append({**each, "query": query})
    if len(shown) != facts["shown"]:
        raise RowRejectedError("too-few-pairs", f"{len(shown)} of {facts['shown']}")
    locale = facts["locale"]
    yield {
        "key": facts["key"],
        "locale": locale,
        "items": [f"Query: {each['query']} | Product: {each['title']}" for each in shown],
        "labels": [each["label"] for each in shown],
        "relevance": [RELEVANCE[each["label"]] for each in shown],
        "source_ids": [f"judgement:{each['id']}:{locale}:{each['product']}" for each in shown],
    }
