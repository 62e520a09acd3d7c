"""What a kind of product can have: attributes by the domain that alone has them.

That no title states an attribute does not make it impossible, so an attribute is only said not to
apply where it belongs to a domain (``roast type`` to coffee) of which the kind of product has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from factory.sources.attribute_names import Attribute, attribute
from factory.sources.attribute_variants import stem

#: Domains that share attributes: what one of them has, the others might.
_NEAR: Final = (
    frozenset({"food", "coffee", "health"}),
    frozenset({"care", "hair", "sun", "health", "laundry"}),
    frozenset({"apparel", "mask", "headgear", "sport", "eyewear"}),
    frozenset({"electric", "lighting", "music", "stove", "cycling"}),
    frozenset({"sport", "fishing", "cycling", "camping"}),
    frozenset({"bedding", "camping", "apparel"}),
    frozenset({"electric", "care"}),
    frozenset({"mask", "care"}),
    frozenset({"scented", "care", "food"}),
    frozenset({"scented", "laundry"}),
    # A sunscreen and a toothpaste have a scent.
    frozenset({"scented", "sun"}),
    frozenset({"scented", "mouth"}),
    frozenset({"mouth", "care", "food"}),
    frozenset({"washing", "laundry"}),
    # A lip balm has a flavor, and a sunscreen may be one for sports.
    frozenset({"lip", "care", "food", "scented"}),
    frozenset({"lip", "sport"}),
    # A toothbrush and a pillow are soft or firm, and maybe a shoe.
    frozenset({"bristles", "apparel"}),
    frozenset({"bristles", "mouth"}),
    frozenset({"bristles", "bedding"}),
)
#: Kinds of product whose domain their few attributes may not show, by a word of their name.
_OF_WORD: Final[Mapping[str, str]] = {
    **dict.fromkeys(("coffee", "tea", "cereal", "food"), "food"),
    **dict.fromkeys(("vitamin", "supplement"), "health"),
    **dict.fromkeys(("conditioner", "shampoo"), "care"),
    "sunscreen": "lip",
    **dict.fromkeys(("toothbrush", "toothpaste"), "mouth"),
    **dict.fromkeys(("shoe", "sock", "beanie", "jacket", "shirt", "short", "swimwear"), "apparel"),
    **dict.fromkeys(("cap", "helmet", "eyewear", "mask"), "apparel"),
    **dict.fromkeys(("guitar", "string"), "music"),
    **dict.fromkeys(("lure", "rod"), "fishing"),
    **dict.fromkeys(("tent", "backpack", "bag", "stake"), "camping"),
    **dict.fromkeys(("yoga", "dumbbell", "band", "rope"), "sport"),
    **dict.fromkeys(("headphone", "bulb", "light"), "electric"),
    **dict.fromkeys(("detergent", "dishwasher"), "laundry"),
    **dict.fromkeys(("stove",), "stove"),
    **dict.fromkeys(("pillow", "sheet"), "bedding"),
}


def domains(category: str, types: Iterable[str]) -> frozenset[str]:
    """Return the domains that a kind of product touches, and those that are near to them."""
    own = {found.domain for name in types if (found := attribute(name)) and found.domain}
    own |= {_OF_WORD[stem(word)] for word in category.split() if stem(word) in _OF_WORD}
    return frozenset(own).union(*(group for group in _NEAR if group & own))


def foreign(found: Attribute, category: str, types: Iterable[str]) -> bool:
    """Return whether an attribute certainly does not apply to a kind of product."""
    listed = tuple(types)
    names = {other.name for name in listed if (other := attribute(name))}
    held = domains(category, listed)
    # A kind without any domain says nothing about what it cannot have.
    return bool(found.domain and held) and found.domain not in held and found.name not in names


def gives_away(name: str, category: str) -> bool:
    """Return whether the name of an attribute and of a kind of product share a word."""
    return bool({stem(word) for word in name.split()} & {stem(word) for word in category.split()})


def shown(category: str) -> str:
    """Return a kind of product as it is named in a sentence."""
    return category.lower()


def questions(facts: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return what could be asked instead: kinds of product, an attribute, and all of the kind's.

    Wrong answers are drawn from these, so that each is wrong about as often as it is right.
    """
    return [
        (each["category"], name, list(each["types"]))
        for each in facts["incidence"]
        for name in each["asked"]
        if (found := attribute(name)) and found.domain
        if not gives_away(found.name, each["category"])
    ]
