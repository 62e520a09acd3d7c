"""Which of four types of product may have an attribute: one whose listings state it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.type_attributes import with_wrong

OFFERS: Final = ("kind", "positive", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with three wrong ones (:func:`~factory.sources.type_attributes.with_wrong`)."""
    yield from with_wrong(facts, "type")
