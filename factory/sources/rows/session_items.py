"""Which three products of a session are asked for, given the one that it ends with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.session_titles import (
    VARIANT,
    Viewed,
    akin,
    likeness,
    viewed_products,
    wrong_products,
)
from factory.sources.view import RowRejectedError
from factory.text import similarity

OFFERS: Final = ("title", "positives", "negatives")

_GOLDS: Final = 3
_MOST_NEGATIVES: Final = 17
_LEAST_AKIN: Final = 2


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the last product's title, three products viewed before it, and others.

    Raises :class:`RowRejectedError` where the last product has no title, fewer than three different
    ones stand before it, or less than two of the three have anything to do with it: nobody could
    say then what else its shopper looked at.
    """
    session = viewed_products(facts["viewed"])
    if session is None:
        raise RowRejectedError("value-missing", "the last product has no title to show")
    *earlier, last = session
    golds: list[Viewed] = []
    for product in reversed(earlier):
        if all(similarity(product.words, other.words) < VARIANT for other in (last, *golds)):
            golds.append(product)
        if len(golds) == _GOLDS:
            break
    if len(golds) < _GOLDS:
        raise RowRejectedError("too-few-items", f"{len(golds)} different products before the last")
    if sum(akin(gold, (last,)) for gold in golds) < _LEAST_AKIN:
        raise RowRejectedError("not-akin", f"the products before {last.title!r} are of other kinds")
    # One of the three may be of another kind than the last product.
    likest, second, _ = sorted((likeness(gold, (last,)) for gold in golds), reverse=True)
    wrong = wrong_products(facts, session, (last,), golds, (likest, second), _MOST_NEGATIVES, draw)
    locale = facts["locale"]
    shown = (last, *golds, *wrong)
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": last.title,
        "positives": [product.title for product in golds],
        "negatives": [product.title for product in wrong],
        "source_ids": [
            *facts["source_ids"],
            *(f"product:{locale}:{product.id}" for product in shown),
        ],
    }
