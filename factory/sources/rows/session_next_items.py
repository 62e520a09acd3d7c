"""Where a session is cut: before its last product, and before its last three.

What comes next follows from nothing, but it can be guessed where it is of the brand or the kind of
what was viewed just before: other sessions are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.session_titles import (
    akin,
    variant,
    viewed_products,
    wrong_products,
)
from factory.sources.translated import surely_in_language
from factory.sources.view import RowRejectedError

OFFERS: Final = ("viewed", "positive", "target", "begun", "positives", "negatives")

_MOST_SHOWN: Final = 10
_LEAST_SHOWN: Final = 2
_GOLDS: Final = 3
#: Of four options, and of fifteen candidates.
_NEGATIVES: Final = (3, 12)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a session cut in two ways, and products that it does not hold.

    ``viewed`` is what stands before its last product (``positive``; and ``target``, where its title
    is in the shop's language for certain), ``begun`` what stands before its last three
    (``positives``, empty where fewer than three different products follow two others).

    Raises :class:`RowRejectedError` where the last product has no title, was viewed before, is a
    form of one that was, or has nothing to do with the two before it.
    """
    session = viewed_products(facts["viewed_ids"], facts["viewed_titles"], facts["viewed_brands"])
    if session is None:
        raise RowRejectedError("value-missing", "the last product has no title to show")
    *earlier, last = session
    if len(earlier) < _LEAST_SHOWN:
        raise RowRejectedError("too-few-items", f"{len(earlier)} different products before it")
    if last.id in facts["viewed_ids"][:-1]:
        raise RowRejectedError("viewed-before", last.title)
    if variant(last, earlier):
        raise RowRejectedError("variant-of-viewed", last.title)
    if not akin(last, earlier[-2:]):
        raise RowRejectedError(
            "not-akin", f"{last.title!r} is of another kind than what came before"
        )
    begun, golds = session[:-_GOLDS], session[-_GOLDS:]
    if len(begun) < _LEAST_SHOWN or not all(akin(gold, begun) for gold in golds):
        begun, golds = [], []
    before = earlier[-_MOST_SHOWN:]
    wrong = wrong_products(facts, session, before, (last, *golds), _NEGATIVES, draw)
    locale = facts["locale"]
    shown = (*session, *wrong)
    yield {
        "key": facts["key"],
        "locale": locale,
        "viewed": [product.title for product in before],
        "positive": last.title,
        # What is asked for in a language is not shown in another.
        "target": last.title if surely_in_language(last.title, locale) else None,
        "begun": [product.title for product in begun],
        "positives": [product.title for product in golds],
        "negatives": [product.title for product in wrong],
        "source_ids": [
            *facts["source_ids"],
            *(f"product:{locale}:{product.id}" for product in shown),
        ],
    }
