"""Which bullet points a description (and title) supports: those are what there is to write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
    support,
)

OFFERS: Final = ("title", "description", "count", "target", "subject")

#: Of a bullet's words, and of those that the title does not have: the name of the product alone,
#: which is most of many bullets, supports nothing.
_LEAST_SUPPORT: Final = 0.5
_LEAST_SUPPORT_BEYOND_TITLE: Final = 0.35
#: What a bullet says first, before a colon: ``Soft lining: no scratch on the lid``.
_HEADING: Final = re.compile(r"\A([^:\uff1a]{2,40})[:\uff1a]")
_LEAST_HEADING: Final = 0.6
#: What a value is called needs no support: whoever reads "12 oz" may write "Capacity: 12 oz".
_NAMES: Final = content_words(
    "type size format material color capacity weight length power version pack quantity model "
    "series tipo medida formato color capacidad peso longitud potencia nominal versión cantidad "
    "modelo serie タイプ 仕様 素材 サイズ 容量 重量 長さ カラー 入数 シリーズ"
)
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
        and not invents_abbreviations(bullet, given)
        and not invents_numbers(bullet, given)
        and not invents_sizes(bullet, given)
        and _heading_given(bullet, given)
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
    words = content_words(bullet) - content_words(product.title) - _NAMES
    return len(words & content_words(product.description)) / len(words) if words else 1.0


def _heading_given(bullet: str, given: Iterable[str]) -> bool:
    """Return whether what the bullet names before a colon, a feature mostly, is in the inputs."""
    heading = _HEADING.match(bullet)
    if heading is None or not content_words(heading[1]) - _NAMES:
        return True
    return support(heading[1], given) >= _LEAST_HEADING
