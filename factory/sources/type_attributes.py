"""A type of product and an attribute that it has, and what is surely not the other half of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from factory.sources.attribute_variants import stem
from factory.sources.view import RowRejectedError
from factory.text import tokens

_NEGATIVES: Final = 3


def with_wrong(facts: Mapping[str, Any], answer: str) -> Iterator[dict[str, Any]]:
    """Yield the row with ``positive``, its column ``answer``, and three of ``wrong``.

    A type and an attribute that share a word (blade material, knife blade) give each other away,
    and of two answers that share one (sleeve length, length) both may be right.

    Raises :class:`RowRejectedError` where the pair does, or where too few others are left.
    """
    kind, attribute = _stems(facts["type"]), _stems(facts["attribute"])
    if kind & attribute:
        raise RowRejectedError("gives-away", f"{facts['type']}, {facts['attribute']}")
    taken = kind | attribute
    chosen: list[str] = []
    for name in facts["wrong"]:
        words = _stems(name)
        if len(chosen) < _NEGATIVES and not words & taken:
            chosen.append(name)
            taken |= words
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-others", ", ".join(chosen))
    yield {
        **{name: facts[name] for name in ("key", "locale", "attribute", "source_ids")},
        "kind": facts["type"],
        "positive": facts[answer],
        "negatives": chosen,
    }


def _stems(name: str) -> frozenset[str]:
    return frozenset(stem(word) for word in tokens(name))
