"""Quantities and pack sizes read from a title, and exact arithmetic with them.

A title is read by a closed table of units. What is not certain is left unread: ``5G``, ``8 in 1``,
a dot before three digits in Spanish (a thousand or a fraction), paper of ``100 g``, a shelf that
bears ``18 kg``. All arithmetic is exact, in :class:`decimal.Decimal` and
:class:`fractions.Fraction`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement.

    Attributes:
        name: the key in :data:`UNITS`.
        dimension: what it measures; only units of one dimension convert.
        factor: how many base units (gram, millilitre, millimetre, watt, mAh, megabyte) it is.
        singular: its English name for one.
        plural: its English name for any other number.
    """

    name: str
    dimension: str
    factor: Fraction
    singular: str
    plural: str


def _unit(name: str, dimension: str, factor: str, singular: str, plural: str = "") -> Unit:
    return Unit(name, dimension, Fraction(factor), singular, plural or f"{singular}s")


#: The pound, inch, foot and US fluid ounce are exact by definition. ``oz`` alone may be either kind
#: of ounce: it has a dimension of its own, and converts to nothing.
UNITS: Final = MappingProxyType(
    {
        unit.name: unit
        for unit in (
            _unit("g", "weight", "1", "gram"),
            _unit("kg", "weight", "1000", "kilogram"),
            _unit("lb", "weight", "453.59237", "pound"),
            _unit("oz", "ounces", "1", "ounce"),
            _unit("ml", "volume", "1", "milliliter"),
            _unit("l", "volume", "1000", "liter"),
            _unit("fl oz", "volume", "29.5735295625", "US fluid ounce"),
            _unit("gal", "volume", "3785.411784", "US gallon"),
            _unit("mm", "length", "1", "millimeter"),
            _unit("cm", "length", "10", "centimeter"),
            _unit("m", "length", "1000", "meter"),
            _unit("in", "length", "25.4", "inch", "inches"),
            _unit("ft", "length", "304.8", "foot", "feet"),
            _unit("w", "power", "1", "watt"),
            _unit("kw", "power", "1000", "kilowatt"),
            _unit("mah", "charge", "1", "milliampere-hour"),
            _unit("ah", "charge", "1000", "ampere-hour"),
            _unit("gb", "storage", "1000", "gigabyte"),
        )
    }
)

