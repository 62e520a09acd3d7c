"""Which reviews of a product make an order: five, each with clearly more votes than the next.

Longer reviews get more votes, and an order by length must not be the answer: among several drawn
orders of votes the one is taken in which the longest review stands where a draw wants it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("items", "relevance")

_REVIEWS: Final = 5
_TRIES: Final = 10
#: A review has at least this many votes more than the next, and this many times as many.
_MORE: Final = 3
_TIMES: Final = 1.5
_MOST_SIMILARITY: Final = 0.7
_EMBEDDED: Final = re.compile(r"\[\[(?:VIDEOID:[^\]]*|ASIN:\w+ ?([^\]]*))\]\]")
#: What a reader could not know without the votes, or says what they are.
_ABOUT_VOTES: Final = re.compile(r"\bhelpful\b|\bother reviews?\b|\bvotes?\b", re.IGNORECASE)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield five reviews, the most helpful first, relevances 4 down to 0.

    Raises :class:`RowRejectedError` where no five reviews lie far enough apart.
    """
    if not facts["product"]:
        raise RowRejectedError("no-title", "the reviewed product is not listed, or has no title")
    usable = [_plain(each) for each in facts["reviews"] if not _ABOUT_VOTES.search(each["text"])]
    found: list[list[Mapping[str, Any]]] = []
    for turn in range(_TRIES):
        chain = _chain(usable, draw, turn)
        if len(chain) == _REVIEWS:
            found.append(chain)
    if not found:
        raise RowRejectedError("votes-too-close", "no five reviews with clearly different votes")
    place = draw.below(_REVIEWS, "longest")
    chain = next((each for each in found if _longest(each) == place), found[0])
    locale = facts["locale"]
    yield {
        **{name: facts[name] for name in ("key", "locale", "product", "subject")},
        "items": [each["text"] for each in chain],
        "relevance": [float(_REVIEWS - 1 - place) for place in range(_REVIEWS)],
        "source_ids": [*facts["source_ids"], *(f"review:{locale}:{each['id']}" for each in chain)],
    }


def _plain(review: Mapping[str, Any]) -> dict[str, Any]:
    text = " ".join(_EMBEDDED.sub(r"\1", review["text"]).split())
    return {**review, "text": text, "words": frozenset(tokens(text))}


def _chain(reviews: Sequence[Mapping[str, Any]], draw: Draw, turn: int) -> list[Mapping[str, Any]]:
    """Return up to five reviews by falling votes, chosen from the fewest votes up.

    Each step takes one of the nearest possible numbers of votes, so that five fit in.
    """
    order = draw.permutation(len(reviews), f"order {turn}")
    left = sorted((reviews[place] for place in order), key=lambda each: each["votes"])
    chosen: list[Mapping[str, Any]] = []
    seen: list[frozenset[str]] = []
    for each in left:
        votes = chosen[-1]["votes"] if chosen else None
        if votes is not None and not (
            each["votes"] >= votes + _MORE and each["votes"] >= votes * _TIMES
        ):
            continue
        words = each["words"]
        if any(similarity(words, other) > _MOST_SIMILARITY for other in seen):
            continue
        chosen.append(each)
        seen.append(words)
        if len(chosen) == _REVIEWS:
            break
    return chosen[::-1]


def _longest(chain: Sequence[Mapping[str, Any]]) -> int:
    return max(range(len(chain)), key=lambda place: len(chain[place]["text"]))
