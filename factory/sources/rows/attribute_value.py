"""Which of four values is possible for an attribute of a kind of product.

The others are values of the same kind's other attributes, of another family (a color may be a
flavor's name, so neither is said to be impossible for the other) and without a word in common with
anything that the attribute is known to have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_families import CERTAIN, known_stems, told_apart
from factory.sources.attribute_names import attribute
from factory.sources.names_apart import stems
from factory.sources.product_kinds import gives_away, shown
from factory.sources.view import RowRejectedError

OFFERS: Final = ("kind", "attribute", "positive", "negatives")

_NEGATIVES: Final = 3
_LONGEST: Final = 30


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a kind of product, an attribute, one of its values and three that are none.

    Raises :class:`RowRejectedError` where that is not certain of enough values.
    """
    category, value = facts["category"], facts["value"]
    asked = attribute(facts["type"])
    if asked is None or asked.family not in CERTAIN or asked.family == "amount":
        raise RowRejectedError("attribute-open", facts["type"])
    if not _plain(value) or not asked.takes(value) or gives_away(value, category):
        raise RowRejectedError("value-unfit", value)
    if gives_away(value, asked.name):
        raise RowRejectedError("value-names-attribute", value)
    vocabulary = facts["vocabulary"]
    taken = known_stems(
        asked.family,
        (
            each["value"]
            for each in vocabulary
            if (found := attribute(each["type"])) and found.family == asked.family
        ),
    )
    possible: dict[str, list[str]] = {}
    for each in vocabulary:
        other = attribute(each["type"])
        if (
            other is not None
            and told_apart(asked, other, each["value"])
            and each["frequency"] > 1
            and _plain(each["value"])
            and other.takes(each["value"])
            and not stems(each["value"]) & taken
        ):
            possible.setdefault(other.family, []).append(each["value"])
    chosen = _one_a_family(possible, draw)
    if len(chosen) < _NEGATIVES:
        raise RowRejectedError("too-few-values", f"{len(chosen)} are certainly no {asked.name}")
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "kind": shown(category),
        "attribute": asked.name,
        "positive": value,
        "negatives": chosen,
        "source_ids": facts["source_ids"],
    }


def _one_a_family(possible: dict[str, list[str]], draw: Draw) -> list[str]:
    """Return values by draw: one of each family in turn, no two with a word in common."""
    families = sorted(possible)
    columns = [
        [possible[family][place] for place in draw.permutation(len(possible[family]), family)]
        for family in (families[place] for place in draw.permutation(len(families), "families"))
    ]
    chosen: list[str] = []
    seen: set[str] = set()
    for turn in range(max(map(len, columns), default=0)):
        for column in columns:
            if turn < len(column) and not stems(column[turn]) & seen:
                chosen.append(column[turn])
                seen |= stems(column[turn])
                if len(chosen) == _NEGATIVES:
                    return chosen
    return chosen


def _plain(value: str) -> bool:
    return 2 < len(value) <= _LONGEST and "," not in value and any(map(str.isalpha, value))
