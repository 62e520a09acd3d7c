"""A question about the quantities of a title, its exact answer, and three wrong ones.

Wrong answers are what a careless reader computes: the amount of one unit, the number of units,
their sum, a package too many or too few, the right number of another unit. How many of them are
larger than the right answer is drawn first, so that neither the largest nor the smallest option
gives it away. In some rows the quantity is taken out of the title, and nothing can be inferred; the
option that says so also stands among the answers of other rows, about as often as chance asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from factory.draw import Draw
from factory.sources.quantities import (
    UNITS,
    Area,
    Count,
    Measure,
    Quantities,
    Unit,
    number_text,
    read_quantities,
)
from factory.sources.view import RowRejectedError
from factory.text import CJK

OFFERS: Final = ("question", "positive", "negatives", "kind", "subject")

CANNOT_BE_INFERRED: Final = "It cannot be inferred."
_LONGEST_TITLE: Final = 200
#: In percent: of the questions that a title without its number leaves open, how many are asked so,
#: and of the others, how many offer that answer.
_NOT_INFERABLE: Final = 30
_OFFERED: Final = 60
_GRIDS: Final = 20
#: Of ten titles that state what one unit holds and how many there are, how many are asked for the
#: total, the question that ShopBench asks most.
_TOTALS: Final = 7
#: A number of units that no digit states.
_PACK_IN_WORDS: Final = re.compile(
    r"(?i)\b(?:twin|double|triple|dual|multi|value|bonus|family|mega)[ -]?packs?\b|\bduo\b|\btrio\b"
    r"|\bpairs?\b|\bdozens?\b|\bcase pack\b|\beach pack\b|\bassort|\bpares?\b|\bdocena|\bpack x"
)
#: What is sold in pairs: three of them may be three or six single items.
_IN_PAIRS: Final = re.compile(
    r"(?i)\b(?:socks?|stockings?|gloves?|mittens?|shoes|insoles?|shoe ?laces|slippers|earrings|"
    r"calcetines|medias|guantes|zapatillas|plantillas|cordones|pendientes|aretes)\b"
    r"|ソックス|靴下|手袋|グローブ|インソール|靴ひも|ピアス|イヤリング"
)
#: Whose packages hold more single items than their number says: six packs of staples.
_MANY_IN_A_PACK: Final = re.compile(
    r"(?i)\b(?:staples|screws|nails|bolts|rivets|thumb ?tacks|push ?pins|paper ?clips|rubber bands|"
    r"toothpicks|cotton swabs|wipes|tissues|napkins|grapas|tornillos|clavos|chinchetas|palillos|"
    r"bastoncillos|toallitas|pañuelos|servilletas)\b"
    r"|ホッ?チキス針|ネジ|つまようじ|綿棒|ウェットティッシュ"
)
#: What a package of it holds, as opposed to how it is built or what it can do.
_CONTENTS: Final = ("weight", "ounces", "volume")
#: The unit that somebody who misreads the title takes in place of the right one.
_MISTAKEN_FOR: Final = {
    "g": "kg",
    "kg": "lb",
    "lb": "kg",
    "oz": "lb",
    "ml": "l",
    "l": "gal",
    "fl oz": "ml",
    "gal": "l",
    "ft": "in",
    "m": "ft",
}


@dataclass(frozen=True, slots=True)
class _Ask:
    """One question that a title answers.

    Attributes:
        kind: what is computed.
        questions: its wordings.
        unit: the singular and plural word behind every answer; empty for bare numbers.
        right: the answer.
        wrong: what may stand beside it, in no order.
        without: what must go from the title so that nothing can be inferred; empty where the title
            would still answer.
        other: the words of a unit that the right number could be mistaken to be in.
    """

    kind: str
    questions: tuple[str, ...]
    unit: tuple[str, str]
    right: Decimal
    wrong: tuple[Decimal, ...]
    without: tuple[Measure | Count | Area, ...] = ()
    other: tuple[str, str] | None = None


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the title, a question, the right answer and three wrong ones.

    Raises :class:`RowRejectedError` where the title answers no question with certainty.
    """
    title, locale = facts["title"], facts["locale"]
    if not title or len(title) > _LONGEST_TITLE or not _readable(title):
        raise RowRejectedError("title-unusable", "no title, or one too short or too long")
    if _PACK_IN_WORDS.search(title):
        raise RowRejectedError("pack-in-words", title)
    said = read_quantities(title, locale)
    if said.counts and _IN_PAIRS.search(title):
        raise RowRejectedError("sold-in-pairs", title)
    packs_alone = {each.kind for each in said.counts} == {"pack"}
    if packs_alone and _MANY_IN_A_PACK.search(title):
        raise RowRejectedError("sold-in-boxes", title)
    asks = list(_asks(said, draw))
    if not asks:
        raise RowRejectedError("no-certain-quantity", title)
    kinds = tuple(dict.fromkeys(ask.kind for ask in asks))
    if asks[0].kind.startswith("package_") and draw.below(10, "totals") < _TOTALS:
        kinds = kinds[:1]
    kind = draw.largest(kinds, "kind")
    ask = next(each for each in asks if each.kind == kind)
    shown = title
    positive = _text(ask.right, ask.unit)
    negatives = _grid(ask, draw) or _beside(ask, draw)
    if ask.without and draw.below(100, "inferable") < _NOT_INFERABLE:
        shown = read_quantities(title, locale).without(ask.without)
        if not _readable(shown) or _still_answers(read_quantities(shown, locale), ask):
            raise RowRejectedError("quantity-stays", shown)
        positive, negatives = CANNOT_BE_INFERRED, [positive, *negatives[:2]]
    elif draw.below(100, "offered") < _OFFERED:
        negatives = [*negatives[:2], CANNOT_BE_INFERRED]
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": shown,
        "kind": ask.kind,
        "question": ask.questions[draw.below(len(ask.questions), "question")],
        "positive": positive,
        "negatives": negatives,
        "subject": facts["source_ids"][0],
        "source_ids": facts["source_ids"],
    }


