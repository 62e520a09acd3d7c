"""An amount of a title in another unit, exact or rounded as stated, and three wrong conversions.

Wrong ones come from the inverse of the factor, from the factor of another unit, from a decimal
point in the wrong place. How many of them are larger than the right answer is drawn first, so that
its rank among the options says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from factory.draw import Draw
from factory.sources.quantities import (
    UNITS,
    Measure,
    Quantities,
    amount_text,
    convert,
    read_quantities,
    rounded,
)
from factory.sources.view import RowRejectedError
from factory.text import CJK

OFFERS: Final = ("amount", "unit", "rounding", "positive", "negatives", "subject", "factors")

_LONGEST_TITLE: Final = 200
#: What people convert an amount into. An ounce without *fluid* may be either kind: it is not here.
_TARGETS: Final = {
    "g": ("kg", "lb"),
    "kg": ("g", "lb"),
    "lb": ("kg", "g"),
    "ml": ("l", "fl oz"),
    "l": ("ml", "fl oz", "gal"),
    "fl oz": ("ml", "l"),
    "gal": ("l",),
    "mm": ("cm", "in"),
    "cm": ("in", "m", "mm"),
    "m": ("cm", "ft"),
    "in": ("cm", "mm", "ft"),
    "ft": ("m", "in", "cm"),
    "mah": ("ah",),
    "ah": ("mah",),
}
_LEAST: Final = Fraction(1, 20)
_MOST: Final = Fraction(200_000)
#: Options nearer to each other than this could both be the amount, rounded by another rule.
_LEAST_GAP: Final = Fraction(1, 25)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: an amount of the title, the unit asked for, the right amount and wrong ones.

    Raises :class:`RowRejectedError` where the title states no amount that converts with certainty.
    """
    title = facts["title"]
    if (
        not title
        or len(title) > _LONGEST_TITLE
        or (len(title.split()) < 3 and not CJK.search(title))
    ):
        raise RowRejectedError("title-unusable", "no title, or one too short or too long")
    measures = _certain(read_quantities(title, facts["locale"]))
    if not measures:
        raise RowRejectedError("no-certain-quantity", title)
    measure = measures[draw.below(len(measures), "measure")]
    # "16 fl oz (473 ml)" holds the answer already.
    stated = {each.unit.name for each in measures}
    names = [name for name in _TARGETS[measure.unit.name] if name not in stated]
    right = {name: convert(measure.amount, measure.unit, UNITS[name]) for name in names}
    names = [name for name in names if _LEAST <= right[name] <= _MOST]
    if not names:
        raise RowRejectedError("no-unit-to-convert-to", measure.text)
    name = names[draw.below(len(names), "target")]
    target, value = UNITS[name], right[name]
    shown, exact = _shown(value)
    wrong = _wrong(measure.amount, measure.unit.name, name, value)
    larger = [each for each in wrong if each > value]
    smaller = [each for each in wrong if each < value]
    larger = [larger[place] for place in draw.permutation(len(larger), "larger")]
    smaller = [smaller[place] for place in draw.permutation(len(smaller), "smaller")]
    above = min(max(draw.below(4, "above"), 3 - len(smaller)), len(larger))
    chosen = (larger[:above] + smaller)[:3]
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": title,
        "amount": measure.text.strip(),
        "unit": target.plural,
        "rounding": "" if exact else "rounded to two decimal places",
        "positive": amount_text(shown, target),
        "negatives": [amount_text(_shown(each)[0], target) for each in chosen],
        # One question an amount: of the same few amounts of a shop the answers could be learnt.
        "subject": f"{Fraction(measure.amount)} {measure.unit.name} in {name}",
        "factors": list(_factors(target.dimension)),
        "source_ids": facts["source_ids"],
    }


def _certain(said: Quantities) -> list[Measure]:
    return [
        each
        for each in (*said.measures, *said.aside)
        if each.unit.name in _TARGETS and each.amount > 0
    ]


def _shown(value: Fraction) -> tuple[Decimal, bool]:
    """Return the value exactly where three decimals hold it, else at two; and whether they do."""
    exact = rounded(value, 3)
    if Fraction(exact) == value:
        return exact, True
    return rounded(value, 2), False


@lru_cache(maxsize=16)
def _factors(dimension: str) -> tuple[str, ...]:
    """Return how many of one unit another is, as fractions, for the units of a dimension."""
    kin = [unit.factor for unit in UNITS.values() if unit.dimension == dimension]
    return tuple(sorted({str(one / other) for one in kin for other in kin}))


# A shop states the same few amounts again and again, and fractions are slow.
@lru_cache(maxsize=4096)
def _wrong(stated: Decimal, unit_name: str, name: str, right: Fraction) -> tuple[Fraction, ...]:
    """Return wrong conversions into the unit ``name``, no two alike, none near the right one."""
    amount, said = Fraction(stated), UNITS[unit_name]
    factor = said.factor / UNITS[name].factor
    kin = [unit for unit in UNITS.values() if unit.dimension == said.dimension]
    possible = [amount / factor, right * 10, right / 10, right * 100, right / 100]
    possible += [amount * unit.factor / UNITS[name].factor for unit in kin]
    possible += [amount * UNITS[name].factor / unit.factor for unit in kin]
    # The foot of ten inches, the pound of twelve ounces, the litre for the quart and the like.
    possible += [right * ratio for ratio in map(Fraction, ("5/6", "6/5", "4/5", "5/4", "2", "1/2"))]
    chosen: list[Fraction] = [right]
    for value in possible:
        seen = Fraction(_shown(value)[0])
        if _LEAST <= value <= 5 * _MOST and all(
            abs(value - other) > _LEAST_GAP * max(value, other) and seen != other
            for other in chosen
        ):
            chosen.append(seen)
    return tuple(chosen[1:])
