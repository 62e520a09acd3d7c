"""Which three products of a session are asked for, given the one that it ends with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.session_titles import (
    Viewed,
    akin,
    variant,
    viewed_products,
    wrong_products,
)
from factory.sources.view import RowRejectedError

OFFERS: Final = ("title", "positives", "negatives")

_GOLDS: Final = 3
_NEGATIVES: Final = 12
_LEAST_AKIN: Final = 2


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the last product's title, three products viewed before it, and others.

    Raises :class:`RowRejectedError` where the last product has no title, fewer than three different
    ones stand before it, or less than two have anything to do with it: nobody could say then what
    else its shopper looked at. Those that have are asked for first, the latest ones.
    """
    session = viewed_products(facts["viewed_ids"], facts["viewed_titles"], facts["viewed_brands"])
    if session is None:
        raise RowRejectedError("value-missing", "the last product has no title to show")
    *earlier, last = session
    near: list[Viewed] = []
    others: list[Viewed] = []
    for product in reversed(earlier):
        if not variant(product, (last, *near, *others)):
            (near if akin(product, (last,)) else others).append(product)
        if len(near) == _GOLDS:
            break
    if len(near) + len(others) < _GOLDS:
        raise RowRejectedError("too-few-items", f"{len(near) + len(others)} before the last")
    if len(near) < _LEAST_AKIN:
        raise RowRejectedError("not-akin", f"the products before {last.title!r} are of other kinds")
    golds = [*near, *others][:_GOLDS]
    # As many words as the middle one shares with the last product, others share as well.
    golds.sort(key=lambda gold: len(gold.words & last.words))
    right = (golds[1], golds[0], golds[2])
    wrong = wrong_products(facts, session, (last,), right, (_NEGATIVES,), draw)
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