def _asks(said: Quantities, draw: Draw) -> Iterator[_Ask]:
    packs = [each for each in said.counts if each.kind == "pack"]
    others = [each for each in said.counts if each.kind != "pack"]
    measure = _contents(said)
    if measure is not None and len(packs) == 1 and not others and packs[0].number > 1:
        yield _package_total(said, measure, packs[0])
    elif measure is not None and all(each.number == 1 for each in said.counts):
        yield _order_total(said, measure, 2 + draw.below(8, "ordered"))
    if len(packs) == len(others) == 1 and min(packs[0].number, others[0].number) > 1:
        if others[0].kind == "count" and measure is None:
            yield _package_count(others[0], packs[0])
    elif len(said.counts) == 1 and said.counts[0].number > 1:
        yield from _countings(said.counts[0], draw)
    powers = said.of("power")
    if len(powers) == 1 and powers[0].unit.name == "w" and powers[0].amount > 1:
        yield _energy(powers[0], 2 + draw.below(9, "hours"))
    if len(said.areas) == 1:
        yield _area(said.areas[0])


def _contents(said: Quantities) -> Measure | None:
    """Return the one measure that says how much there is, if exactly one does."""
    if any(each.unit.dimension in _CONTENTS for each in said.aside):
        return None
    found = [each for each in said.measures if each.unit.dimension in _CONTENTS]
    if not found:
        found = [each for each in said.of("length") if each.unit.name in ("ft", "m")]
        if len(said.of("length")) != 1 or said.areas:
            return None
    return found[0] if len(found) == 1 else None


def _measures_of(said: Quantities, measure: Measure) -> tuple[Measure, ...]:
    kin = _CONTENTS if measure.unit.dimension in _CONTENTS else (measure.unit.dimension,)
    return tuple(each for each in said.measures if each.unit.dimension in kin)


