"""Which standard value a seller's spelling of an attribute value stands for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_names import attribute
from factory.sources.attribute_variants import standard
from factory.sources.title_words import places
from factory.sources.view import RowRejectedError

OFFERS: Final = ("attribute", "spelled", "kind", "positive", "negatives", "target")

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the value as the title spells it, its standard form, and three other forms.

    Raises :class:`RowRejectedError` where the value is in its standard form, or has none.
    """
    asked = attribute(facts["type"])
    if asked is None:
        raise RowRejectedError("attribute-vague", facts["type"])
    title, value = facts["title"], facts["value"]
    found = places(value, title)
    if not found:
        raise RowRejectedError("value-not-in-title", value)
    forms = standard(value, asked.family)
    if forms is None:
        raise RowRejectedError("no-other-form", value)
    form, others = forms
    if len(others) < _NEGATIVES:
        raise RowRejectedError("too-few-values", value)
    # Of an amount the near ones stand first; of a table any may be asked about.
    if not any(map(str.isdigit, form)):
        others = tuple(others[place] for place in draw.permutation(len(others), "others"))
    start, end = found[0]
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": title,
        "attribute": asked.name,
        "spelled": title[start:end],
        "kind": facts["category"].lower(),
        "positive": form,
        "negatives": list(others[:_NEGATIVES]),
        "target": form,
        "source_ids": facts["source_ids"],
    }
