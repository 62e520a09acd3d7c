"""Which reviews of a product make an order: five, each with clearly more votes than the next.

The view gives two for each place of the order, the fewest votes first; the second stands in for the
first where that one says what a review before it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import clean, tokens

OFFERS: Final = ("items", "relevance")

_REVIEWS: Final = 5
#: A review has at least this many votes more than the next, and this many times as many.
_MORE: Final = 3
_TIMES: Final = 1.5
_MOST_SIMILARITY: Final = 0.7
_EMBEDDED: Final = re.compile(r"\[\[(?:VIDEOID:[^\]]*|ASIN:\w+ ?([^\]]*))\]\]")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield five reviews, the most helpful first, relevances 4 down to 0.

    Raises :class:`RowRejectedError` where no five reviews lie far enough apart.
    """
    if not facts["product"]:
        raise RowRejectedError("no-title", "the reviewed product is not listed, or has no title")
    ids, texts = _chain(facts["reviews"])
    if len(ids) < _REVIEWS:
        raise RowRejectedError("votes-too-close", "no five reviews with clearly different votes")
    locale = facts["locale"]
    yield {
        **{name: facts[name] for name in ("key", "locale", "product", "subject")},
        "items": texts[::-1],
        "relevance": [float(_REVIEWS - 1 - place) for place in range(_REVIEWS)],
        "source_ids": [*facts["source_ids"], *(f"review:{locale}:{each}" for each in ids[::-1])],
    }


def _chain(reviews: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the ids and the texts of up to five reviews by rising votes."""
    ids: list[str] = []
    texts: list[str] = []
    seen: list[frozenset[str]] = []
    least = 0.0
    for each in reviews:
        if each["votes"] < least:
            continue
        text = _plain(each["text"])
        words = _words(text)
        if not text or any(_alike(words, other) for other in seen):
            continue
        ids.append(each["id"])
        texts.append(text)
        seen.append(words)
        least = max(each["votes"] + _MORE, each["votes"] * _TIMES)
        if len(ids) == _REVIEWS:
            break
    return ids, texts


def _plain(written: bytes) -> str:
    text = clean(written.decode(errors="replace"))
    return " ".join(_EMBEDDED.sub(r"\1", text).split()) if "[[" in text else text


def _words(text: str) -> frozenset[str]:
    # To find a repeated text words need not be exact, and splitting takes a tenth of the time.
    return frozenset(text.lower().split() if text.isascii() else tokens(text))


def _alike(left: frozenset[str], right: frozenset[str]) -> bool:
    return len(left & right) * (1 + _MOST_SIMILARITY) > _MOST_SIMILARITY * (len(left) + len(right))
