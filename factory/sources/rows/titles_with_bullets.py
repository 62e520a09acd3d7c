"""A title that its product's brand, type and bullet points say enough of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import tokens

OFFERS: Final = ("target", "listed")

_MOST_BULLETS: Final = 6
_LEAST_SUPPORT: Final = 0.7


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: brand, bullet points (``listed``) and title.

    Raises :class:`RowRejectedError` where brand, type and bullet points hold too little of the
    title, or where there is nothing to write it from.
    """
    bullets = [bullet for bullet in facts["bullets"] if bullet][:_MOST_BULLETS]
    words = frozenset(tokens(facts["title"]))
    said = frozenset(tokens("\n".join((facts["brand"], facts["type"], *bullets))))
    if (support := len(words & said) / len(words)) < _LEAST_SUPPORT:
        raise RowRejectedError("title-unsupported", f"{support:.0%} of {facts['title']!r}")
    kept = ("key", "locale", "brand", "type", "subject", "source_ids")
    row = {name: facts[name] for name in kept}
    yield {**row, "title": facts["title"], "listed": bullets, "target": facts["title"]}
