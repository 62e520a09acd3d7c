"""The phrases of a query that state an attribute, as people have labelled them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.stated_attributes import (
    PRODUCT_TYPE,
    askable,
    frequencies,
    named_better,
    shown_name,
    stated,
)
from factory.sources.view import RowRejectedError
from factory.text import CJK, written

OFFERS: Final = ("text", "entities", "types", "frequencies")

_LEAST: Final = 2
#: A query of which its entities leave more says something that nobody has labelled.
_LEAST_COVERED: Final = 0.7
#: What a shopper does not want is no attribute of what is wanted.
_NEGATED: Final = re.compile(
    r"\b(?:not|no|non|except|excepto|menos|nicht|pas|sauf|tranne)\b"
    r"|以外|ではない|じゃない|でない|不要|不是|除了|不带",
    re.IGNORECASE,
)
#: What joins two words of Chinese or Japanese, or follows a noun.
_JOINS: Final = re.compile("[的・\u3040-\u309f]")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the query, its entities in the order of the query, and all types.

    Raises :class:`RowRejectedError` for a query with a negation, with fewer than two entities, with
    an attribute or a type that it says in other words than its label, with one that the shop
    calls otherwise more often, or with much that no label says.
    """
    text, locale = facts["query"].strip().lstrip("!\"'#*- "), facts["locale"]
    if locale not in PRODUCT_TYPE:
        raise RowRejectedError("language-unknown", locale)
    if negation := _NEGATED.search(text):
        raise RowRejectedError("query-negated", f"{negation[0]!r} in {text!r}")
    for each in facts["attributes"]:
        if other := named_better(each["name"], each["value"], facts["known"]):
            raise RowRejectedError("value-of-another", f"{each['value']} is {other}")
    named = [(shown_name(each["name"], locale), each["value"]) for each in facts["attributes"]]
    wanted = [*named, (PRODUCT_TYPE[locale], facts["type"])]
    found = sorted(stated(text, [each for each in wanted if "," not in each[1]]))
    # A query that says one of them in other words would be annotated in part.
    if missing := {name for name, _ in wanted} - {name for *_, name in found}:
        raise RowRejectedError("said-in-other-words", f"{min(missing)} in {text!r}")
    if longer := _within_a_word(text, found):
        raise RowRejectedError("said-in-other-words", f"{longer} in {text!r}")
    if len(found) < _LEAST:
        raise RowRejectedError("too-few-entities", f"{len(found)} of {_LEAST} in {text!r}")
    covered = sum(written(text[start:end]) for start, end, _ in found) / written(text)
    if covered < _LEAST_COVERED:
        raise RowRejectedError("text-not-covered", f"{covered:.0%} of {text!r}")
    absent = askable(text, locale, found, (), facts["known"])
    names = list(dict.fromkeys(name for *_, name in found))
    yield {
        "key": facts["key"],
        "locale": locale,
        "type": facts["type"],
        "text": text,
        "entities": [{"type": name, "value": text[start:end]} for start, end, name in found],
        "types": [*names, *absent],
        "frequencies": frequencies([*names, *absent], locale, facts["known"]),
        "subject": facts["subject"],
        "source_ids": facts["source_ids"],
    }


def _within_a_word(text: str, found: Sequence[tuple[int, int, str]]) -> str:
    """Return a Chinese or Japanese phrase to which more of its word belongs, or nothing.

    ``keyboard`` (键盘) in ``typing keyboard`` (打字键盘) is not all that the query says of it.
    """
    taken = {place for start, end, _ in found for place in range(start, end)}
    for start, end, _ in found:
        for inside, outside in ((start, start - 1), (end - 1, end)):
            if (
                0 <= outside < len(text)
                and outside not in taken
                and CJK.match(text[inside])
                and CJK.match(text[outside])
                and not _JOINS.match(text[outside])
            ):
                return text[start:end]
    return ""
