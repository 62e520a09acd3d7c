"""What the tasks over the products judged for one query share: which of them may stand together.

Not a row mapper itself. A *judged* product has one of ESCI's four labels; a *lent* one is the exact
match of another query (label ``near`` where the two queries share a word, else ``far``), and was
never judged for this one: so it is shown only where its title cannot answer the query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice, zip_longest
from math import inf
from types import MappingProxyType
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

#: Titles nearer than this differ in a size or colour that the query may not even name, and then
#: their different labels are an accident.
_MOST_SIMILARITY: Final = 0.7
#: A lent product whose title is nearer than this to a judged one may be one more of its kind.
_MOST_LENT_SIMILARITY: Final = 0.25

#: So many sets of golds are tried before a row is given up.
_MOST_TRIED: Final = 400

#: What ESCI's labels are worth in a ranking (the gains of its authors).
RELEVANCE: Final = MappingProxyType({"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0})


@dataclass(frozen=True, slots=True)
class Product:
    """A product that may be shown: ``words`` are the tokens of its title."""

    id: str
    label: str
    title: str
    words: frozenset[str]


def by_label(facts: Mapping[str, Any]) -> defaultdict[str, list[Product]]:
    """Return the products of a facts row by label, in the row's order, each once.

    Products without a title are left out, and lent ones that may answer the query.
    """
    query = frozenset(tokens(facts["query"]))
    found: defaultdict[str, list[Product]] = defaultdict(list)
    lent: list[Product] = []
    seen: set[str] = set()
    for each in facts["products"]:
        if not each["title"] or each["id"] in seen:
            continue
        seen.add(each["id"])
        words = frozenset(tokens(each["title"]))
        product = Product(each["id"], each["label"], each["title"], words)
        if each.get("lent_by") is None:
            found[product.label].append(product)
        elif _cannot_answer(words, frozenset(tokens(each["lent_by"])), query):
            lent.append(product)
    own = [product for label in "ESC" for product in found[label]]
    for product in lent:
        if all(similarity(product.words, other.words) < _MOST_LENT_SIMILARITY for other in own):
            found[product.label].append(product)
    return found


def _cannot_answer(title: frozenset[str], lent_by: frozenset[str], query: frozenset[str]) -> bool:
    """Return whether less than half of the query stands in a lent title or in its own query."""
    return 2 * len(query & title) < len(query) and 2 * len(query & lent_by) <= len(query)


def in_turns(*columns: Iterable[Product]) -> Iterator[Product]:
    """Yield the first of each column, then the second of each, and so on."""
    return (each for each in chain.from_iterable(zip_longest(*columns)) if each is not None)


def nearest_first(products: Iterable[Product], query: str) -> list[Product]:
    """Return ``products``, those first whose title holds most words of the query.

    Without them the gold would be known by the words that it shares with the query.
    """
    words = frozenset(tokens(query))
    return sorted(products, key=lambda product: -len(product.words & words))


def chosen(
    facts: Mapping[str, Any], golds: Sequence[Product], others: Iterable[Product], draw: Draw
) -> dict[str, Any]:
    """Return a row with ``positives`` and ``negatives``, as many as the task shows of each.

    The golds are drawn from ``golds``, the others are the first of ``others``; no two products are
    nearly the same. Raises :class:`RowRejectedError` where either are too few.
    """
    if not facts["query"]:
        raise RowRejectedError("query-empty", "no letters in it")
    order = draw.permutation(len(golds), "golds")
    positives = _distinct((golds[place] for place in order), (), facts["golds_shown"])
    if len(positives) < facts["golds_shown"]:
        raise RowRejectedError("too-few-positives", f"{len(positives)} of {facts['golds_shown']}")
    negatives = _distinct(others, positives, facts["others_shown"])
    if len(negatives) < facts["others_shown"]:
        raise RowRejectedError("too-few-negatives", f"{len(negatives)} of {facts['others_shown']}")
    locale, query_id = facts["locale"], facts["query_id"]
    return {
        "key": facts["key"],
        "locale": locale,
        "query": facts["query"],
        "positives": [product.title for product in positives],
        "negatives": [product.title for product in negatives],
        "source_ids": [
            f"product:{locale}:{product.id}"
            if product.label in ("near", "far")
            else f"judgement:{query_id}:{locale}:{product.id}"
            for product in (*positives, *negatives)
        ],
    }


def one_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of one gold as multiple choice reads it: ``positive`` for ``positives``."""
    [positive] = row.pop("positives")
    return {**row, "positive": positive}


