"""Which values surely are none of an attribute: those of an attribute of another family.

A color may be a flavor's name, so neither is said to be impossible for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from factory.sources.attribute_names import WORDS, Attribute
from factory.sources.names_apart import stems

#: Families whose values are recognized for what they are, and that can take no value of another.
CERTAIN: Final = frozenset(
    {
        *("color", "material", "person", "amount", "roast", "caffeine", "firmness", "power"),
        *("protection", "reuse", "use", "sleeve", "season", "pattern", "shape", "body"),
        *("base", "diet", "form", "taste", "position", "benefit", "mask", "shoe"),
    }
)
#: Pairs of families whose values may be mistaken for each other.
_CONFUSED: Final = frozenset(
    frozenset(pair.split())
    for pair in (
        *("color taste", "color pattern", "color material", "material taste", "form amount"),
        *("form material", "benefit body", "benefit taste", "reuse mask", "reuse benefit"),
        *("mask material", "mask use", "mask person", "shoe use", "shoe person", "body person"),
        *("diet taste", "diet benefit", "form benefit", "form taste", "person benefit"),
        *("protection benefit", "mask benefit", "roast taste", "caffeine taste"),
        *("form power", "form roast", "mask reuse", "shoe material", "diet body"),
        *("form mask", "form caffeine", "form use", "use person", "shape use"),
    )
)


#: What is a material and a color, or a part of the name of one.
_SHADES: Final = frozenset(
    {
        *("wood", "bamboo", "mahogany", "maple", "rosewood", "ebony", "spruce", "alder", "copper"),
        *("brass", "cork", "metal", "steel", "iron", "denim", "down", "glass", "resin", "carbon"),
        *("silver", "gold", "bronze", "ivory", "charcoal", "coral"),
    }
)


def told_apart(asked: Attribute, other: Attribute, value: str) -> bool:
    """Return whether a reader sees that ``value``, one of ``other``, is none of ``asked``."""
    if other.family not in CERTAIN or other.family == asked.family:
        return False
    pair = frozenset((other.family, asked.family))
    # Nobody takes cotton for a color, or blue for a material.
    if pair == {"color", "material"}:
        found = stems(value)
        return (
            found <= known_stems(other.family, ())
            and not found & known_stems(asked.family, ())
            and not found & _SHADES
        )
    return pair not in _CONFUSED


def known_stems(family: str, values: Iterable[str]) -> set[str]:
    """Return the stems of a family's words and of ``values``: what has one may be of the family."""
    texts = (*values, *WORDS.get(family, ()))
    return {found for text in texts for found in stems(text)}
