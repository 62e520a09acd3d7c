"""A query and a title out of ECInstruct's JSON: what two of its tasks have in common."""

from __future__ import annotations

from typing import Any, Final

from factory.sources.ecinstruct_fields import FieldsError, read_object
from factory.sources.view import RowRejectedError
from factory.text import clean

_LONGEST_TITLE: Final = 300


def read_pair(facts: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the row with ``query`` and ``title``; ``name`` is the field that holds the title.

    Raises :class:`RowRejectedError` for an input without both, and for a title that is too long.
    """
    try:
        fields = read_object(facts["input"].decode())
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    query, title = fields.get("query"), fields.get(name)
    if not isinstance(query, str) or not isinstance(title, str):
        raise RowRejectedError("value-missing", f"no query, or no {name}")
    query, title = clean(query).lstrip("!\"'#*- "), clean(title)
    if not query or not title or len(title) > _LONGEST_TITLE:
        raise RowRejectedError("value-missing" if not (query and title) else "title-too-long")
    kept = {each: facts[each] for each in ("key", "locale", "source_ids")}
    return {**kept, "query": query, "title": title, "answer": facts["answer"]}
