"""Whether a text was translated: shops list many products under another shop's words.

Titles are too short for a statistical detector, but the little words give English away, and a
title that shares most of its words with its English one is no translation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from factory.sources.view import RowRejectedError
from factory.text import CJK, similarity, tokens

#: What two texts in different languages may share: names, models, sizes.
_MOST_SHARED: Final = 0.6
_FEWEST_TOKENS: Final = 4
_MOST_CHARACTERS: Final = 200
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_WORD: Final = re.compile(r"\w+")
_LETTER: Final = re.compile(r"[^\W\d_]")
#: How long a translation of an English title is, in its own characters.
_LENGTHS: Final = (0.5, 2.0)
_JAPANESE_LENGTHS: Final = (0.2, 1.3)
_LEAST_JAPANESE: Final = 0.25
#: Little words by shop, each in the language that it writes in.
_LITTLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "uk": frozenset(
            ["with", "for", "and", "the", "of", "from", "your", "to", "by", "this", "is", "are"]
        ),
        "de": frozenset(
            [
                "mit",
                "für",
                "und",
                "der",
                "die",
                "das",
                "von",
                "aus",
                "ohne",
                "zum",
                "zur",
                "im",
                "ist",
                "den",
            ]
        ),
        "fr": frozenset(
            [
                "avec",
                "pour",
                "et",
                "le",
                "la",
                "les",
                "de",
                "des",
                "du",
                "sans",
                "en",
                "à",
                "est",
                "ce",
            ]
        ),
        "es": frozenset(
            [
                "con",
                "para",
                "y",
                "el",
                "la",
                "los",
                "las",
                "de",
                "del",
                "sin",
                "en",
                "es",
                "este",
                "esta",
            ]
        ),
        "it": frozenset(
            [
                "con",
                "per",
                "e",
                "il",
                "la",
                "i",
                "di",
                "da",
                "del",
                "della",
                "senza",
                "in",
                "è",
                "gli",
            ]
        ),
    }
)
_SHOPS_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        word: tuple(shop for shop, little in _LITTLE.items() if word in little)
        for word in sorted(frozenset[str]().union(*_LITTLE.values()))
    }
)


def in_language(text: str, locale: str) -> bool:
    """Return whether nothing says that ``text`` is in another language than the shop's own."""
    if locale in ("jp", "cn"):
        letters = len(_LETTER.findall(text))
        return len(CJK.findall(text)) >= _LEAST_JAPANESE * max(letters, 1)
    if CJK.search(text):
        return False
    counts = dict.fromkeys(_LITTLE, 0)
    for word in _WORD.findall(text.casefold()):
        for shop in _SHOPS_OF.get(word, ()):
            counts[shop] += 1
    return max(counts.values()) <= counts["uk" if locale == "us" else locale]


def surely_in_language(text: str, locale: str) -> bool:
    """Return whether a word or letter says that ``text`` is in the shop's own language.

    Titles without joining words may be in any; English shops list few that are not in English.
    """
    if not in_language(text, locale):
        return False
    if locale not in _LITTLE or locale == "uk":
        return True
    words = _WORD.findall(text.casefold())
    return not text.isascii() or any(word in _LITTLE[locale] for word in words)


def translated(words: Collection[str], others: Collection[str]) -> bool:
    """Return whether two texts of such tokens have words of their own, beyond names and numbers."""
    return similarity(words, others) < _MOST_SHARED


def check_title(title: str | None, target: str | None, locale: str) -> None:
    """Check that ``target`` is a title of the shop ``locale`` that English ``title`` leads to.

    Raises:
        RowRejectedError: one is missing, too short or too long; it was not translated; or it has a
            number that nobody could know.
    """
    if not title or not target:
        raise RowRejectedError("value-missing", "one of the shops gives no title")
    if max(len(title), len(target)) > _MOST_CHARACTERS:
        raise RowRejectedError("title-too-long", max(title, target, key=len))
    if min(len(tokens(title)), len(tokens(target))) < _FEWEST_TOKENS:
        raise RowRejectedError("title-too-short", min(title, target, key=len))
    if not translated(tokens(title), tokens(target)) or not in_language(target, locale):
        raise RowRejectedError("untranslated", target)
    if not in_language(title, "uk"):
        raise RowRejectedError("not-english", title)
    low, high = _JAPANESE_LENGTHS if locale == "jp" else _LENGTHS
    if not low <= len(target) / len(title) <= high:
        raise RowRejectedError("length-differs", f"{len(title)} and {len(target)} characters")
    unknown = _numbers(target) - _numbers(title)
    if unknown:
        raise RowRejectedError("number-unknown", f"{min(unknown)} is not in {title!r}")


def _numbers(text: str) -> frozenset[str]:
    return frozenset(number.replace(",", ".") for number in _NUMBER.findall(text))
