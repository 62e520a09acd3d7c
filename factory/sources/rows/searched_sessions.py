"""A search and the different products that were clicked after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import folded_case

OFFERS: Final = ("items", "item_types", "product_type", "target")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the query (also ``target``) with ``items``, the titles clicked, and their types.

    ``product_type`` is that of the first one, which the search was for.

    Raises :class:`RowRejectedError` where fewer than two different titles were clicked.
    """
    viewed = list({folded_case(item["title"]): item for item in facts["viewed"]}.values())
    if len(viewed) < 2:
        raise RowRejectedError("too-few-items", f"{len(viewed)} different products")
    yield {
        **{name: facts[name] for name in ("key", "locale", "source_ids", "query")},
        "items": [item["title"] for item in viewed],
        "item_types": [item["product_type"] or "" for item in viewed],
        "product_type": viewed[0]["product_type"] or "",
        "target": facts["query"],
    }
