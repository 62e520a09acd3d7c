"""Which descriptions title and bullet points support: no number of their own, and little else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.product_text import (
    ProductText,
    boilerplate,
    content_words,
    first_usable,
    invents_abbreviations,
    invents_numbers,
    invents_sizes,
    sentences,
    support,
    unended,
)

OFFERS: Final = ("title", "bullets", "target", "subject")

_LEAST_SUPPORT: Final = 0.7
_DESCRIPTION: Final = range(60, 801)
_MOST_BULLETS: Final = 5
_FEWEST_BULLETS: Final = 2
#: A description that adds fewer words to the title than this only repeats it.
_FEWEST_NEW_WORDS: Final = 4


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: title and bullets of a product, and its description.

    Raises :class:`~factory.sources.view.RowRejectedError` where no product has such a description.
    """
    yield first_usable(facts, _description, "description-unsupported")


def _description(product: ProductText) -> dict[str, Any] | None:
    bullets = [bullet for bullet in product.bullets if not boilerplate(bullet)][:_MOST_BULLETS]
    target = product.description
    given = (product.title, *bullets, product.brand, product.color)
    if (
        len(bullets) < _FEWEST_BULLETS
        or len(target) not in _DESCRIPTION
        or any(map(boilerplate, sentences(target)))
        or unended(target)
        or invents_abbreviations(target, given)
        or invents_numbers(target, given)
        or invents_sizes(target, given)
        or support(target, given) < _LEAST_SUPPORT
        or len(content_words(target) - content_words(product.title)) < _FEWEST_NEW_WORDS
    ):
        return None
    return {"title": product.title, "bullets": bullets, "target": target}
