"""Everyday events around a product, and the feelings that follow: what ShopBench's task9 asks.

An event is a frame with a product in it ("PersonX cleans the grill"). The frames fit any product,
so an event needs no model; what obstructs it, what is wanted by it and what comes of it does. The
relations are those of ATOMIC (Sap et al., AAAI 2019) that the benchmark's rows name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from factory.text import tokens

Mood: TypeAlias = Literal["good", "bad", ""]


@dataclass(frozen=True, slots=True)
class Frame:
    """An event with a product in it.

    Attributes:
        text: what PersonX does, with ``{}`` for the product.
        mood: what PersonX surely feels; empty where it may be either.
        meant: whether it is done on purpose, so that something can be wanted by it.
    """

    text: str
    mood: Mood
    meant: bool


FRAMES: Final = (
    Frame("uses the new {} for the first time", "good", meant=True),
    Frame("repairs the {} without any help", "good", meant=True),
    Frame("finds the lost {} again", "good", meant=False),
    Frame("gets compliments for the {}", "good", meant=False),
    Frame("breaks the {} by accident", "bad", meant=False),
    Frame("loses the {} on a journey", "bad", meant=False),
    Frame("spills paint on the {}", "bad", meant=False),
    Frame("has the {} stolen", "bad", meant=False),
    Frame("buys the {}", "", meant=True),
    Frame("borrows the {} from PersonY", "", meant=True),
    Frame("cleans the {}", "", meant=True),
    Frame("packs the {} for a trip", "", meant=True),
)

#: What PersonX may feel, by mood: no good feeling follows from what surely feels bad.
FEELINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "good": (
            *("happy", "proud", "relieved", "excited", "satisfied", "grateful", "cheerful"),
            *("delighted", "hopeful", "lucky", "pleased", "content"),
        ),
        "bad": (
            *("sad", "annoyed", "upset", "ashamed", "worried", "frustrated", "guilty"),
            *("disappointed", "angry", "miserable", "sorry", "gloomy"),
        ),
    }
)

#: What is said of a tail in an option: ``{}`` is the phrase.
TAILS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "obstruct": "PersonX has no {}",
        "feel": "{}",
        "result": "gets {}",
        "want": "to {}",
    }
)
#: The relations in the order in which they are asked of a model.
RELATIONS: Final = tuple(TAILS)

#: What anybody may lack for anything: a wrong answer that would be right after all.
_ANYBODYS: Final = frozenset(
    [
        *("money", "time", "space", "place", "room", "energy", "help", "light", "interest", "idea"),
        *(
            "patience",
            "strength",
            "water",
            "power",
            "electricity",
            "internet",
            "cash",
            "job",
            "home",
        ),
        *("hands", "access", "experience", "knowledge", "permission", "reason", "need"),
        *("free", "extra", "enough", "much", "more", "better", "good", "right", "proper", "use"),
        *("it", "one", "anything", "something", "things", "product", "item"),
    ]
)
_LITTLE: Final = frozenset(
    [
        *("a", "an", "the", "of", "to", "in", "on", "at", "for", "with", "and", "or", "by", "from"),
        *("his", "her", "their", "it", "its", "some", "any", "no", "new"),
    ]
)


def event(frame: Frame, product_type: str) -> str:
    """Return the event as a sentence without a full stop: ``PersonX cleans the grill``."""
    return f"PersonX {frame.text.format(product_type.casefold())}"


def telling(phrase: str) -> frozenset[str]:
    """Return the words of a phrase that tell what it is about, in the singular."""
    words = (word for word in tokens(phrase) if word not in _LITTLE and word != "personx")
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def is_anybodys(phrase: str) -> bool:
    """Return whether a phrase fits any event: who has no time or money can do nothing."""
    return set(tokens(phrase)) <= _LITTLE | _ANYBODYS
