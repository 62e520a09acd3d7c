"""Whether the words of a phrase were only turned round, which says another thing or none.

A cat litter box is no box litter cat, and a table in the center no center of a table. Whole parts
of a query may change places; of two neighbours, the one that the other tells more of must stay it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from factory.generators.grounding import plain
from factory.generators.said_again import LITTLE, UNSPACED
from factory.sources.attribute_variants import stem
from factory.sources.lexicons import AUDIENCES, COLORS, MATERIALS, SIZES
from factory.text import tokens

#: Languages in which the thing comes first and what tells more of it after it.
_THING_FIRST: Final = frozenset(("es", "fr", "it"))
#: Little words that join what follows to what stands before.
_JOINS: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset(("for", "with", "of", "in", "on", "by", "from", "and")),
    "es": frozenset(("para", "con", "de", "del", "en", "por", "y")),
}
_FOR_A_NUMBER: Final = re.compile(
    r"\b(?:for|para) \d\S*+(?! ?(?:people|persons?|adults?|kids|personas?|adultos?|niños))"
)
#: Words that tell more of a thing, by language.
_TELLING: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset(
        stem(word)
        for lexicon in (COLORS, MATERIALS, SIZES, AUDIENCES)
        for word in lexicon.get(language, {})
        if " " not in word
    )
    for language in COLORS
}


def turned_round(source: str, text: str, language: str) -> str:
    """Return a part of ``source`` that ``text`` says the wrong way round, or nothing.

    In Chinese and Japanese, where spaces part terms of a query and no words, a term that ``text``
    does not say as it is.
    """
    if language in UNSPACED:
        terms = source.split() if " " in source else ()
        return next((term for term in terms if plain(term) not in plain(text)), "")
    before = _neighbours(source, language)
    for (left, right), joined in _neighbours(text, language).items():
        if (right, left) not in before or _fits(left, right, language):
            continue
        # A dog bed is a bed for dogs: in English a word between turns a compound round.
        if language in _THING_FIRST or joined == before[right, left]:
            return f"{left} {right}"
    return ""


def begins_amid(source: str, text: str, language: str) -> str:
    """Return a little word that joins nothing, or joins a number as if it were whom a thing is for.

    "With scanner white printer" begins amid the query; "kettle for 1.7 liter" is for nobody.
    """
    first = plain(text).split()[0]
    if first in _JOINS.get(language, frozenset()) and not plain(source).startswith(f"{first} "):
        return first
    return next(
        (each for each in _FOR_A_NUMBER.findall(plain(text)) if each not in plain(source)), ""
    )


def _neighbours(text: str, language: str) -> dict[tuple[str, str], bool]:
    """Return the pairs of words that follow each other, and whether little words join them."""
    little = LITTLE.get(language, frozenset())
    words = tokens(text)
    places = [place for place, word in enumerate(words) if word not in little]
    return {
        (stem(words[one]), stem(words[other])): other - one > 1 for one, other in pairwise(places)
    }


def _fits(left: str, right: str, language: str) -> bool:
    """Return whether the one that tells more, a color or a measure, stands on its own side."""
    telling, thing = (right, left) if language in _THING_FIRST else (left, right)
    return _tells(telling, language) and not _tells(thing, language)


def _tells(word: str, language: str) -> bool:
    return word[0].isdigit() or word in _TELLING.get(language, frozenset())
