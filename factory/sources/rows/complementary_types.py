"""A type of product, one that is bought with it, and three that are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.names_apart import apart, stems
from factory.sources.view import RowRejectedError

OFFERS: Final = ("negatives",)

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with three wrong types, none of which shares a word with either type.

    A type that ends as another does is the same thing in another form (bath towel, beach towel):
    as a complement it is refused, as a wrong option it is left out.

    Raises :class:`RowRejectedError` where the two types share a word, or too few others are left.
    """
    asked, right = stems(facts["product_type"]), stems(facts["positive"])
    if asked & right:
        raise RowRejectedError("one-kind", f"{facts['product_type']}, {facts['positive']}")
    chosen = apart(facts["wrong"], asked | right, _NEGATIVES)
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-types", ", ".join(chosen))
    kept = ("key", "locale", "product_type", "positive", "source_ids")
    yield {**{name: facts[name] for name in kept}, "negatives": chosen}
