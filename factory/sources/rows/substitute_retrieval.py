"""What stands beside substitutes of a query: judged ones first, of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns, nearest_first

OFFERS: Final = ("positives", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where too few can be told apart.
    """
    found = by_label(facts)
    # Substitutes are alike, and matches as alike as they: as many of these, or the others show it.
    others = chain(
        in_turns(nearest_first(found["E"])[:4], found["C"], found["I"]),
        in_turns(found["near"], found["far"]),
    )
    yield chosen(facts, found["S"], others, draw)
