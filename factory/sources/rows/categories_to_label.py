"""The products of a category, and the names that their type is chosen from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.shared_names import shared_names
from factory.sources.view import RowRejectedError

OFFERS: Final = ("shared", "text")

#: What seven of ten products are called, the category is.
_SHARE: Final = 0.7
_MOST: Final = 8


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the titles with ``shared``, what most of them have in common.

    Raises :class:`RowRejectedError` where they have nothing in common: such a category (gifts,
    accessories) is no type of product.
    """
    shared = shared_names(facts["titles"], facts["brands"] or (), share=_SHARE, most=_MOST)
    if not shared:
        raise RowRejectedError("nothing-shared", " | ".join(facts["titles"])[:200])
    yield {
        **{name: facts[name] for name in ("key", "locale", "titles", "source_ids")},
        "shared": list(shared),
        "text": " | ".join(facts["titles"]),
    }
