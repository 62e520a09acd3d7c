"""What stands beside a complement of a query: one product of each other label, in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns, one_of

OFFERS: Final = ("positive", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where too few can be told apart.
    """
    found = by_label(facts)
    others = in_turns(found["S"], found["E"], found["I"])
    yield one_of(chosen(facts, found["C"], others, draw))
