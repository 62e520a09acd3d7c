"""What stands beside complements of a query: one match and two substitutes, then others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns

OFFERS: Final = ("positives", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`~factory.sources.view.RowRejectedError` where too few can be told apart.
    """
    found = by_label(facts)
    # Exact matches and substitutes are alike: among many of them the complement stands out, as it
    # would by the words of the query that it lacks.
    others = chain(
        in_turns(found["E"][:1], found["S"][:2]),
        in_turns(found["I"], found["near"], found["far"]),
        in_turns(found["E"][1:], found["S"][2:]),
    )
    yield chosen(facts, found["C"], others, draw)
