"""What stands beside exact matches of a query: substitutes, and others of its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns, nearest_first

OFFERS: Final = ("positives", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where too few can be told apart.
    """
    found = by_label(facts)
    others = in_turns(
        nearest_first(found["S"], facts["query"]),
        nearest_first(found["C"] + found["I"], facts["query"]),
    )
    yield chosen(facts, found["E"], others, draw)
