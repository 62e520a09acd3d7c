"""What somebody bought, what goes with it, and what does not.

Two judgements of one query lead from the one to the other: it asks for the purchase, and the other
is its complement. Other products that answer the query stand among the wrong ones: they would
replace the purchase. The query may be wide (a watch strap) where both are narrow (of this watch,
for that one): then they must fit each other as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import by_label, chosen, in_turns, one_of
from factory.sources.rows.query_complement import go_together
from factory.sources.view import RowRejectedError

OFFERS: Final = ("purchase", "positive", "negatives")

#: A length as titles write it; a lid of 30 cm is for no pan of 26 cm.
_LENGTH: Final = re.compile(r"(\d+(?:[.,]\d+)?) ?-?(cm|mm|inch|in\b|\"|pulgadas)", re.IGNORECASE)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row; the query is in it, for whoever wants to know why.

    Raises :class:`RowRejectedError` where no product answers the query, too few can be told apart,
    or the complement fits something else than the purchase.
    """
    found = by_label(facts)
    if not found["E"]:
        raise RowRejectedError("too-few-positives", "nothing with a title answers the query")
    exact = [found["E"][place] for place in draw.permutation(len(found["E"]), "purchase")]
    purchase, *replacements = exact
    others = in_turns(found["I"], [*found["S"], *replacements])
    row = one_of(chosen(facts, found["C"], others, draw))
    if not _fit(purchase.title, row["positive"]):
        raise RowRejectedError("fits-something-else", f"{purchase.title} / {row['positive']}")
    bought = f"judgement:{facts['query_id']}:{facts['locale']}:{purchase.id}"
    yield {**row, "purchase": purchase.title, "source_ids": [bought, *row["source_ids"]]}


def _fit(one: str, other: str) -> bool:
    """Return whether nothing in two titles says that the products are for different things."""
    lengths, others = _lengths(one), _lengths(other)
    return go_together(one, other) and (not (lengths and others) or bool(lengths & others))


def _lengths(title: str) -> frozenset[tuple[str, str]]:
    found = _LENGTH.findall(title)
    return frozenset((number.replace(",", "."), unit.casefold()[:2]) for number, unit in found)
