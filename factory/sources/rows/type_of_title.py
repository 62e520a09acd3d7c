"""The type of a product by its title, among types of its department."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.product_types import with_types

OFFERS: Final = ("negatives",)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with three wrong types (:func:`~factory.sources.product_types.with_types`)."""
    yield from with_types(facts, "title", draw)
