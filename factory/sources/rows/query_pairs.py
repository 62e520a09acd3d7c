"""Two queries as plain lists of what is wanted, in either order where the relation has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.lexicons import NOT_PLAIN
from factory.sources.view import RowRejectedError
from factory.text import CJK, similarity, tokens

OFFERS: Final = ()

_PLAIN: Final = re.compile(NOT_PLAIN)
_LONGEST: Final = 120
#: Words such as a plural's ending tell two queries apart that ask for one thing.
_MOST_SIMILARITY: Final = 0.85


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the pair, turned round by draw unless it is a narrowing.

    Raises :class:`RowRejectedError` for a query that excludes something or asks in a sentence, one
    of another language, and for two queries that are one.
    """
    first, second = facts["first_query"].strip(), facts["second_query"].strip()
    for query in (first, second):
        if not query or len(query) > _LONGEST or _PLAIN.search(query):
            raise RowRejectedError("query-not-plain", query)
        if (facts["locale"] == "jp") != (CJK.search(query) is not None):
            raise RowRejectedError("query-of-another-language", query)
    ones, others = sorted(tokens(first)), sorted(tokens(second))
    if similarity(ones, others) > _MOST_SIMILARITY:
        raise RowRejectedError("queries-alike", f"{first!r} and {second!r}")
    if facts["answer"] != "narrowing" and draw.below(2, "turned"):
        first, second = second, first
    yield {
        **facts,
        "first_query": first,
        "second_query": second,
    }