def interleaved(
    facts: Mapping[str, Any], golds: Sequence[Product], others: Sequence[Product], draw: Draw
) -> dict[str, Any]:
    """Return a row as :func:`chosen` does, the golds at drawn places by words of the query.

    A title with more of the query's words would else be right nearly always. The places that the
    golds take when all are sorted by these words are drawn, and golds and others that fit are
    looked for, the earlier of ``others`` preferred. Where none fit, the golds with fewest of the
    words stand among the others with most. Where even then each gold has more of them than any
    other, the answer is known by its words whatever is shown, and there is no row:
    :class:`RowRejectedError`, also where either are too few.
    """
    count, rest = facts["golds_shown"], facts["others_shown"]
    query = frozenset(tokens(facts["query"]))
    turns = [golds[place] for place in draw.permutation(len(golds), "interleaved")]
    hidden = sorted(turns, key=lambda product: len(product.words & query))
    hidden = _distinct(hidden, (), count)
    rivals = _distinct(nearest_first(others, facts["query"]), hidden, rest)
    if len(hidden) < count:
        raise RowRejectedError("too-few-positives", f"{len(hidden)} of {count}")
    if len(rivals) < rest:
        raise RowRejectedError("too-few-negatives", f"{len(rivals)} of {rest}")
    if len(hidden[0].words & query) > len(rivals[0].words & query):
        raise RowRejectedError("known-by-its-words", hidden[0].title)
    places = sorted(draw.permutation(count + rest, "overlap")[:count])
    for tried in islice(combinations(turns, count), _MOST_TRIED):
        best_first = sorted(tried, key=lambda product: -len(product.words & query))
        if len(_distinct(best_first, (), count)) < count:
            continue
        bounds = [len(product.words & query) for product in best_first]
        found = _between(bounds, places, rest, best_first, others, query)
        if found is not None:
            return chosen(facts, tried, found, draw)
    return chosen(facts, hidden, rivals, draw)


def _between(
    bounds: Sequence[int],
    places: Sequence[int],
    count: int,
    golds: Sequence[Product],
    others: Sequence[Product],
    query: frozenset[str],
) -> list[Product] | None:
    """Return ``count`` of ``others`` that put golds sharing ``bounds`` words at ``places``."""
    kept: list[Product] = []
    upper: float = inf
    wanted = [place - number for number, place in enumerate(places)]
    for until, lower in zip((*wanted, count), (*bounds, 0), strict=True):
        fitting = [each for each in others if lower <= len(each.words & query) <= upper]
        # What is well within leaves those on the border to the golds that need them.
        fitting.sort(key=lambda each: len(each.words & query) in (lower, upper))
        more = [each for each in fitting if each not in kept]
        kept += _distinct(more, (*golds, *kept), until - len(kept))
        if len(kept) < until:
            return None
        upper = lower
    return kept


def _distinct(products: Iterable[Product], shown: Sequence[Product], count: int) -> list[Product]:
    """Return the first ``count`` that are not nearly one of ``shown`` or an earlier one."""
    kept: list[Product] = []
    for product in products:
        if len(kept) == count:
            break
        if all(
            similarity(product.words, other.words) < _MOST_SIMILARITY for other in (*shown, *kept)
        ):
            kept.append(product)
    return kept
