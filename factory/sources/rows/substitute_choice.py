"""What stands beside a substitute of a query: two exact matches, complements, irrelevant ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns, one_of

OFFERS: Final = ("positive", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where too few can be told apart.
    """
    found = by_label(facts)
    # Beside one match alone, the substitute would be the only other product of its kind.
    others = chain(found["E"][:2], in_turns(found["C"], found["I"]))
    yield one_of(chosen(facts, found["S"], others, draw))
