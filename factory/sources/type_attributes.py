"""A type of product and an attribute that it has, and what is surely not the other half of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from factory.sources.names_apart import apart, stems
from factory.sources.view import RowRejectedError

_NEGATIVES: Final = 3


def with_wrong(facts: Mapping[str, Any], answer: str) -> Iterator[dict[str, Any]]:
    """Yield the row with ``positive``, its column ``answer``, and three of ``wrong``.

    A type and an attribute that share a word (blade material, knife blade) give each other away,
    and of two answers that share one (sleeve length, length) both may be right.

    Raises :class:`RowRejectedError` where the pair does, or where too few others are left.
    """
    kind, attribute = stems(facts["type"]), stems(facts["attribute"])
    if kind & attribute:
        raise RowRejectedError("gives-away", f"{facts['type']}, {facts['attribute']}")
    chosen = apart(facts["wrong"], kind | attribute, _NEGATIVES)
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-others", ", ".join(chosen))
    yield {
        **{name: facts[name] for name in ("key", "locale", "attribute", "source_ids")},
        "kind": facts["type"],
        "positive": facts[answer],
        "negatives": chosen,
    }
