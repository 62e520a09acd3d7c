"""Which kind of product a title names, as far as its words tell, and whether two are of one kind.

The kind of a product is told by the content words of what its title begins with: neither its
brand, nor numbers, colors, materials, sizes and audiences. The comparison errs on the side of "one
kind": a wrong option that shares a word too many costs nothing, one that is as right as the right
one costs the sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Final
from unicodedata import combining, normalize

from factory.sources.lexicons import AUDIENCES, COLORS, MATERIALS, SIZES
from factory.text import CJK, folded_case, tokens

#: What separates the name of a product from what is said about it.
_SEGMENT: Final = re.compile(r"\s[-–—|/]\s|[,;:|(\[【（、]")
#: Words of one script: a Japanese compound is told apart at the borders of its scripts.
_RUN: Final = re.compile("[\u30a0-\u30ff]{2,}|[\u3400-\u9fff々]{2,}|[^\\W\\d_\u3040-\u9fff]{3,}")
#: A Japanese word with such an end says of what, for whom or with what, not which product.
_ATTRIBUTE: Final = re.compile(r"(製|型|式|用|付き|付|入り|対応|なし|セット|加工|配合|可|に)$")
_NATIVE: Final = frozenset(
    (
        *("de", "del", "des", "du", "la", "le", "les", "el", "los", "las", "con", "para", "pour"),
        *("avec", "mit", "für", "und", "aus", "di", "da", "per", "en", "et", "à", "al"),
        *("sin", "ohne", "sans", "senza", "von", "zum", "zur", "der", "die", "das", "il"),
    )
)
_PLAIN: Final = _NATIVE | frozenset(
    (
        *("and", "the", "for", "with", "without", "set", "pack", "piece", "pieces", "count", "new"),
        *("pro", "plus", "mini", "por", "unidad", "unidades", "juego"),
    )
)
_SHORTEST: Final = 4
_SHARED_START: Final = 5
_SHARED_KANA: Final = 3


@lru_cache(maxsize=8192)
def kind_words(title: str, brand: str = "") -> frozenset[str]:
    """Return the words by which a title tells its kind, without accents; maybe none."""
    lead = next((part for part in _SEGMENT.split(title) if part.strip()), "")
    text = folded_case(lead)
    known = frozenset(tokens(brand)) if brand else frozenset[str]()
    found: set[str] = set()
    if CJK.search(text):
        # Such a title seldom has commas: its words stand between spaces.
        text = " ".join(word for word in text.split() if not _ATTRIBUTE.search(word))
    for word in _RUN.findall(text):
        if word not in known and word not in _qualities():
            found.add(_plain(word))
    return frozenset(found)


def same_kind(ones: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether any kind word of one product is a form or a part of one of the other's."""
    listed = tuple(others)
    return any(_related(one, other) for one in ones for other in listed)


@lru_cache(maxsize=8192)
def tongue(title: str) -> str:
    """Return a sign of the language of a title: ``cjk``, ``native`` or ``plain``.

    A shop lists some titles in English: words of two languages cannot be compared. ``native`` has
    a joining word of a language other than English, ``plain`` none.
    """
    if CJK.search(title):
        return "cjk"
    return "native" if _NATIVE & set(folded_case(title).split()) else "plain"


@lru_cache(maxsize=65536)
def _related(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=lambda word: (len(word), word))
    if short == long:
        return True
    if CJK.search(short):
        size = 2 if not re.search("[\u30a0-\u30ff]", short) else _SHARED_KANA
        return any(
            short[start : start + size] in long for start in range(max(1, len(short) - size + 1))
        )
    if len(short) < _SHORTEST:
        # Only a plural can be so near: "pan" and "pans".
        return long in (f"{short}s", f"{short}es")
    # Forms ("stapler", "staples") and compounds ("lampe", "tischlampe").
    return (
        long.startswith(short)
        or long.endswith(short)
        or short[:_SHARED_START] == long[:_SHARED_START]
    )


@lru_cache(maxsize=1)
def _qualities() -> frozenset[str]:
    """Return the words that name a quality of any product, in all languages of the lexicons."""
    listed = chain.from_iterable(
        words for lexicon in (COLORS, MATERIALS, SIZES, AUDIENCES) for words in lexicon.values()
    )
    return _PLAIN | frozenset(part for words in listed for part in folded_case(words).split())


def _plain(word: str) -> str:
    if CJK.search(word):
        return word
    return "".join(each for each in normalize("NFD", word) if not combining(each))
