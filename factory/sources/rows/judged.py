"""What the tasks over the products judged for one query share: which of them may stand together.

Not a row mapper itself. A *judged* product has one of ESCI's four labels; a *lent* one is the exact
match of another query (label ``near`` where the two queries share a word, else ``far``), and was
never judged for this one: so it is shown only where its title cannot answer the query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
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
    own = [product for label in "ES" for product in found[label]]
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