def _package_total(said: Quantities, measure: Measure, pack: Count) -> _Ask:
    amount, units = measure.amount, pack.number
    plural = measure.unit.plural
    questions = {
        "weight": (
            "What is the total weight of the product in this package?",
            "How much do all units in the package weigh together?",
        ),
        "volume": (
            "What is the total volume of the product in this package?",
            "What is the volume of all units in the package together?",
        ),
        "length": (
            "What is the total length of all units in this package together?",
            "If all units in the package are laid end to end, how long is that?",
        ),
        "ounces": (
            f"How many {plural} does this package come to in total?",
            f"How many {plural} do all units in the package come to together?",
        ),
    }[measure.unit.dimension]
    return _Ask(
        "package_total",
        questions,
        _words(measure.unit),
        amount * units,
        (
            *(amount, Decimal(units), amount + units),
            *(amount * (units + step) for step in (-2, -1, 1, 2)),
            *(amount * units * 2, (amount + 1) * units, (amount - 1) * units),
        ),
        _measures_of(said, measure),
        _other(measure.unit) if measure.unit.dimension != "ounces" else None,
    )


def _order_total(said: Quantities, measure: Measure, ordered: int) -> _Ask:
    amount, plural = measure.amount, measure.unit.plural
    return _Ask(
        "order_total",
        (
            f"If {ordered} of this product are ordered, how many {plural} is that altogether, "
            "going by the title?",
            f"How many {plural} do {ordered} of these come to in total?",
        ),
        _words(measure.unit),
        amount * ordered,
        (
            *(amount, Decimal(ordered), amount + ordered, amount * 10),
            *(amount * (ordered + step) for step in (-2, -1, 1, 2)),
            *(amount * ordered * 2, (amount + 1) * ordered, (amount - 1) * ordered),
        ),
        _measures_of(said, measure),
    )


def _package_count(each: Count, pack: Count) -> _Ask:
    return _Ask(
        "package_count",
        (
            "What is the total count in this package?",
            "How many single pieces are there in the whole package?",
        ),
        ("count", "count"),
        Decimal(each.number * pack.number),
        _around(each.number, pack.number),
    )


def _countings(count: Count, draw: Draw) -> Iterator[_Ask]:
    number = count.number
    things = "pieces" if count.kind == "piece" else "single items"
    ordered = 2 + draw.below(8, "packages")
    yield _Ask(
        "order_count",
        (
            f"If {ordered} of this product are ordered, how many {things} arrive in total?",
            f"How many {things} are there in {ordered} packages of this product?",
        ),
        ("", ""),
        Decimal(number * ordered),
        _around(number, ordered),
    )
    if count.kind == "piece":
        return
    full, rest = 1 + draw.below(6, "full"), 1 + draw.below(number - 1, "rest")
    needed = full * number + rest
    yield _Ask(
        "packages_needed",
        (
            f"At least {needed} single items of this kind are needed. "
            "What is the smallest number of packages of this product that is enough?",
            f"How many packages of this product are needed to get {needed} single items or more?",
        ),
        ("", ""),
        Decimal(full + 1),
        tuple(map(Decimal, (full - 1, full, full + 2, full + 3, full + 4, needed, full - 2))),
    )
    parts = [part for part in range(2, min(number, 13)) if number % part == 0]
    if parts:
        people = parts[draw.below(len(parts), "people")]
        share = number // people
        yield _Ask(
            "share",
            (
                f"The items in one package are divided equally among {people} people. "
                "How many does each of them get?",
                f"{people} people share one package of this product equally. "
                "How many items are there for each of them?",
            ),
            ("", ""),
            Decimal(share),
            tuple(
                Decimal(share + step)
                for step in (-2, -1, 1, 2, 3, share, number - share, people - share)
            ),
        )


def _energy(power: Measure, hours: int) -> _Ask:
    watts = power.amount
    return _Ask(
        "energy",
        (
            f"It runs for {hours} hours at the power stated in its title. How much energy is that?",
            f"How much energy does {hours} hours of use at the stated power take?",
        ),
        ("watt-hour", "watt-hours"),
        watts * hours,
        (
            *(watts, watts + hours, watts * 60, watts * 24, watts / 10 * hours),
            *(watts * (hours + step) for step in (-2, -1, 1, 2)),
            *(watts * hours * 2, (watts + 10) * hours, (watts - 10) * hours),
        ),
        (power,),
    )


