"""What stands beside an exact match of a query: substitutes, and others of its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, in_turns, interleaved, one_of
from factory.sources.view import RowRejectedError

OFFERS: Final = ("positive", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`RowRejectedError` where too few can be told apart, or words tell the golds.
    """
    if facts["told"]:
        raise RowRejectedError("known-by-its-words", facts["query"])
    found = by_label(facts)
    others = [*in_turns(found["S"], found["C"] + found["I"])]
    yield one_of(interleaved(facts, found["E"], others, draw))
