"""A search and the different products that were clicked after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import CJK, folded_case

#: "Without" may be part of a title ("tumbler without handle"): then it excludes nothing.
_EXCLUDING: Final = re.compile(
    r"\b(?:not|no|non|without|except|sin|excepto|menos)\b|不要|不含|除了|以外|なし|じゃない|ではない|除く",
    re.IGNORECASE,
)

OFFERS: Final = ("items", "item_types", "item_departments", "target")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the query (also ``target``) with ``items``, the titles clicked.

    ``item_types`` and ``item_departments`` are the narrowest and the widest category of each.

    Raises :class:`RowRejectedError` where fewer than two different titles were clicked, where the
    query is in a script that no title is in (some people search in their own language), or excludes
    something: what products are not, their titles do not tell.
    """
    viewed = list({folded_case(item["title"]): item for item in facts["viewed"]}.values())
    if len(viewed) < 2:
        raise RowRejectedError("too-few-items", f"{len(viewed)} different products")
    if CJK.search(facts["query"]) and not any(CJK.search(item["title"]) for item in viewed):
        raise RowRejectedError("query-in-another-script", facts["query"])
    excluding = _EXCLUDING.search(facts["query"])
    if excluding and not any(
        excluding[0].casefold() in item["title"].casefold() for item in viewed
    ):
        raise RowRejectedError("query-excludes", facts["query"])
    yield {
        **{name: facts[name] for name in ("key", "locale", "source_ids", "query")},
        "items": [item["title"] for item in viewed],
        "item_types": [item["product_type"] or "" for item in viewed],
        "item_departments": [item["department"] or "" for item in viewed],
        "target": facts["query"],
    }
