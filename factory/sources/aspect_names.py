"""The aspects that reviews of consumer products speak of: a closed list, and what betrays each.

A list that every label keeps to makes labels of different reviews comparable: an open one calls the
same thing fit, fitting and sizing. What may be taken for each other shares a family, and never
stands in one list of choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from factory.text import tokens


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect.

    Attributes:
        name: as it stands in a list of aspects.
        families: aspects that share one may be taken for each other.
        cues: beginnings of words; a text with one of them may speak of the aspect.
        also: what else shops call it.
    """

    name: str
    families: frozenset[str]
    cues: tuple[str, ...]
    also: tuple[str, ...] = ()


def _aspect(name: str, families: str, cues: str, *also: str) -> Aspect:
    return Aspect(name, frozenset(families.split()), tuple(cues.split()), also)


_ALL: Final = (
    _aspect("absorbency", "performance", "absorb soak dry drie thirst wet"),
    _aspect(
        "appearance",
        "looks",
        "look design styl pretty beaut cute elegan ugly gorg pictur",
        "design",
    ),
    _aspect("battery life", "power", "batter charg recharg power hour", "battery"),
    _aspect("color", "looks description", "color colour shade fad bright hue black white"),
    _aspect("comfort", "feel", "comf soft cozy cosy firm hurt ergonom cushion stiff itch"),
    _aspect(
        "customer service", "seller", "service support seller refund return replac mail answer"
    ),
    _aspect("delivery", "seller parcel", "deliver ship arriv late courier fast quick days parcel"),
    _aspect("description", "description", "descri advert listing pictur page expected claim"),
    _aspect(
        "durability",
        "make",
        "durab last broke break wore worn tear torn held sturd year month apart crack",
    ),
    _aspect(
        "ease of assembly",
        "handling",
        "assembl install screw instruct put build setup",
        "assembly",
        "installation",
    ),
    _aspect(
        "ease of cleaning", "handling", "clean wash dishwash stain wipe dust rins stick", "cleaning"
    ),
    _aspect("ease of use", "handling", "eas simpl use using handy conveni intuit complicat button"),
    _aspect("fit", "size", "fit fits snug tight loose small large big siz"),
    _aspect("grip", "feel", "grip slip hold handle grab slid"),
    _aspect(
        "material", "make feel", "material fabric cotton plastic metal steel wood thick thin cloth"
    ),
    _aspect("noise level", "sound", "noise nois loud quiet silen hum squeak sound", "noise"),
    _aspect("packaging", "parcel", "packag packed box wrap parcel"),
    _aspect("performance", "performance", "work perform function power effect job does"),
    _aspect("price", "price", "pric cheap expens worth money value cost afford deal buck dollar"),
    _aspect("quality", "make", "qualit made well craft finish workmanship build solid shoddy care"),
    _aspect("safety", "safety", "safe danger sharp burn child hazard toxic chemical"),
    _aspect("scent", "flavor", "scent smell odor odour fragran perfum stink", "smell"),
    _aspect(
        "size", "size", "siz big small large tiny tall wide narrow fit inch measur compact room"
    ),
    _aspect("sound quality", "sound", "sound bass audio volume music hear loud", "sound"),
    _aspect("stability", "make stability", "stab wobbl sturd steady tip shak flims rock"),
    _aspect("storage space", "size", "stor stack space fold room compact fits capac", "storage"),
    _aspect("suction power", "performance", "suct vacuum pick power", "suction"),
    _aspect("taste", "flavor", "tast flavor flavour sweet bitter delicious stale", "flavor"),
    _aspect("warmth", "feel", "warm heat cold cool hot temperatur insulat"),
    _aspect("water resistance", "make", "water rain wet leak soak splash waterproof"),
    _aspect("weight", "weight", "weigh light heav pound ounce"),
)
#: By name, what a label calls them.
ASPECTS: Final[Mapping[str, Aspect]] = MappingProxyType({each.name: each for each in _ALL})
_KNOWN: Final = {name: each for each in _ALL for name in (each.name, *each.also)}


def alike(one: str, other: str) -> bool:
    """Return whether two aspects may be taken for each other; an unknown one only for itself."""
    if one == other:
        return True
    left, right = _KNOWN.get(one), _KNOWN.get(other)
    return left is not None and right is not None and bool(left.families & right.families)


def has_cue(text: str, aspect: str) -> bool:
    """Return whether a text has a word that may speak of an aspect; its own name is one."""
    return _cues(text, aspect) > 0


def speaks_of(text: str, aspect: str) -> bool:
    """Return whether no aspect has more words in a text than ``aspect``, which has one at least.

    An aspect that may be taken for it is no rival. ``Support answered within an hour`` has a word
    of battery life, and more of customer service.
    """
    own = _cues(text, aspect)
    return own > 0 and not any(
        _cues(text, other) > own for other in ASPECTS if not alike(other, aspect)
    )


def _cues(text: str, aspect: str) -> int:
    """Return how many different words of a text may speak of an aspect."""
    known = _KNOWN.get(aspect)
    cues = (*tokens(aspect), *(known.cues if known else ()))
    return sum(
        any(word.startswith(cue) for cue in cues if len(cue) > 2) for word in set(tokens(text))
    )


def apart(aspect: str, others: Iterable[str]) -> bool:
    """Return whether an aspect can be told from each of the others."""
    return not any(alike(aspect, other) for other in others)
