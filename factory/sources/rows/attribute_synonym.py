"""Which of four names means the same as an attribute: one of its other names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.names_apart import stems
from factory.sources.view import RowRejectedError

OFFERS: Final = ("negatives",)

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the attribute with one of its names and three names of other attributes.

    A name that shares a word with the attribute would be found without knowing it, and one that
    shares a word with another name may mean the same.

    Raises :class:`RowRejectedError` where the name does, or too few others are left.
    """
    asked, right = stems(facts["attribute"]), stems(facts["positive"])
    if asked & right:
        raise RowRejectedError("shares-a-word", f"{facts['attribute']}, {facts['positive']}")
    taken = asked | right
    seen: set[str] = set()
    chosen: list[str] = []
    for each in facts["others"]:
        words = stems(each["name"])
        # Neither may the other attribute be a name of this one in part (length, sleeve length).
        apart = not words & taken and not stems(each["attribute"]) & (asked | right)
        if len(chosen) < _NEGATIVES and apart and each["attribute"] not in seen:
            chosen.append(each["name"])
            seen.add(each["attribute"])
            taken |= words
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-names", ", ".join(chosen))
    kept = ("key", "locale", "attribute", "positive", "source_ids")
    yield {**{name: facts[name] for name in kept}, "negatives": chosen}
