"""What stands beside relevant products: irrelevant ones, and matches of other queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns

OFFERS: Final = ("positives", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where too few can be told apart.
    """
    found = by_label(facts)
    others = in_turns(found["I"], found["near"], found["far"])
    yield chosen(facts, found["E"], others, draw)
