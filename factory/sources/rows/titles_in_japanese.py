"""Whether a product's title in the Japanese shop is a translation of its English one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.translated import check_title

OFFERS: Final = ()


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row as it is; :func:`check_title` says what is refused."""
    check_title(facts["title"], facts["target"], facts["locale"])
    yield facts
