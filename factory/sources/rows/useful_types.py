"""A type of product, what one of its products is said to do, and three types of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.names_apart import apart, stems
from factory.sources.view import RowRejectedError

OFFERS: Final = ("use", "negatives")

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with ``use`` and three types, no two of the four with a word in common.

    Raises :class:`RowRejectedError` where too few such types are left.
    """
    chosen = apart(facts["wrong"], stems(facts["positive"]), _NEGATIVES)
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-types", ", ".join(chosen))
    kept = ("key", "locale", "positive", "brand", "source_ids")
    yield {
        **{name: facts[name] for name in kept},
        "use": " ".join(facts["bullets"]),
        "negatives": chosen,
    }
