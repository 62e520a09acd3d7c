"""Which titles can be written from the rest of the page, and that rest without the title in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.product_text import (
    ProductText,
    boilerplate,
    first_usable,
    invents_abbreviations,
    invents_numbers,
    invents_sizes,
    sentences,
    support,
    without_title,
)

OFFERS: Final = ("description", "bullets", "brand", "color", "target", "subject")

_LEAST_SUPPORT: Final = 0.9
_MOST_DESCRIPTION: Final = 800
_MOST_BULLETS: Final = 5


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: description, bullets, brand and colour of a product, and its title.

    Raises :class:`~factory.sources.view.RowRejectedError` where no product's texts give its title.
    """
    yield first_usable(facts, _title, "title-unsupported")


def _title(product: ProductText) -> dict[str, Any] | None:
    bullets = without_title(
        (bullet for bullet in product.bullets if not boilerplate(bullet)), product.title
    )[:_MOST_BULLETS]
    description = " ".join(without_title(sentences(product.description), product.title))
    given = (description, *bullets, product.brand, product.color)
    if (
        not (description or bullets)
        or len(description) > _MOST_DESCRIPTION
        or invents_abbreviations(product.title, given)
        or invents_numbers(product.title, given)
        or invents_sizes(product.title, given)
        or support(product.title, given) < _LEAST_SUPPORT
    ):
        return None
    return {
        "description": description,
        "bullets": bullets,
        "brand": product.brand,
        "color": product.color,
        "target": product.title,
    }
