"""The type of product that a title names, by a label, among types of other labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.product_types import with_types

OFFERS: Final = ("negatives",)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with three wrong types (:func:`~factory.sources.product_types.with_types`)."""
    yield from with_types(facts, "title", draw)
