"""Which sessions stand beside the one that led to a product, all of them cut to one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.session_titles import VARIANT, Apart, Viewed, akin, variant, viewed_products
from factory.sources.view import RowRejectedError
from factory.text import similarity

OFFERS: Final = ("title", "positive", "negatives")

_LENGTHS: Final = (4, 3)
_MOST_NEGATIVES: Final = 3
_LEAST_KIN: Final = 2


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a product, the session that led to it, and three that led elsewhere.

    A session is its last three or four different titles, the same number in every one. What of the
    product's words a session holds tells little where others hold as many. But none has a product
    of the kind of the one asked for, or of the kinds that led to it, a title as like the product's,
    or more products akin to it.

    Raises :class:`RowRejectedError` where the session is too short or has nothing to do with the
    product, or too few others can be told from it.
    """
    session = viewed_products(facts["ids"], facts["titles"], facts["brands"])
    if session is None:
        raise RowRejectedError("value-missing", "the last product has no title to show")
    *earlier, last = session
    length = next((each for each in _LENGTHS if len(earlier) >= each), 0)
    if not length:
        raise RowRejectedError(
            "too-few-items", f"{len(earlier)} different products before the last"
        )
    own = earlier[-length:]
    if _kin(last, own) < _LEAST_KIN:
        raise RowRejectedError("not-akin", f"what came before {last.title!r} is of other kinds")
    if variant(last, own):
        raise RowRejectedError("variant-of-viewed", last.title)
    ids = frozenset(facts["ids"])
    kin, shared = _kin(last, own), _shared(last, own)
    likest, like = _likeness(last, own), _likeness_of_all(last, own)
    stands_apart = Apart.of((last, *own), (last,), own)
    possible: list[tuple[str, list[Viewed]]] = []
    for other in facts["others"]:
        walk = viewed_products(other["ids"], other["titles"], other["brands"])
        if walk is None or len(walk) < length or not ids.isdisjoint(other["ids"]):
            continue
        cut = walk[-length:]
        # A session full of what the product is would have led to it as well.
        if (
            all(map(stands_apart, cut))
            and _likeness(last, cut) < VARIANT
            and _kin(last, cut) <= min(kin, length - 1)
            and (_likeness(last, cut) < likest or _likeness_of_all(last, cut) < like)
        ):
            possible.append((other["id"], cut))
    order = draw.permutation(len(possible), "order")
    shuffled = [possible[place] for place in order]
    above = sorted(
        (each for each in shuffled if _shared(last, each[1]) >= shared),
        key=lambda each: -_shared(last, each[1]),
    )
    under = sorted(
        (each for each in shuffled if _shared(last, each[1]) < shared),
        key=lambda each: -_shared(last, each[1]),
    )
    more = draw.below(_MOST_NEGATIVES + 1, "more words")
    wrong = (above[:more] + under + above[more:])[:_MOST_NEGATIVES]
    if len(wrong) < _MOST_NEGATIVES:
        raise RowRejectedError("too-few-sessions", f"{len(wrong)} others of {length} products")
    locale = facts["locale"]
    shown = (last, *own, *(product for _, cut in wrong for product in cut))
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": last.title,
        "positive": _line(own),
        "negatives": [_line(cut) for _, cut in wrong],
        "source_ids": [
            *facts["source_ids"],
            *(f"session:{locale}:{name}" for name, _ in wrong),
            *dict.fromkeys(f"product:{locale}:{product.id}" for product in shown),
        ],
    }


def _likeness(last: Viewed, walk: Sequence[Viewed]) -> float:
    return max(similarity(last.words, product.words) for product in walk)


def _kin(last: Viewed, walk: Sequence[Viewed]) -> int:
    return sum(akin(product, (last,), 0.15) for product in walk)


def _shared(last: Viewed, walk: Sequence[Viewed]) -> int:
    return len(last.words & frozenset[str]().union(*(product.words for product in walk)))


def _likeness_of_all(last: Viewed, walk: Sequence[Viewed]) -> float:
    return sum(similarity(last.words, product.words) for product in walk) / len(walk)


def _line(walk: Sequence[Viewed]) -> str:
    return " -> ".join(product.title for product in walk)
