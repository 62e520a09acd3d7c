"""A purchase history, and what was bought next beside a few products that were not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows import next_purchase
from factory.sources.rows.judged import one_of

OFFERS: Final = ("history", "positive", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row of :mod:`~factory.sources.rows.next_purchase` as multiple choice reads it.

    Its wrong products are sorted by what they share with the history. Those shown are taken at even
    steps, the likest first: a few of the likest would be like one another, and the right one odd.
    """
    wanted: int = facts["others_shown"]
    for row in next_purchase.rows(facts, draw):
        likest = row["negatives"]
        step = max(len(likest) // wanted, 1)
        yield one_of({**row, "negatives": likest[::step][:wanted]})
