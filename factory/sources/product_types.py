"""Which types stand beside the right one: those of its department first, none that may be right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from factory.draw import Draw
from factory.sources.lexicons import NOT_PLAIN
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

_NEGATIVES: Final = 3
_LONGEST: Final = 200
_MOST_SIMILARITY: Final = 0.6
#: A query that excludes something, or asks in a sentence, may be of more types than its matches.
_PLAIN: Final = re.compile(NOT_PLAIN)


def with_types(facts: Mapping[str, Any], shown: str, draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with three wrong types, of which the text ``shown`` names none.

    One that shares a word with the text comes first where there is one, so that the right type is
    not always the only one with words of it.

    Raises:
        RowRejectedError: the text is missing, too long or no plain list of what is wanted, or there
            are too few other types.
    """
    text = facts[shown] or ""
    if not text or len(text) > _LONGEST or (shown == "query" and _PLAIN.search(text)):
        raise RowRejectedError("text-unusable", text)
    right = facts["positive"]
    plain = text.casefold()
    ones = tokens(right)
    usable: dict[str, list[str]] = {}
    for part in ("near", "far"):
        usable[part] = [
            each
            for each in dict.fromkeys(facts[part])
            if each not in facts["possible"]
            and each.casefold() not in plain
            and each.casefold() not in right.casefold()
            and right.casefold() not in each.casefold()
            and similarity(tokens(each), ones) < _MOST_SIMILARITY
        ]
    words = frozenset(tokens(text))
    near = sorted(usable["near"], key=lambda each: not words & frozenset(tokens(each)))
    chosen = (near + usable["far"])[:_NEGATIVES]
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-types", right)
    order = draw.permutation(_NEGATIVES, "types")
    yield {
        **{name: facts[name] for name in ("key", "locale", shown, "subject", "source_ids")},
        "positive": right,
        "negatives": [chosen[place] for place in order],
    }
