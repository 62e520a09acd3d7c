"""How two products relate, in words, where their titles show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.listed_twice import attributes_of, parted
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("labels", "first", "second", "both", "type", "first_type", "department")

#: The labels as a person would say them; the recipe lists them as the candidates.
RELATIONS: Final = {
    "same": "the same product as the first",
    "different": "a different product of the same brand and kind",
    "substitute": "an alternative from another brand",
    "complement": "a product to use together with the first",
}
#: Two titles of one product that share less may not be known as such.
_LEAST_ALIKE: Final = 0.5


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: two titles, the one after the other (``both``), and what the second is.

    ``type`` and ``department`` are those of the second, ``first_type`` is that of the first.

    Raises :class:`RowRejectedError` where brand, type or titles do not show the relation.
    """
    relation, left, right = facts["relation"], facts["left_title"], facts["right_title"]
    one_brand = facts["left_brand"] == facts["right_brand"]
    one_type = facts["left_type"] == facts["right_type"]
    expected = {
        "same": one_brand and one_type,
        "different": one_brand and one_type,
        "substitute": one_type and not one_brand,
        "complement": not one_type,
    }
    if left.casefold() == right.casefold() or not expected[relation]:
        raise RowRejectedError("relation-not-shown", f"{relation}: {left!r}, {right!r}")
    if relation == "same":
        alike = similarity(tokens(left), tokens(right))
        if alike < _LEAST_ALIKE:
            raise RowRejectedError("titles-too-different", f"{alike:.0%}: {left!r}, {right!r}")
    if relation in ("same", "different"):
        differ = parted(
            attributes_of(facts["left_attributes"]), attributes_of(facts["right_attributes"])
        )
        shown = [
            name
            for name, (one, other) in differ.items()
            if one.casefold() in left.casefold() and other.casefold() in right.casefold()
        ]
        if bool(shown) != (relation == "different") or (relation == "same" and differ):
            raise RowRejectedError("relation-not-shown", f"{relation}: {left!r}, {right!r}")
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "first": left,
        "second": right,
        "both": f"(1) {left} (2) {right}",
        "type": facts["right_type"],
        "first_type": facts["left_type"],
        "department": facts["right_department"],
        "labels": RELATIONS[relation],
        "source_ids": facts["source_ids"],
    }
