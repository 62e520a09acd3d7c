"""Which bullet points a description (and title) supports: those are what there is to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.product_text import (
    ProductText,
    boilerplate,
    content_words,
    first_usable,
    invents_numbers,
    support,
)

OFFERS: Final = ("title", "description", "count", "target", "subject")

#: Of a bullet's words, and of those that the title does not have: the name of the product alone,
#: which is most of many bullets, supports nothing.
_LEAST_SUPPORT: Final = 0.5
_LEAST_SUPPORT_BEYOND_TITLE: Final = 0.3
_FEWEST: Final = 2
_MOST: Final = 5
_DESCRIPTION: Final = range(60, 2001)
_BULLET: Final = range(12, 401)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: title and description of a product, and its bullets, one a line.

    Raises :class:`~factory.sources.view.RowRejectedError` where no product has two such bullets.
    """
    yield first_usable(facts, _bullets, "bullets-unsupported")


def _bullets(product: ProductText) -> dict[str, Any] | None:
    if len(product.description) not in _DESCRIPTION:
        return None
    given = (product.title, product.description)
    good = [
        bullet
        for bullet in product.bullets
        if len(bullet) in _BULLET
        and not boilerplate(bullet)
        and not invents_numbers(bullet, given)
        and support(bullet, given) >= _LEAST_SUPPORT
        and _beyond_title(bullet, product) >= _LEAST_SUPPORT_BEYOND_TITLE
    ][:_MOST]
    if len(good) < _FEWEST:
        return None
    return {
        "title": product.title,
        "description": product.description,
        "count": len(good),
        "target": "\n".join(good),
    }


def _beyond_title(bullet: str, product: ProductText) -> float:
    words = content_words(bullet) - content_words(product.title)
    return len(words & content_words(product.description)) / len(words) if words else 1.0