#: How each unit is written after its number; ``g`` and ``m`` only in lower case (5G, Size 8 M), and
#: ``in`` only where a part of the title ends (``8 in 1``).
_SPELLINGS: Final = (
    ("fl oz", r"(?i:fl\.? ?oz\b\.?|fluid ounces?\b)"),
    ("oz", r"(?i:oz\b\.?|ounces?\b)"),
    ("lb", r"(?i:lbs?\b\.?|pounds?\b)"),
    ("kg", r"(?i:kgs?\b\.?|kilograms?\b|kilogramos?\b|kilos?\b)"),
    ("gal", r"(?i:gal\b\.?|gallons?\b)"),
    ("mah", r"(?i:mah\b)"),
    ("ah", r"(?:Ah\b|(?i:amp(?:ere)?[- ]hours?\b))"),
    ("gb", r"(?i:gb\b)(?! (?i:ram))"),
    ("ml", r"(?i:ml\b\.?|milliliters?\b|mililitros?\b)"),
    ("l", r"(?:[lL]\b(?!\.? ?[x×]|-)|(?i:lit(?:er|re)s?\b|litros?\b))"),
    ("mm", r"(?i:mm\b\.?|millimeters?\b|milímetros?\b)"),
    ("cm", r"(?i:cm\b\.?|centimeters?\b|centímetros?\b)"),
    ("m", r"(?:m\b(?![²³/'])|(?i:met(?:er|re)s?\b|metros?\b))"),
    ("in", r"(?:(?i:inch(?:es)?\b)|in\b(?=\.|[,;)|\]]|\s*$|\s+-))"),
    ("ft", r"(?i:ft\b\.?|feet\b|foot\b)"),
    ("kw", r"(?:kW\b)(?!h)"),
    ("w", r"(?:W\b|(?i:watts?\b|vatios\b))"),
    ("g", r"(?:g\b(?!/)|(?i:grams?\b|gramos?\b))"),
)
#: Spanish and Japanese titles are read by the same spellings: the words of one are in no other.
_NUMBER: Final = r"(?<![A-Za-z0-9_.,/\-~〜–])(?P<number>\d{1,6}(?:[.,]\d{1,3})*)"
_MEASURE: Final = re.compile(
    _NUMBER
    + r"[ -]?(?:"
    + "|".join(f"(?P<u{place}>{spelling})" for place, (_, spelling) in enumerate(_SPELLINGS))
    + r")(?!\w)".replace("\\w", "[A-Za-z0-9µ²³]")
)
_COUNT: Final = re.compile(
    r"(?i:\((?:pack|set|box|case|bag) of (?P<a>\d{1,4})\)"
    r"|\b(?:pack|set|box|case) of (?P<b>\d{1,4})\b(?![.,]\d)"
    r"|\b(?:pack|juego|set|lote|paquete|caja) de (?P<c>\d{1,4})\b"
    r"(?! ?(?:[a-z]+ )?(?:cm|ml|kg|g|l|mm)\b)"
    r"|(?<![\w.,/-])(?P<d>\d{1,4})[ -]?(?:pack|pk|packs)\b(?! (?:of|de) \d)"
    r"|(?<![\w.,/-])(?P<e>\d{1,4})[ -]?(?:count|ct|counts)\b"
    r"|(?<![\w.,/-])(?P<k>\d{1,4}) ?(?:capsules|tablets|softgels|caplets|gummies|tea ?bags|wipes|"
    r"rolls|pods|k-cups|bars|diapers|sachets|lozenges|ea|each)\b"
    r"|(?<![\w.,/-])(?P<f>\d{1,4})[ -]?(?:pieces?|pcs|pc|piezas)\b"
    r"|(?<![\w.,/-])(?P<g>\d{1,4}) (?:unidades|uds)\b"
    r"|(?<![\w.,/-])(?P<h>\d{1,4})(?:個|本|枚|足)セット"
    r"|(?<![\w.,/-])(?P<j>\d{1,4})(?:個|本|枚|足|包|袋)入り?"
    r"|(?<![\w.,/-])(?P<i>\d{1,4})ピース)"
)
#: ``24 packs of 40``, ``6 x 500 ml``: the number of packs, then what is in each.
_PACKS_OF: Final = re.compile(r"(?i)(?<![\w.,/-])(?P<packs>\d{1,3}) packs? of (?P<each>\d{1,4})\b")
_AREA: Final = re.compile(
    r"(?<![\w.,/\-x×])(?P<a>\d{1,3}(?:\.\d{1,2})?)(?P<mark>\"|”)? ?[xX×] ?"
    r"(?P<b>\d{1,3}(?:\.\d{1,2})?)"
    r"(?: ?(?P<in>(?i:inch(?:es)?\b|in\b(?=\.|[,;)|\]]|\s*$))|\"|”)| ?(?P<cm>(?i:cm)\b)"
    r"| ?(?P<ft>(?i:ft\b\.?|feet\b)))(?! ?[xX×])"
)
_COUNT_KINDS: Final = MappingProxyType(
    {
        **dict.fromkeys("abcdh", "pack"),
        **dict.fromkeys("egjk", "count"),
        **dict.fromkeys("fi", "piece"),
    }
)
#: What stands before a number that does not say how much product there is.
_NOT_OF_THE_PRODUCT: Final = re.compile(
    r"(?i)(?:up to|holds?|supports?|bears?|capacity|max\.?|maximum|less than|under|over|from|fits|"
    r"for|soporta|hasta|capacidad|papel de|cama de|para|wrist|muñeca|耐荷重|最大|手首|約|対応)"
    r"[ :]*(?:de )?\Z"
)
#: ``Waterproof 3000mm`` is a pressure that a fabric withstands, no length.
_WATER_COLUMN: Final = re.compile(
    r"(?i)(?:water ?proof|water[ -]?resistant|impermeable|hydrostatic head|columna de agua|耐水圧)"
    r"[ :]*(?:de )?\Z"
)
_NOT_AFTER: Final = re.compile(
    r"(?i)\A[ -]?(?:capacity|load|shel(?:f|ves)|weight|rating|limit|test|"
    r"wood|motor|paper|equivalent|eq\b|replacement|support|mattress|pocket|deep|"
    r"hole|bed\b|/|%|\+|or\b|to\b|[-–~〜] ?\d|用紙|以上|以下|まで|対応)"
)


_STEELS: Final = ("304", "316", "430")


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount of a unit as a title says it; ``start`` and ``end`` count characters."""

    amount: Decimal
    unit: Unit
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things; ``kind`` is ``pack``, ``count`` or ``piece``."""

    number: int
    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Area:
    """Two sides of one unit: ``72 x 72 Inch``."""

    sides: tuple[Decimal, Decimal]
    unit: Unit
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Quantities:
    """All that a title says in numbers and units, in the order of the title.

    ``measures`` holds those that are of the product; ``aside`` those that are not, or not surely
    (what it bears, or is made for), which forbid a question about their dimension.
    """

    title: str
    measures: tuple[Measure, ...]
    counts: tuple[Count, ...]
    areas: tuple[Area, ...]
    aside: tuple[Measure, ...]

    def of(self, dimension: str) -> tuple[Measure, ...]:
        """Return the product's measures of one dimension."""
        return tuple(each for each in self.measures if each.unit.dimension == dimension)

    def without(self, parts: Iterable[Measure | Count | Area]) -> str:
        """Return the title without ``parts``, and without the punctuation that they leave."""
        text = self.title
        for part in sorted(parts, key=lambda each: each.start, reverse=True):
            text = text[: part.start] + "\x00" + text[part.end :]
        text = re.sub(r"[(（\[]\s*\x00\s*[)）\]]", " ", text)
        text = re.sub(r"(?i)\b(?:of|with|de|con)\s+\x00|\x00[ -]?(?:of|de)\b", " ", text)
        text = re.sub(r"\x00[ ]*製?", " ", text).replace("\x00", " ")
        text = re.sub(r"([(\[])\s+", r"\1", re.sub(r"\s+([,;)\]])", r"\1", text))
        text = re.sub(r"[,;]\s*(?=[)\]])", "", re.sub(r",\s*(?=[(\[])", " ", text))
        text = re.sub(r"([,;|])(?:\s*[,;|])+", r"\1", text)
        text = re.sub(r"\s+-(?:\s+-)+\s+", " - ", text)
        text = re.sub(r"\s+-\s*(?=[(,|])|\s+-\s*\Z|\A\s*-\s+", " ", text)
        text = re.sub(r"\(\s*[,;|]\s*|,\s*(?=\|)|\|\s*(?=,)", lambda found: found[0][0], text)
        return " ".join(text.split()).strip(" ,;|")


