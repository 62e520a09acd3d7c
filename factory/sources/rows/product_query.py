"""Whether a query is the one that a shopper would type for a product.

Many queries find a product; the one that its own text supports best is kept. A query of which the
text supports less than half cannot be guessed from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import CJK, tokens

OFFERS: Final = ()

_LEAST_SUPPORT: Final = 0.5
#: What a query leaves out ("not black") cannot be read off the product that is left, and nobody
#: would guess a question or a courtesy from a title.
_UNGUESSABLE: Final = re.compile(
    r"\b(not|no|without|except|non|please|what|which|how|why|who|where|is|are|do|does|can|need|"
    r"sin|menos|excepto|por favor|qué|que no|cuál|cómo|dónde|necesito)\b|"
    r"以外|ではない|じゃない|なし|無し|ください|下さい|お願い|何|どの|どう|[?？¿]",
    re.IGNORECASE,
)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row if no other query of the product is supported better by its text.

    Raises :class:`RowRejectedError` where one is, or where the text supports too little of it.
    """
    if not facts["title"]:
        raise RowRejectedError("value-missing", "the judged product is not listed, or has no title")
    query = facts["target"].lstrip("!\"'#*- ")
    if found := _UNGUESSABLE.search(query):
        raise RowRejectedError("query-unguessable", f"{found[0]!r} in {query!r}")
    if facts["locale"] == "jp" and CJK.search(query) is None:
        raise RowRejectedError("query-not-japanese", query)
    bullets = [bullet for bullet in facts["bullets"] if bullet]
    about = (facts["title"], *bullets, facts["brand"] or "", facts["color"] or "")
    text = frozenset(tokens(" ".join(about)))
    support = _support(query, text)
    if support < _LEAST_SUPPORT:
        raise RowRejectedError("query-unsupported", f"the text supports {support:.0%} of {query!r}")
    for rival in facts["rivals"]:
        if _support(rival, text) > support:
            raise RowRejectedError("better-query", f"{rival!r} is supported better than {query!r}")
    kept = {name: facts[name] for name in ("key", "locale", "title", "subject", "source_ids")}
    yield {**kept, "bullets": bullets, "target": query}


def _support(query: str, text: frozenset[str]) -> float:
    words = frozenset(tokens(query))
    return len(words & text) / len(words)
