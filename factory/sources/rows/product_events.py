"""An everyday event with a product of a type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.everyday_events import FRAMES, event
from factory.sources.view import RowRejectedError

OFFERS: Final = ("event", "mood", "meant")

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z' -]{2,39}")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the event, how it surely feels, and whether it is done on purpose.

    Raises :class:`RowRejectedError` for a type that is no plain name (Gifts & More).
    """
    name = facts["product_type"]
    if not _NAME.fullmatch(name):
        raise RowRejectedError("no-plain-type", name)
    frame = FRAMES[draw.below(len(FRAMES), "frame")]
    yield {**facts, "event": event(frame, name), "mood": frame.mood, "meant": frame.meant}
