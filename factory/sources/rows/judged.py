"""What the tasks over the products judged for one query share: which of them may stand together.

Not a row mapper itself. A *judged* product has one of ESCI's four labels; a *lent* one is the exact
match of another query (label ``near`` where the two queries share a word, else ``far``), and was
never judged for this one: so it is shown only where its title cannot answer the query.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations, combinations_with_replacement, islice, zip_longest
from math import inf
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import folded_case, similarity, tokens

#: Titles nearer than this differ in a size or colour that the query may not even name, and then
#: their different labels are an accident.
_MOST_SIMILARITY: Final = 0.7
#: A lent product whose title is nearer than this to a judged one may be one more of its kind.
_MOST_LENT_SIMILARITY: Final = 0.25

#: What parts words and is no part of a number.
_MARKS: Final = str.maketrans(dict.fromkeys("'\"()[]{}|!?;,:&-–—~*#【】（）、。", " "))

#: How many others stand before a gold, all in all, and the bounds of the shared words of the last.
_Need: TypeAlias = tuple[int, int, float]

#: So many sets of golds are tried before a row is given up.
_MOST_TRIED: Final = 400

#: What ESCI's labels are worth in a ranking (the gains of its authors).
RELEVANCE: Final = MappingProxyType({"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0})


@dataclass(frozen=True, eq=False)
class Product:
    """A product that may be shown beside ``query``, the tokens of what is asked.

    Its title is read when its words are first asked for: most rows that make no sample are known by
    less.
    """

    id: str
    label: str
    title: str
    query: frozenset[str]

    @cached_property
    def words(self) -> frozenset[str]:
        """The tokens of the title."""
        return frozenset(tokens(self.title))

    @cached_property
    def shared(self) -> int:
        """How many words of the query the title has."""
        return len(self.words & self.query)


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
        product = Product(each["id"], each["label"], each["title"], query)
        if each.get("lent_by") is None:
            found[product.label].append(product)
        elif _cannot_answer(product, frozenset(tokens(each["lent_by"]))):
            lent.append(product)
    own = [product for label in "ESC" for product in found[label]]
    for product in lent:
        if all(similarity(product.words, other.words) < _MOST_LENT_SIMILARITY for other in own):
            found[product.label].append(product)
    return found


def _cannot_answer(lent: Product, lent_by: frozenset[str]) -> bool:
    """Return whether less than half of the query stands in a lent title or in its own query."""
    query = lent.query
    return 2 * lent.shared < len(query) and 2 * len(query & lent_by) <= len(query)


def in_turns(*columns: Iterable[Product]) -> Iterator[Product]:
    """Yield the first of each column, then the second of each, and so on."""
    return (each for each in chain.from_iterable(zip_longest(*columns)) if each is not None)


def nearest_first(products: Iterable[Product]) -> list[Product]:
    """Return ``products``, those first whose title holds most words of the query.

    Without them the gold would be known by the words that it shares with the query.
    """
    return sorted(products, key=lambda product: -product.shared)


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
    # The views that say `told` have asked already.
    if "told" not in facts and golds and _all_have_more_words(golds, others):
        raise RowRejectedError("known-by-its-words", golds[0].title)
    turns = [golds[place] for place in draw.permutation(len(golds), "interleaved")]
    hidden = _distinct(sorted(turns, key=lambda product: product.shared), (), count)
    rivals = _distinct(nearest_first(others), hidden, rest)
    if len(hidden) < count:
        raise RowRejectedError("too-few-positives", f"{len(hidden)} of {count}")
    if len(rivals) < rest:
        raise RowRejectedError("too-few-negatives", f"{len(rivals)} of {rest}")
    if hidden[0].shared > rivals[0].shared:
        raise RowRejectedError("known-by-its-words", hidden[0].title)
    places = sorted(draw.permutation(count + rest, "overlap")[:count])
    needs_of = _fitting_needs(golds, others, places, rest)
    if not needs_of:
        return chosen(facts, hidden, rivals, draw)
    alike = _alike_each((*golds, *others))
    for tried in islice(combinations(turns, count), _MOST_TRIED):
        best_first = sorted(tried, key=lambda product: -product.shared)
        needs = needs_of.get(tuple(product.shared for product in best_first))
        if needs is None or len(_apart(best_first, (), count, alike)) < count:
            continue
        found = _between(best_first, needs, others, alike)
        if found is not None:
            return chosen(facts, tried, found, draw)
    return chosen(facts, hidden, rivals, draw)


def _all_have_more_words(golds: Sequence[Product], others: Sequence[Product]) -> bool:
    """Return whether each gold surely has more words of the query than any of ``others``.

    Told without reading the titles: a token stands somewhere in the folded title, and letters that
    stand there between spaces and marks are one. Most rows that are known by their words end here.
    """
    query = golds[0].query
    titles = [folded_case(other.title) for other in others]
    most = max((sum(word in title for word in query) for title in titles), default=0)
    if most == len(query):
        return False
    letters = frozenset(word for word in query if word.isalpha())
    return all(
        len(letters.intersection(folded_case(gold.title).translate(_MARKS).split())) > most
        for gold in golds
    )


def _fitting_needs(
    golds: Sequence[Product], others: Sequence[Product], places: Sequence[int], rest: int
) -> dict[tuple[int, ...], list[_Need]]:
    """Return what golds at ``places`` need of the others, by the golds' shared words, most first.

    Only what there are others enough for. Most golds share equally many words, so that a few such
    counts stand for hundreds of sets of golds.
    """
    wanted = [place - number for number, place in enumerate(places)]
    have = Counter(each.shared for each in others)
    fitting: dict[tuple[int, ...], list[_Need]] = {}
    values = sorted({gold.shared for gold in golds}, reverse=True)
    for counts in combinations_with_replacement(values, len(places)):
        needs: list[_Need] = []
        upper: float = inf
        before = 0
        for until, lower in zip((*wanted, rest), (*counts, 0), strict=True):
            fits = sum(number for shared, number in have.items() if lower <= shared <= upper)
            if fits < until - before:
                break
            needs.append((until, lower, upper))
            upper, before = lower, until
        else:
            fitting[counts] = needs
    return fitting


def _between(
    golds: Sequence[Product],
    needs: Sequence[_Need],
    others: Sequence[Product],
    alike: Mapping[str, frozenset[str]],
) -> list[Product] | None:
    """Return those of ``others`` that stand as ``needs`` has it around ``golds``, if they do."""
    kept: list[Product] = []
    for until, lower, upper in needs:
        fitting = [each for each in others if lower <= each.shared <= upper]
        # What is well within leaves those on the border to the golds that need them.
        fitting.sort(key=lambda each: each.shared in (lower, upper))
        kept += _apart(fitting, (*golds, *kept), until - len(kept), alike)
        if len(kept) < until:
            return None
    return kept


def _alike_each(products: Sequence[Product]) -> dict[str, frozenset[str]]:
    """Return the ids of the products that each is nearly the same as, its own among them."""
    found = {product.id: {product.id} for product in products}
    for one, other in combinations(products, 2):
        if _alike(one.words, other.words):
            found[one.id].add(other.id)
            found[other.id].add(one.id)
    return {name: frozenset(ids) for name, ids in found.items()}


def _apart(
    products: Iterable[Product],
    shown: Iterable[Product],
    count: int,
    alike: Mapping[str, frozenset[str]],
) -> list[Product]:
    """Return what :func:`_distinct` does, where it is known which products are alike."""
    barred = frozenset().union(*(alike[product.id] for product in shown))
    kept: list[Product] = []
    for product in products:
        if len(kept) == count:
            break
        if product.id not in barred:
            kept.append(product)
            barred |= alike[product.id]
    return kept


def _distinct(products: Iterable[Product], shown: Sequence[Product], count: int) -> list[Product]:
    """Return the first ``count`` that are not nearly one of ``shown`` or an earlier one."""
    kept: list[Product] = []
    for product in products:
        if len(kept) == count:
            break
        if not any(_alike(product.words, other.words) for other in chain(shown, kept)):
            kept.append(product)
    return kept


def _alike(left: frozenset[str], right: frozenset[str]) -> bool:
    """Return whether two titles are nearly the same."""
    shared = len(left & right)
    return shared >= _MOST_SIMILARITY * (len(left) + len(right) - shared)
