"""Two listings of one brand and kind: one product, or two that differ in an attribute?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.stated_attributes import MODEL_NUMBER
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = (
    *("labels", "first", "second", "second_attributes"),
    *("first_listing", "second_listing", "type"),
)

_LEAST_ALIKE: Final = 0.5


def attributes_of(listed: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return value by name, without the number under which the maker lists the product."""
    return {
        each["name"]: each["value"].strip()
        for each in listed
        if each["value"] and not MODEL_NUMBER.match(each["value"].strip())
    }


def parted(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the attributes that both have with different values."""
    return {
        name: (value, other[name])
        for name, value in one.items()
        if name in other and value.casefold() != other[name].casefold()
    }


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: two listings, and whether they are of one product (``labels``: yes or no).

    Raises :class:`RowRejectedError` where the listings are equal, or do not show which it is.
    """
    left, right = facts["left_title"], facts["right_title"]
    ones, others = (attributes_of(facts[f"{side}_attributes"]) for side in ("left", "right"))
    if left.casefold() == right.casefold() or not ones or not others:
        raise RowRejectedError("nothing-to-compare", left)
    one_kind = (facts["left_brand"], facts["left_type"]) == (
        facts["right_brand"],
        facts["right_type"],
    )
    same, differ = facts["relation"] == "same", parted(ones, others)
    if not one_kind or bool(differ) == same:
        raise RowRejectedError("relation-not-shown", f"{left!r}, {right!r}")
    if same and similarity(tokens(left), tokens(right)) < _LEAST_ALIKE:
        raise RowRejectedError("titles-too-different", f"{left!r}, {right!r}")
    # Each title has to state what parts the two, or one of them alone could be of either product.
    stating = [
        name
        for name, (one, other) in differ.items()
        if one.casefold() in left.casefold() and other.casefold() in right.casefold()
    ]
    if not same and not stating:
        raise RowRejectedError("difference-not-stated", f"{left!r}, {right!r}")
    first, second = ("; ".join(f"{n}: {v}" for n, v in each.items()) for each in (ones, others))
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "first": left,
        "second": right,
        "second_attributes": second,
        "first_listing": f"{left} ({first})",
        "second_listing": f"{right} ({second})",
        "type": facts["left_type"],
        "labels": "yes" if same else "no",
        "source_ids": facts["source_ids"],
    }
