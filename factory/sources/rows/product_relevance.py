"""A query and a product out of ECInstruct's JSON, with one of ESCI's labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.query_and_product import read_pair

OFFERS: Final = ("query", "title", "answer")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row; raises :class:`RowRejectedError` for an input that is none."""
    yield read_pair(facts, "product title")
