"""The product that answers a query best, among worse ones and those of other queries.

Upstream tells the order of two to four products, one for each of ESCI's labels that the query has,
and not which labels they are: so the first of them is the best of the list, and the others are
worse. Of a list of two the better may be no match at all: then a word of the query must stand in
its title. What is lent was never judged for the query, and is shown where its title cannot answer
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, ranked, read_object, without_letter
from factory.sources.rows.judged import by_label, chosen, interleaved, nearest_first
from factory.sources.rows.product_text import content_words
from factory.sources.view import RowRejectedError
from factory.text import clean, tokens

OFFERS: Final = ("query", "positives", "negatives")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row.

    Raises :class:`RowRejectedError` for an input that is none, an answer that is no order, and
    where too few products can be told apart.
    """
    try:
        query, titles = _read(facts)
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    if len(titles) == 2 and content_words(query).isdisjoint(tokens(titles[0])):
        raise RowRejectedError("best-unsupported", f"{titles[0]!r} for {query!r}")
    own = facts["source_ids"][0]
    products = [
        {"id": f"{place}", "label": "E" if place == 0 else "S", "title": title, "lent_by": None}
        for place, title in enumerate(titles)
    ]
    for each in facts["lent"]:
        try:
            lent_by, best = _read(each)
        except FieldsError:
            continue
        name = f"instruction:{each['id']}"
        products.append({"id": name, "label": "far", "title": best[0], "lent_by": lent_by})
    asked = {**facts, "query": query, "query_id": "", "golds_shown": 1, "products": products}
    found = by_label(asked)
    # The words of the query should not tell the best; that they do where they must is upstream's.
    others = [*found["S"], *nearest_first(found["far"])]
    try:
        row = interleaved(asked, found["E"], others, draw)
    except RowRejectedError as error:
        if error.reason != "known-by-its-words":
            raise
        row = chosen(asked, found["E"], others, draw)
    lenders = {product.title: product.id for product in found["far"]}
    named = [lenders[title] for title in row["negatives"] if title in lenders]
    yield {**row, "source_ids": list(dict.fromkeys((own, *named)))}


def _read(record: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a query and its products from the best to the worst."""
    fields = read_object(record["input"].decode())
    items, query = fields.get("product list"), fields.get("query")
    if not isinstance(query, str) or not isinstance(items, list):
        raise FieldsError("no query, or no product list")
    best = ranked(record["output"], items)
    if not best:
        raise FieldsError("an empty product list")
    return clean(query).lstrip("!\"'#*- "), [clean(without_letter(items[n])) for n in best]
