"""A query, the shop for which it is translated, and near misses of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.translations import translation_row

OFFERS: Final = ("source_language", "near_misses")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the query; one that excludes something or asks in a sentence is refused."""
    yield from translation_row(facts, draw, plain=True)
