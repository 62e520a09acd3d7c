"""Spellings of one attribute value, and the standard form that a catalogue would keep of them.

A table by hand of what is certain: spellings, abbreviations, plurals and inflections of one word
(``womens``, ``XL``, ``grey``, ``12 oz``), never of two values that mean nearly the same (navy is
not blue). Figures keep their number: only the unit is written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: By family: standard form, and its variants in lower case.
_PERSONS: Final = {
    "Women": "women's womens woman woman's ladies ladies' lady female for|women",
    "Men": "men's mens man man's male for|men",
    "Unisex": "men|and|women men|&|women women|and|men women|&|men",
    "Girls": "girl girl's girls'",
    "Boys": "boy boy's boys'",
    "Children": "kids kid kids' kid's child children's childrens child's for|kids for|children",
    "Adults": "adult adult's adults'",
    "Babies": "baby baby's infant infants infant's",
    "Toddlers": "toddler toddler's",
}
_COLORS: Final = {
    "Gray": "grey",
    "Multicolor": "multi multicolored multicolour multi-color multi|color multi-colored colorful",
    "Dark Gray": "dark|grey dk|gray",
    "Light Gray": "light|grey lt|gray",
    "Black": "blk",
    "White": "wht",
    "Navy Blue": "navy",
    "Camouflage": "camo",
    "Silver": "",
    "Red": "",
    "Green": "",
    "Brown": "",
}
_SIZES: Final = {
    "Extra Small": "xs x-small xsmall extra-small",
    "Small": "s sm small|size",
    "Medium": "m med medium|size",
    "Large": "l lg large|size",
    "Extra Large": "xl x-large xlarge extra-large",
    "2X Large": "xxl 2xl xx-large",
    "One Size": "one|size|fits|all one|size|fits|most free|size os",
}
_CAFFEINE: Final = {
    "Decaffeinated": "decaf decaffeinato naturally|decaffeinated",
    "Caffeine Free": "caffeine-free",
    "Caffeinated": "",
    "Half Caffeinated": "half|caff half-caff half|caf",
}
_SLEEVES: Final = {
    "Short Sleeve": "short short-sleeve short|sleeves short|sleeved",
    "Long Sleeve": "full long long-sleeve long|sleeves long|sleeved",
    "Sleeveless": "",
    "Half Sleeve": "half half-sleeve",
}
_MATERIALS: Final = {
    "Wood": "wooden",
    "Stainless Steel": "stainless-steel stainless",
    "Aluminum": "aluminium",
    "Cotton": "100%|cotton pure|cotton",
    "Metal": "",
    "Plastic": "",
    "Wool": "",
    "Non-Woven": "non|woven nonwoven",
    "Polyester": "100%|polyester",
}


def _read(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(
        {
            variant.replace("|", " "): standard
            for standard, variants in table.items()
            for variant in variants.split()
        }
    )


_TABLES: Final = {
    "person": _PERSONS,
    "color": _COLORS,
    "amount": _SIZES,
    "caffeine": _CAFFEINE,
    "sleeve": _SLEEVES,
    "material": _MATERIALS,
}
_VARIANTS: Final = {family: _read(table) for family, table in _TABLES.items()}

#: Unit as sellers write it: the name for one, the name for more, and units that it is not.
_UNITS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    r"fl\.? ?oz\.?|fluid oz|fl\.? ounces?": (
        *("Fluid Ounce", "Fluid Ounces"),
        ("Liters", "Milliliters", "Gallons"),
    ),
    r"oz\.?|ounce": ("Ounce", "Ounces", ("Pounds", "Grams", "Kilograms")),
    r"lbs?\.?|pound": ("Pound", "Pounds", ("Ounces", "Kilograms", "Grams")),
    r"g|gr|gram": ("Gram", "Grams", ("Kilograms", "Ounces", "Milligrams")),
    r"kg|kilo": ("Kilogram", "Kilograms", ("Grams", "Pounds", "Ounces")),
    r"mg": ("Milligram", "Milligrams", ("Grams", "Micrograms", "Milliliters")),
    r"mcg|µg": ("Microgram", "Micrograms", ("Grams", "Milligrams", "Milliliters")),
    r"ml": ("Milliliter", "Milliliters", ("Liters", "Fluid Ounces", "Milligrams")),
    r"l|liter|litre": ("Liter", "Liters", ("Milliliters", "Gallons", "Fluid Ounces")),
    r"mm": ("Millimeter", "Millimeters", ("Centimeters", "Inches", "Meters")),
    r"cm": ("Centimeter", "Centimeters", ("Millimeters", "Inches", "Meters")),
    r"m|meter": ("Meter", "Meters", ("Centimeters", "Feet", "Millimeters")),
    r"ft\.?|foot": ("Foot", "Feet", ("Inches", "Meters", "Yards")),
    r"in\.?|inch|\"": ("Inch", "Inches", ("Feet", "Centimeters", "Millimeters")),
    r"ct\.?|cnt": ("Count", "Count", ("Ounces", "Packs", "Grams")),
    r"pcs\.?|pc\.?|piece": ("Piece", "Pieces", ("Pairs", "Boxes", "Sets")),
}
_FIGURE: Final = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)[ -]*([a-zµ\". ]+)")
#: How a shoe is marked: eight and a half, of medium width; no eight and a half meters.
_SHOE_WIDTH: Final = re.compile(r"\d{1,2}(?:\.5)? ?[MWD](?: US)?")
_PACK: Final = re.compile(r"(?:pack|package) of (\d+)|(\d+)[ -]*(?:packs?|pk\.?)")


def stem(word: str) -> str:
    """Return what spellings of one word have in common: its standard form, or without its plural.

    For telling that two values may be the same; it puts more together than is.
    """
    folded = word.casefold()
    for variants in _VARIANTS.values():
        if folded in variants and " " not in variants[folded]:
            folded = variants[folded].casefold()
            break
    for ending, left in (("ies", "y"), ("'s", ""), ("’s", ""), ("s", "")):
        if folded.endswith(ending) and not folded.endswith("ss") and len(folded) > 2 + len(ending):
            folded = folded[: -len(ending)] + left
            break
    # "boxe" and "brushe", but "shoe".
    return folded[:-1] if folded.endswith(("xe", "she", "che", "sse")) else folded


def standard(value: str, family: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the standard form of ``value`` and forms that it is not; None without either.

    A value that is in its standard form already has none: there is nothing to ask.
    """
    if _SHOE_WIDTH.fullmatch(value.strip()):
        return None
    folded = " ".join(value.casefold().replace("’", "'").split())
    if family == "amount" and (found := _pack(folded) or _figure(folded)):
        return None if found[0].casefold() == folded else found
    form = _VARIANTS.get(family, {}).get(folded)
    if form is None:
        return None
    others = tuple(other for other in _TABLES[family] if other != form)
    return form, others


def _pack(folded: str) -> tuple[str, tuple[str, ...]] | None:
    found = _PACK.fullmatch(folded)
    if not found:
        return None
    count = int(found[1] or found[2])
    others = dict.fromkeys((count + 1, count * 2, count + 2, max(count - 1, count * 3)))
    return f"Pack of {count}", tuple(f"Pack of {other}" for other in others if other != count)


def _figure(folded: str) -> tuple[str, tuple[str, ...]] | None:
    found = _FIGURE.fullmatch(folded)
    if not found:
        return None
    number, unit = found[1], found[2].strip()
    for pattern, (one, more, others) in _UNITS.items():
        if re.fullmatch(pattern, unit):
            # The number stays: a form with another one would be the odd one among four.
            wrong = (f"{number} {_single(other) if number == '1' else other}" for other in others)
            return f"{number} {one if number == '1' else more}", tuple(wrong)
    return None


def _single(unit: str) -> str:
    """Return the name for one of a unit that is named for more."""
    return {"Feet": "Foot", "Inches": "Inch", "Boxes": "Box"}.get(unit, unit.removesuffix("s"))
