"""An instruction with its answer, as its author wrote both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.as_written import as_written
from factory.sources.view import RowRejectedError

OFFERS: Final = ()


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with its texts read; raises :class:`RowRejectedError` for a damaged one."""
    texts = {name: as_written(text) for name, text in facts.items() if isinstance(text, bytes)}
    for name, text in texts.items():
        if "\ufffd" in text:
            raise RowRejectedError("character-lost", f"U+FFFD in {name}")
    if not texts["instruction"]:
        raise RowRejectedError("instruction-missing", "the instruction has no visible character")
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        **texts,
        "source_ids": facts["source_ids"],
    }
