"""Whether a product is in a category: its own, or a neighbouring one of another branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.category_options import may_be_right
from factory.sources.view import RowRejectedError

OFFERS: Final = ("category", "target")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the title with a category and Yes or No.

    Raises :class:`RowRejectedError` where no neighbouring category is surely wrong.
    """
    path: list[str] = facts["path"]
    if facts["matches"] == "yes":
        category = path[-1]
    else:
        wrong = (
            each["path"][-1]
            for part in ("near", "same")
            for each in facts["others"]
            if each["part"] == part and not may_be_right(each["path"], path, facts["title"])
        )
        found = next(wrong, None)
        if found is None:
            raise RowRejectedError("too-few-categories", "no neighbouring category is surely wrong")
        category = found
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": facts["title"],
        "category": category,
        "target": facts["matches"].capitalize(),
        "source_ids": facts["source_ids"],
    }
