"""Products in the order of their relevance to a query, out of ECInstruct's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, ranked, read_object, without_letter
from factory.sources.view import RowRejectedError
from factory.text import clean

OFFERS: Final = ("query", "items", "relevance")

#: ESCI's own gains, of the best to the worst: upstream tells the order of the labels, not which
#: labels they are.
_GAINS: Final = (1.0, 0.1, 0.01, 0.0)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with as many ``items`` as are wanted and their ``relevance``, best first.

    Raises :class:`RowRejectedError` for an input that is none, or an answer that is no order.
    """
    try:
        fields = read_object(facts["input"].decode())
        items = fields.get("product list")
        query = fields.get("query")
        if not isinstance(query, str) or not isinstance(items, list):
            raise FieldsError("no query, or no product list")
        best = ranked(facts["output"], items)
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    wanted: int = facts["wanted"]
    if not wanted <= len(best) <= len(_GAINS):
        raise RowRejectedError("too-few-items", f"{len(best)}, not {wanted}")
    left = sorted(draw.permutation(len(best), "left")[:wanted])
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    yield {
        **kept,
        "query": clean(query).lstrip("!\"'#*- "),
        "items": [clean(without_letter(items[best[place]])) for place in left],
        "relevance": list(_GAINS[:wanted]),
    }