@lru_cache(maxsize=1024)
def read_quantities(title: str, locale: str) -> Quantities:
    """Return the quantities of ``title``; ``locale`` says how its numbers are written."""
    areas = tuple(
        Area(
            (Decimal(found["a"]), Decimal(found["b"])),
            UNITS["cm" if found["cm"] else "ft" if found["ft"] else "in"],
            found.start(),
            found.end(),
            found[0],
        )
        for found in _AREA.finditer(title)
    )
    counts: list[Count] = []
    for found in _PACKS_OF.finditer(title):
        packs, each = int(found["packs"]), int(found["each"])
        counts.append(Count(each, "count", found.start("each"), found.end("each"), found["each"]))
        counts.append(Count(packs, "pack", found.start(), found.start("each"), found[0]))
    for found in _COUNT.finditer(title):
        group = str(found.lastgroup)
        if not any(_overlap(found.span(), (known.start, known.end)) for known in counts):
            counts.append(
                Count(int(found[group]), _COUNT_KINDS[group], found.start(), found.end(), found[0])
            )
    parts: tuple[Area | Count, ...] = (*areas, *counts)
    taken = [(part.start, part.end) for part in parts]
    measures: list[Measure] = []
    aside: list[Measure] = []
    for found in _MEASURE.finditer(title):
        amount = read_number(found["number"], locale)
        name = _SPELLINGS[int(str(found.lastgroup)[1:])][0]
        if amount is None or not amount or any(_overlap(found.span(), each) for each in taken):
            continue
        if _WATER_COLUMN.search(title[: found.start()]):
            continue
        # 316L is a steel, and in English "7 W" is as often the width of a shoe.
        if name == "l" and number_text(amount) in _STEELS:
            continue
        if name == "w" and locale in ("us", "uk") and found[0].endswith((" W", "-W")):
            continue
        measure = Measure(amount, UNITS[name], found.start(), found.end(), found[0])
        surely = not _NOT_OF_THE_PRODUCT.search(title[: found.start()]) and not _NOT_AFTER.match(
            title[found.end() :]
        )
        (measures if surely else aside).append(measure)
    counts.sort(key=lambda each: each.start)
    return Quantities(title, tuple(measures), tuple(counts), areas, tuple(aside))


def read_number(text: str, locale: str) -> Decimal | None:
    """Return the number that ``text`` writes, or None where it may be read in two ways.

    ``1,000`` is a thousand in the us and jp and not sure in es, where ``1,7`` is a fraction and
    ``2.5`` is written too.
    """
    commas, dots = text.count(","), text.count(".")
    if not commas and not dots:
        return Decimal(text)
    if commas and dots:
        return None
    whole, *rest = text.replace(",", ".").split(".")
    thousands = all(len(part) == 3 for part in rest)
    if locale in ("us", "uk", "jp"):
        if dots:
            return Decimal(text) if dots == 1 else None
        return Decimal(whole + "".join(rest)) if thousands and len(whole) <= 3 else None
    if len(rest) > 1 or thousands:
        return None
    return Decimal(f"{whole}.{rest[0]}")


def convert(amount: Decimal, unit: Unit, to: Unit) -> Fraction:
    """Return how many ``to`` the amount is, exactly.

    Raises:
        ValueError: the two measure different things.
    """
    if unit.dimension != to.dimension:
        raise ValueError(f"{unit.plural} measure {unit.dimension}, {to.plural} {to.dimension}")
    return Fraction(amount) * unit.factor / to.factor


def rounded(value: Fraction, places: int) -> Decimal:
    """Return ``value`` rounded half up to ``places`` decimals, exactly."""
    scaled = value * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def number_text(value: Decimal) -> str:
    """Return a number as people write it: no exponent, no zeros at the end of a fraction."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount_text(value: Decimal, unit: Unit) -> str:
    """Return ``55.44 ounces``, ``1 ounce``."""
    return f"{number_text(value)} {unit.singular if value == 1 else unit.plural}"


def _overlap(left: tuple[int, int], right: tuple[int, int]) -> bool:
    return left[0] < right[1] and right[0] < left[1]
