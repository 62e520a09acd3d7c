"""What stands beside a complement of a query: irrelevant products, and what the query asks for."""

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
    # What lacks the words of the query as the complement does comes first.
    others = chain(found["I"][:2], in_turns(found["E"], found["S"]), found["I"][2:])
    yield one_of(chosen(facts, found["C"], others, draw))
