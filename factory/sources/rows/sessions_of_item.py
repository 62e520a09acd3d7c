"""Which sessions stand beside the one that led to a product, all of them cut to one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.session_titles import VARIANT, Viewed, akin, viewed_products
from factory.sources.view import RowRejectedError
from factory.text import similarity

OFFERS: Final = ("title", "positive", "negatives")

_LENGTHS: Final = (4, 3)
_MOST_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a product, the session that led to it, and three that led elsewhere.

    A session is its last three or four different titles, the same number in every one. The likest
    to the product is one wrong session, one of its brand another, and one comes by chance.

    Raises :class:`RowRejectedError` where the session is too short or has nothing to do with the
    product, or where too few sessions of its length can be told from it.
    """
    session = viewed_products(facts["viewed"])
    if session is None:
        raise RowRejectedError("value-missing", "the last product has no title to show")
    *earlier, last = session
    length = next((each for each in _LENGTHS if len(earlier) >= each), 0)
    if not length:
        raise RowRejectedError(
            "too-few-items", f"{len(earlier)} different products before the last"
        )
    own = earlier[-length:]
    if sum(akin(product, (last,), 0.15) for product in own) < 2:
        raise RowRejectedError("not-akin", f"what came before {last.title!r} is of other kinds")
    if any(similarity(product.words, last.words) >= VARIANT for product in own):
        raise RowRejectedError("variant-of-viewed", last.title)
    ids = {each["id"] for each in facts["viewed"]}
    possible: list[tuple[str, list[Viewed]]] = []
    for other in facts["others"]:
        walk = viewed_products(other["viewed"])
        if walk is None or len(walk) < length or any(each["id"] in ids for each in other["viewed"]):
            continue
        cut = walk[-length:]
        # A session full of what the product is would have led to it as well.
        if sum(akin(product, (last,), 0.15) for product in cut) < length - 1:
            possible.append((other["id"], cut))
    order = draw.permutation(len(possible), "order")
    shuffled = [possible[place] for place in order]
    alike = sorted(shuffled, key=lambda each: -_likeness(last, each[1]))
    wrong = alike[:2]
    wrong += [each for each in shuffled if each not in wrong][: _MOST_NEGATIVES - len(wrong)]
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


def _line(walk: Sequence[Viewed]) -> str:
    return " -> ".join(product.title for product in walk)
