"""What somebody bought, what goes with it, and what does not.

Two judgements of one query lead from the one to the other: it asks for the purchase, and the other
is its complement. Other products that answer the query stand among the wrong ones: they would
replace the purchase.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns, one_of
from factory.sources.view import RowRejectedError

OFFERS: Final = ("purchase", "positive", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row; the query is in it, for whoever wants to know why.

    Raises :class:`RowRejectedError` where no product answers the query, or too few can be told
    apart.
    """
    found = by_label(facts)
    if not found["E"]:
        raise RowRejectedError("too-few-positives", "nothing with a title answers the query")
    exact = [found["E"][place] for place in draw.permutation(len(found["E"]), "purchase")]
    purchase, *replacements = exact
    others = in_turns(found["I"], [*found["S"], *replacements])
    row = one_of(chosen(facts, found["C"], others, draw))
    bought = f"judgement:{facts['query_id']}:{facts['locale']}:{purchase.id}"
    yield {**row, "purchase": purchase.title, "source_ids": [bought, *row["source_ids"]]}
