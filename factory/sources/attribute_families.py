"""Which values surely are none of an attribute: those of an attribute of another family.

A color may be a flavor's name, so neither is said to be impossible for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from factory.sources.attribute_names import WORDS, Attribute
from factory.sources.attribute_variants import stem
from factory.text import tokens

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


def told_apart(one: Attribute, other: Attribute) -> bool:
    """Return whether a reader sees that no value of one attribute can be a value of the other."""
    return (
        other.family in CERTAIN
        and other.family != one.family
        and frozenset((other.family, one.family)) not in _CONFUSED
    )


def stems(text: str) -> set[str]:
    """Return the stems of the words of a value."""
    return {stem(word) for word in tokens(text)}


def known_stems(family: str, values: Iterable[str]) -> set[str]:
    """Return the stems of a family's words and of ``values``: what has one may be of the family."""
    texts = (*values, *WORDS.get(family, ()))
    return {found for text in texts for found in stems(text)}
