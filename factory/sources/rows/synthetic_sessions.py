"""A made-up session: errands that end in a purchase, then a search that is still going on.

The walk follows judged queries: what is clicked is an exact match of the query before it, and the
last search moves along queries that share exact matches, from the widest to the one that is asked
for. Nothing here was logged, so a row carries ``synthetic_session``. Wrong candidates are queries
of the session itself, narrower queries for errands that are done (as like the session as the right
one, but bought already), and queries of other corners of the shop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.lexicons import JOINING, NOT_PLAIN
from factory.sources.view import RowRejectedError
from factory.text import CJK, similarity, tokens

OFFERS: Final = ("events", "positives", "negatives", "synthetic_session", "subject")

_PLAIN: Final = re.compile(NOT_PLAIN)
_LONGEST_QUERY: Final = 100
_LONGEST_TITLE: Final = 200
_ERRANDS: Final = 3
_NEGATIVES: Final = 9
_FAR: Final = 3
_LONGEST_SESSION: Final = 3600
_MOST_SIMILARITY: Final = 0.85
#: In percent: how often a product is clicked twice, and how often an errand looks back at the end.
_AGAIN: Final = 30
_LOOKS_BACK: Final = 40


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the events in order, one line each, the next query, and nine others.

    Raises :class:`RowRejectedError` where the session cannot be told as one search after others.
    """
    locale, gold = facts["locale"], facts["query"].strip()
    if not _plain(gold, locale):
        raise RowRejectedError("query-not-plain", gold)
    searches: list[Mapping[str, Any]] = facts["searches"]
    chain = _chain([each for each in searches if each["role"] == "earlier"], gold, locale)
    if not chain:
        raise RowRejectedError("no-earlier-query", gold)
    errand_at = {each["place"]: each for each in searches if each["role"] == "errand"}
    seen = set(_words(" ".join([gold, *(each["query"] for each in chain)]), locale))
    errands: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
    far: list[Mapping[str, Any]] = []
    for other in sorted(facts["others"], key=lambda each: int(each["place"])):
        # A query that shares a word with the search that goes on could be its next as well.
        words = _words(f"{other['wider']} {other['query']}", locale)
        if not _plain(other["wider"], locale) or not _plain(other["query"], locale) or words & seen:
            continue
        errand = errand_at.get(other["place"])
        alike = similarity(tokens(other["wider"]), tokens(other["query"])) > _MOST_SIMILARITY
        if len(errands) < _ERRANDS and errand and len(_titles(errand)) > 1 and not alike:
            errands.append((errand, other))
            seen |= words
        else:
            far.append(other)
    # An errand that came later than a query from elsewhere may have words of it.
    about = _words(" ".join(each["query"] for each, _ in errands), locale)
    far = [each for each in far if not _words(each["query"], locale) & about]
    if len(errands) < _ERRANDS or len(far) < _FAR:
        raise RowRejectedError("too-few-errands", gold)
    far = _of_lengths(far, len(gold), draw)[:_NEGATIVES]
    lines, shown, bought = _told(errands, chain, draw)
    # Two queries of the last search, the right one and the one before it, and two of each errand:
    # were they fewer, the right one would be known by the candidate that is like it.
    negatives = [chain[-1]["query"].strip()]
    for errand, other in errands[-bought:]:
        negatives += [errand["query"].strip(), other["query"].strip()]
    negatives += [each["query"].strip() for each in far]
    yield {
        "key": facts["key"],
        "locale": locale,
        "events": lines,
        "positives": [gold],
        "negatives": list(dict.fromkeys(negatives))[:_NEGATIVES],
        "synthetic_session": True,
        "subject": facts["source_ids"][0],
        "source_ids": [
            *facts["source_ids"],
            *(f"query:{locale}:{each['id']}" for each in [*chain, *(o for _, o in errands), *far]),
            *(f"query:{locale}:{errand['id']}" for errand, _ in errands[-bought:]),
            *(f"product:{locale}:{name}" for name in dict.fromkeys(shown)),
        ],
    }


def _of_lengths(
    far: Sequence[Mapping[str, Any]], length: int, draw: Draw
) -> list[Mapping[str, Any]]:
    """Return the queries from elsewhere, of the first three a drawn number longer than ``length``.

    The next query is narrower than those before it, and would be known as one of the longest.
    """
    longer = [each for each in far if len(each["query"].strip()) > length]
    longer = longer[: 1 + draw.below(_FAR, "longer")]
    shorter = [each for each in far if len(each["query"].strip()) <= length]
    first = [*longer, *shorter][:_FAR]
    return [*first, *(each for each in far if each not in first)]


def _chain(earlier: Sequence[Mapping[str, Any]], gold: str, locale: str) -> list[Mapping[str, Any]]:
    """Return the searches that lead to ``gold``, the widest first, none of them nearly it."""
    chain: list[Mapping[str, Any]] = []
    for search in sorted(earlier, key=lambda each: int(each["place"])):
        query = search["query"].strip()
        known = [gold, *(each["query"] for each in chain)]
        if (
            _plain(query, locale)
            and _titles(search)
            and all(similarity(tokens(query), tokens(each)) <= _MOST_SIMILARITY for each in known)
        ):
            chain.append(search)
    return chain


def _told(
    errands: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    chain: Sequence[Mapping[str, Any]],
    draw: Draw,
) -> tuple[list[str], list[str], int]:
    """Return the lines, the ids of the products in them, and how many errands they tell of.

    As many of the errands, from the last, as keep the session short enough to read.
    """
    search: list[str] = []
    shown: list[str] = []
    for number, step in enumerate(chain):
        search.append(f"Query keyword '{step['query'].strip()}'")
        _clicks(step, search, shown, draw, f"search {number}")
    told: list[str] = []
    bought = 0
    for number, (errand, _) in reversed(list(enumerate(errands))):
        lines: list[str] = [f"Query keyword '{errand['query'].strip()}'"]
        ids: list[str] = []
        _clicks(errand, lines, ids, draw, f"errand {number}")
        title = _titles(errand)[0][1]
        lines.append(f"Add product '{title}' to cart")
        lines.append(f"Purchase product '{title}'")
        if draw.below(100, f"back {number}") < _LOOKS_BACK:
            lines.append(f"Click on product '{title}'")
        if bought and sum(map(len, [*lines, *told, *search])) > _LONGEST_SESSION:
            break
        told = lines + told
        shown += ids
        bought += 1
    return told + search, shown, bought


def _clicks(
    search: Mapping[str, Any], lines: list[str], shown: list[str], draw: Draw, purpose: str
) -> None:
    """Add the clicks of a search; what an errand buys, its first product, is clicked last."""
    titles = _titles(search)
    for number, (name, title) in reversed(list(enumerate(titles))):
        lines.append(f"Click on product '{title}'")
        if draw.below(100, f"{purpose} again {number}") < _AGAIN:
            lines.append(f"Follow up click on product '{title}'")
        shown.append(name)


def _titles(search: Mapping[str, Any]) -> list[tuple[str, str]]:
    once: dict[str, str] = {}
    for product in search["products"]:
        title = product["title"]
        if title and len(title) <= _LONGEST_TITLE:
            once.setdefault(title, product["id"])
    return [(name, title) for title, name in once.items()]


def _words(text: str, locale: str) -> frozenset[str]:
    return frozenset(tokens(text)) - JOINING["es" if locale == "es" else "en"]


def _plain(query: str, locale: str) -> bool:
    text = query.strip()
    return (
        0 < len(text) <= _LONGEST_QUERY
        and not _PLAIN.search(text)
        and (locale == "jp") == (CJK.search(text) is not None)
    )