def _area(area: Area) -> _Ask:
    first, second = area.sides
    words = (f"square {area.unit.singular}", f"square {area.unit.plural}")
    return _Ask(
        "area",
        (
            "Going by the two sides stated in its title, what is its area?",
            "Laid flat as a rectangle of the stated size, how large an area does it cover?",
        ),
        words,
        first * second,
        (
            *(first + second, 2 * (first + second), first * second / 2, first * second * 2),
            *((first + step) * second for step in (-2, -1, 1, 2)),
            *(first * (second + step) for step in (-2, -1, 1, 2)),
            *(first * first, second * second),
        ),
        (area,),
    )


def _around(number: int, times: int) -> tuple[Decimal, ...]:
    """Return what a careless reader makes of ``number`` things, ``times`` over."""
    found = (
        *(number, times, number + times, number * times * 2, (number + 1) * times),
        *(number * (times + step) for step in (-2, -1, 1, 2)),
        (number - 1) * times,
    )
    return tuple(map(Decimal, found))


def _beside(ask: _Ask, draw: Draw) -> list[str]:
    """Return three wrong answers, of which none to three are larger than the right one."""
    usable = sorted({value for value in ask.wrong if _sensible(value, ask)})
    larger = _drawn([value for value in usable if value > ask.right], draw, "larger")
    smaller = _drawn([value for value in usable if value < ask.right], draw, "smaller")
    above = max(draw.below(4, "above"), 3 - len(smaller))
    chosen = larger[:above] + smaller[: 3 - min(above, len(larger))]
    if len(chosen) < 3:
        raise RowRejectedError("too-few-wrong-answers", f"{ask.kind}: {ask.right}")
    # In no order: of three wrong answers two are kept where another option takes a place.
    return [_text(value, ask.unit) for value in _drawn(chosen[:3], draw, "beside")]


def _grid(ask: _Ask, draw: Draw) -> list[str] | None:
    """Return the right number in a wrong unit, and one wrong number in both units.

    Then neither a number nor a unit that stands there twice is a clue.
    """
    if ask.other is None or draw.below(100, "grid") >= _GRIDS:
        return None
    usable = sorted({value for value in ask.wrong if _sensible(value, ask) and value > 1})
    if not usable:
        return None
    wrong = _drawn(usable, draw, "grid.number")[0]
    return [_text(ask.right, ask.other), _text(wrong, ask.unit), _text(wrong, ask.other)]


def _sensible(value: Decimal, ask: _Ask) -> bool:
    # A wrong answer with more decimals than the title's own numbers can give stands out.
    exponent = int(ask.right.normalize().as_tuple().exponent)
    finest = int(value.normalize().as_tuple().exponent)
    return value > 0 and value != ask.right and finest >= min(exponent, 0) - 1


def _drawn(values: Sequence[Decimal], draw: Draw, purpose: str) -> list[Decimal]:
    return [values[place] for place in draw.permutation(len(values), purpose)]


def _still_answers(said: Quantities, ask: _Ask) -> bool:
    """Return whether the title that is left still states what ``ask`` asks for, or may."""
    kinds = {each.unit.dimension for each in ask.without if isinstance(each, Measure)}
    if kinds & {*_CONTENTS}:
        kinds.update(_CONTENTS)
    left: Iterable[Measure] = (*said.measures, *said.aside)
    return bool(said.areas and ask.kind == "area") or any(
        each.unit.dimension in kinds for each in left
    )


def _other(unit: Unit) -> tuple[str, str] | None:
    name = _MISTAKEN_FOR.get(unit.name)
    return None if name is None else _words(UNITS[name])


def _words(unit: Unit) -> tuple[str, str]:
    return unit.singular, unit.plural


def _text(value: Decimal, words: tuple[str, str]) -> str:
    return f"{number_text(value)} {words[0] if value == 1 else words[1]}".rstrip()


def _readable(title: str) -> bool:
    return len(title.split()) >= 3 or (CJK.search(title) is not None and len(title) >= 8)
