"""A query, a product, and whether the product is a substitute, out of ECInstruct's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, said_yes
from factory.sources.rows.query_and_product import read_pair
from factory.sources.view import RowRejectedError

OFFERS: Final = ("query", "title", "answer")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row; raises :class:`RowRejectedError` for an input or answer that is none."""
    try:
        answer = "yes" if said_yes(facts["answer"]) else "no"
    except FieldsError as error:
        raise RowRejectedError("answer-malformed", str(error)) from None
    yield {**read_pair(facts, "product"), "answer": answer}
