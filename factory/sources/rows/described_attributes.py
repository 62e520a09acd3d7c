"""The attributes that the description of a product states, and those that it surely does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.stated_attributes import (
    BRAND,
    MODEL_NUMBER,
    PRODUCT_TYPE,
    askable,
    frequencies,
    named_better,
    shown_name,
    stated,
)
from factory.sources.view import RowRejectedError

OFFERS: Final = ("text", "entities", "types", "frequencies", "listing")

_LEAST: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the description, its entities in the order of the text, and all types.

    ``listing`` is the same in one line. Raises :class:`RowRejectedError` where the
    description states fewer than three attributes of the product, brand and type among them, or
    one whose value the shop gives to another attribute more often.
    """
    text, locale = facts["description"], facts["locale"]
    if locale not in BRAND:
        raise RowRejectedError("language-unknown", locale)
    named = [
        (shown_name(each["name"], locale), each["value"].strip())
        for each in facts["attributes"]
        if each["value"] and not MODEL_NUMBER.match(each["value"].strip())
    ]
    named += [(BRAND[locale], facts["brand"].strip()), (PRODUCT_TYPE[locale], facts["type"])]
    named = [(name, value) for name, value in named if value and "," not in value]
    for each in facts["attributes"]:
        if other := named_better(each["name"], (each["value"] or "").strip(), facts["known"]):
            raise RowRejectedError("value-of-another", f"{each['value']} is {other}")
    found = sorted(stated(text, named))
    if len(found) < _LEAST:
        raise RowRejectedError("too-few-attributes", f"{len(found)} of {_LEAST}")
    own = [shown_name(each["name"], locale) for each in facts["attributes"]]
    absent = askable(text, locale, found, own, facts["known"])
    names = list(dict.fromkeys(name for *_, name in found))
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": facts["title"],
        "type": facts["type"],
        "text": text,
        "entities": [{"type": name, "value": text[start:end]} for start, end, name in found],
        "types": [*names, *absent],
        "frequencies": frequencies([*names, *absent], locale, facts["known"]),
        "listing": "; ".join(f"{name}: {text[start:end]}" for start, end, name in found),
        "subject": facts["subject"],
        "source_ids": facts["source_ids"],
    }
