"""What the tasks that choose the query of a text share: one right query among others.

Not a row mapper itself. A query that people judged otherwise for the product comes first; one that
nobody judged for it only where words of it stand nowhere on the product's page. What people judged
by the whole page must be told by the part that is shown, or there is no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import interleaved
from factory.sources.rows.product_text import content_words
from factory.sources.rows.text_of_product import Told, thin_out_told
from factory.sources.view import RowRejectedError
from factory.text import CJK, similarity, tokens

#: Queries nearer than this ask for the same thing: different labels of them are an accident.
_MOST_SIMILARITY: Final = 0.6
#: Words with so many first letters in common are forms of one word (plateada, plateado).
_STEM: Final = 5
#: Beside a query for the same kind of product, the text bears out this much of the right one.
_LEAST_SUPPORT: Final = 0.6
#: Of pairs of characters, which other words have as well, rather more.
_LEAST_SUPPORT_CJK: Final = 0.85


class _Said:
    """The words of a text, and what may be other forms of them."""

    def __init__(self, *texts: str) -> None:
        self.words = frozenset(tokens(" ".join(texts)))
        self._stems = frozenset(_stem(word) for word in self.words)

    def lacks(self, query: str) -> list[str]:
        """Return the words of a query that say something and stand in the text in no form."""
        return [word for word in content_words(query) if _stem(word) not in self._stems]


def one_query(
    facts: dict[str, Any], shown: Sequence[str], draw: Draw, told_one_in: int
) -> dict[str, Any]:
    """Return a row with ``positive`` and ``negatives``: queries, for the texts in ``shown``.

    Of the rows that counting words solves, one in ``told_one_in`` is kept.

    Raises :class:`RowRejectedError` where there are too few, or the right one has most words of the
    texts whatever stands beside it, or too few to be told from the others.
    """
    said = _Said(*shown)
    page = _Said(*_page(facts))
    judged = [
        Told(each["id"], each["label"] or "", _bare(each["query"]), said.words)
        for each in facts["queries"]
        if _can_be_told(_bare(each["query"]), facts["locale"])
    ]
    right = [query for query in judged if query.label == "E"]
    golds = [query for query in right if not any(map(_is_number, said.lacks(query.title)))]
    others = [
        query
        for query in (*judged, *_unjudged(facts, said, page))
        if _is_wrong(query, right) and (query.label != "S" or said.lacks(query.title))
    ]
    text = " ".join(shown)
    asked = {**facts, "query": text, "query_id": "", "golds_shown": 1}
    row = interleaved(asked, golds, others, draw)
    positive, negatives = row["positives"][0], row["negatives"]
    _check_support(positive, negatives, said)
    thin_out_told((positive, *negatives), text, draw, told_one_in)
    return {
        "key": facts["key"],
        "locale": facts["locale"],
        "positive": positive,
        "negatives": negatives,
        "subject": f"query:{facts['locale']}:{positive.casefold()}",
        "source_ids": list(_sources(facts, (positive, *negatives))),
    }


def _page(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield all that the source says of a product."""
    yield from filter(None, (facts[name] for name in ("title", "description", "brand", "color")))
    yield from filter(None, facts["bullets"] or ())


def _bare(query: str) -> str:
    # Some queries begin with a sign that nobody would print.
    return query.strip().lstrip("!\"'#*- ")


def _stem(word: str) -> str:
    return word if CJK.search(word) else word[:_STEM]


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def _can_be_told(query: str, locale: str) -> bool:
    """Return whether a query is in the script of its shop: another one would stand out."""
    return bool(query) and (CJK.search(query) is not None) == (locale in ("jp", "cn"))


def _unjudged(facts: Mapping[str, Any], said: _Said, page: _Said) -> Iterator[Told]:
    """Yield the queries that were not judged for the product and ask for what its page lacks."""
    found = []
    for each in facts["near"]:
        query = _bare(each["query"])
        words, missing = content_words(query), page.lacks(query)
        if _can_be_told(query, facts["locale"]) and words and 3 * len(missing) >= len(words):
            # Those first that name something that the page names too.
            found.append((len(missing) == len(words), Told(each["id"], "near", query, said.words)))
    return (query for _, query in sorted(found, key=lambda each: each[0]))


def _is_wrong(query: Told, right: Iterable[Told]) -> bool:
    """Return whether a query asks for more than, or other than, those that the product answers."""
    return query.label in ("S", "C", "I", "near") and not any(
        query.words <= other.words or similarity(query.words, other.words) >= _MOST_SIMILARITY
        for other in right
    )


def _check_support(positive: str, negatives: Iterable[str], said: _Said) -> None:
    """Raise where a query for the same kind of product is shown, and the text tells neither."""
    words = content_words(positive)
    kin = frozenset(map(_stem, words))
    alike = any(kin.intersection(map(_stem, content_words(query))) for query in negatives)
    least = _LEAST_SUPPORT_CJK if CJK.search(positive) else _LEAST_SUPPORT
    if alike and len(words) - len(said.lacks(positive)) < least * len(words):
        raise RowRejectedError("query-unsupported", positive)


def _sources(facts: Mapping[str, Any], texts: Iterable[str]) -> Iterator[str]:
    judged = {_bare(each["query"]): each["id"] for each in reversed(facts["queries"])}
    near = {_bare(each["query"]): each["id"] for each in reversed(facts["near"])}
    for text in texts:
        if text in judged:
            yield f"judgement:{judged[text]}:{facts['locale']}:{facts['product_id']}"
        else:
            yield f"query:{facts['locale']}:{near[text]}"
