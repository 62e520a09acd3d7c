"""A query with its exact matches, and the names that their type is chosen from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.shared_names import shared_names
from factory.sources.view import RowRejectedError

OFFERS: Final = ("shared",)

#: What seven of ten exact matches are, the query asks for.
_SHARE: Final = 0.7
_MOST: Final = 8


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the query with ``shared``, what most of its exact matches have in common.

    Raises :class:`RowRejectedError` where they have nothing in common: then they may be of several
    types.
    """
    shared = shared_names(facts["titles"], facts["brands"] or (), share=_SHARE, most=_MOST)
    if not shared:
        raise RowRejectedError("nothing-shared", facts["text"])
    kept = ("key", "locale", "text", "titles", "source_ids")
    yield {**{name: facts[name] for name in kept}, "shared": list(shared)}
