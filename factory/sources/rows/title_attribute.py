"""Whether an attribute of a title can be asked about, and what the one right answer is.

Upstream annotates what a seller's form or one annotator said. A row is kept where the attribute has
a name that people use, its value is of its kind, stands in the title as words of its own, and no
other value of the attribute stands there beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_names import WORDS, attribute
from factory.sources.title_words import places, second_figure, stands_beside
from factory.sources.view import RowRejectedError

OFFERS: Final = ("attribute", "entities", "target")

_SHORTEST: Final = 2
_LONGEST: Final = 50
_FEWEST_WORDS: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: a title, the name of one attribute, and its values as the title writes them.

    Raises :class:`RowRejectedError` where the question would have no one answer.
    """
    asked = attribute(facts["type"])
    if asked is None:
        raise RowRejectedError("attribute-vague", facts["type"])
    title = facts["title"]
    if len(title.split()) < _FEWEST_WORDS:
        raise RowRejectedError("title-short", title)
    first: dict[tuple[int, int], str] = {}
    for value in facts["stated"]:
        if "," in value:
            raise RowRejectedError("value-with-comma", value)
        found = places(value, title)
        if not found or not _SHORTEST <= len(value) <= _LONGEST:
            raise RowRejectedError("value-not-in-title", value)
        if not asked.takes(value):
            raise RowRejectedError("value-of-another-kind", value)
        start, end = found[0]
        first.setdefault((start, end), title[start:end])
    values = [first[place] for place in sorted(first)]
    if len({value.casefold() for value in values}) < len(values):
        raise RowRejectedError("value-repeated", ", ".join(values))
    rivals = (*facts["present"], *WORDS.get(asked.family, ()))
    if other := stands_beside(values, rivals, title):
        raise RowRejectedError("another-value-in-title", other)
    if asked.family == "amount" and (other := second_figure(values, title)):
        raise RowRejectedError("another-figure-in-title", other)
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": title,
        "attribute": asked.name,
        "entities": values,
        "target": ", ".join(values),
        "source_ids": facts["source_ids"],
    }
