"""A query that lists what is wanted, in several words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.lexicons import NOT_PLAIN
from factory.sources.view import RowRejectedError
from factory.text import CJK, tokens

OFFERS: Final = ()

_PLAIN: Final = re.compile(NOT_PLAIN)
_MARKED: Final = re.compile(r"[^\w\s'’&.,/+-]")
_LEAST_WORDS: Final = 2
_LEAST_CHARACTERS: Final = 4


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with its query as it was typed, without stray marks at its beginning.

    Raises :class:`RowRejectedError` for a query that excludes something, asks in a sentence, has
    odd marks in it or is of one word.
    """
    query = facts["query"].strip().lstrip("!\"'#*- ")
    if _PLAIN.search(query) or _MARKED.search(query):
        raise RowRejectedError("query-not-plain", query)
    characters = len(CJK.findall(query))
    if characters < _LEAST_CHARACTERS and len(tokens(query)) < _LEAST_WORDS:
        raise RowRejectedError("query-too-short", query)
    yield {**facts, "query": query}
