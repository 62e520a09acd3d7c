"""Which of a product's judged queries are ranked: no two of the same words, no question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import RELEVANCE
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("items", "labels", "relevance")

#: Two queries nearer than this ask for the same thing: different labels of them are an accident.
_MOST_SIMILARITY: Final = 0.8


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the product's title and the queries with their relevance.

    Raises :class:`RowRejectedError` where too few queries are left.
    """
    shown: list[dict[str, Any]] = []
    seen: list[frozenset[str]] = []
    for each in facts["queries"]:
        query = each["query"].strip("!\"'#* ")
        words = frozenset(tokens(query))
        if not query or any(similarity(words, other) >= _MOST_SIMILARITY for other in seen):
            continue
        seen.append(words)
        shown.append({**each, "query": query})
        if len(shown) == facts["shown"]:
            break
    else:
        raise RowRejectedError("too-few-queries", f"{len(shown)} of {facts['shown']}")
    locale = facts["locale"]
    _, _, product_id = facts["source_ids"][0].split(":", 2)
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": facts["title"],
        "items": [each["query"] for each in shown],
        "labels": [each["label"] for each in shown],
        "relevance": [RELEVANCE[each["label"]] for each in shown],
        "source_ids": [f"judgement:{each['id']}:{locale}:{product_id}" for each in shown],
    }
