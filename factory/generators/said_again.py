"""What a program can check of a text that says another one anew: what it keeps and what it adds.

Words are compared by their stems, without the little words that only join others. Chinese and
Japanese part no words: there, what is compared are the characters, and pairs of neighbours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from factory.generators.grounding import numbers, plain
from factory.sources.attribute_variants import stem
from factory.sources.view import RowRejectedError
from factory.text import CJK, tokens

#: Languages that part no words by spaces.
UNSPACED: Final = frozenset(("ja", "zh"))

#: Words, in Chinese and Japanese characters, that may come or go without changing what is said.
#: A negation is none of them.
LITTLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": frozenset(
            [
                *("a", "an", "the", "for", "with", "and", "of", "in", "on", "by", "to", "from"),
                *("at", "&", "+", "my", "your", "some", "any", "that", "is", "are", "it", "its"),
                *("was", "were", "be", "as", "this", "i", "you", "s"),
            ]
        ),
        "es": frozenset(
            [
                *("el", "la", "los", "las", "lo", "un", "una", "unos", "unas", "de", "del", "para"),
                *("con", "y", "e", "en", "por", "a", "al", "que", "es", "son", "se", "su", "sus"),
                *("mi", "me", "le"),
            ]
        ),
        "de": frozenset(
            [
                *("der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem"),
                *("einer", "und", "für", "mit", "von", "aus", "in", "im", "auf", "zu", "zum"),
                *("zur", "ist", "sind", "an", "am", "bei"),
            ]
        ),
        "fr": frozenset(
            [
                *("le", "la", "les", "l", "un", "une", "des", "de", "du", "d", "et", "pour"),
                *("avec", "en", "à", "au", "aux", "sur", "est", "sont", "par", "dans"),
            ]
        ),
        "it": frozenset(
            [
                *("il", "lo", "la", "i", "gli", "le", "un", "uno", "una", "di", "del", "della"),
                *("e", "per", "con", "in", "da", "a", "al", "su", "è", "sono"),
            ]
        ),
        "ja": frozenset("のをにはがでとへもや"),
        "zh": frozenset("的和与在之了"),
    }
)
#: Words that a value may be said with or without: blue, in the color blue.
_NAMES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": frozenset(("size", "color", "colour")),
        "es": frozenset(("color", "talla", "tamaño")),
    }
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
#: A number and the word that follows it at once: what it counts or measures.
_FIGURE: Final = re.compile(r"(\d+(?:[.,]\d+)*)[ -]?([^\W\d_]+)")
_LEAST_PIECE: Final = 2.0
_TOUCHED: Final = 2


def content(text: str, language: str) -> tuple[str, ...]:
    """Return the stems of the words of ``text`` that say something, in order.

    Of Chinese and Japanese, pairs of neighbouring characters.
    """
    little = LITTLE.get(language, frozenset())
    return tuple(stem(word) for word in tokens(text) if word not in little)


def left_out(source: str, text: str, language: str) -> str:
    """Return the first word of ``source`` that ``text`` does not say, or nothing."""
    if language in UNSPACED:
        missing = Counter(_letters(source)) - Counter(_letters(text))
        return next((c for c in _letters(source) if missing[c] and c not in LITTLE[language]), "")
    return _beyond(source, text, language)


def added(source: str, text: str, language: str) -> str:
    """Return the first word of ``text`` that ``source`` does not say, or nothing.

    Chinese and Japanese text that only shuffles the characters of ``source`` is all added.
    """
    if language not in UNSPACED:
        return _beyond(text, source, language)
    further = Counter(_letters(text)) - Counter(_letters(source))
    if new := next((c for c in _letters(text) if further[c] and c not in LITTLE[language]), ""):
        return new
    pieces = _pieces("".join(_letters(text)), "".join(_letters(source)), LITTLE[language])
    return text if pieces and sum(map(len, pieces)) < _LEAST_PIECE * len(pieces) else ""


def _beyond(text: str, other: str, language: str) -> str:
    """Return the first word of ``text`` that ``other`` does not say and that counts, or nothing."""
    said = {*content(other, language), *_NAMES.get(language, ())}
    return next((word for word in content(text, language) if word not in said), "")


def figure_cut(source: str, text: str) -> str:
    """Return a figure of ``source`` of which ``text`` says the number without its unit, if one."""
    whole = plain(text)
    said = numbers(text)
    units: dict[str, list[str]] = {}
    for found in _FIGURE.finditer(plain(source)):
        unit = found[2][:1] if CJK.match(found[2]) else found[2]
        figure = plain(source)[found.start() : found.start(2)] + unit
        units.setdefault(found[1], []).append(figure)
    for number, figures in units.items():
        alone = source.count(number) > len(figures)
        if numbers(number) <= said and not alone and not any(each in whole for each in figures):
            return figures[0]
    return ""


def figure_exchanged(source: str, text: str) -> str:
    """Return a figure of ``text`` whose unit another number of ``source`` has, or nothing."""
    measured: dict[str, set[str]] = {}
    for number, unit in _FIGURE.findall(plain(source)):
        measured.setdefault(unit, set()).update(numbers(number))
    return next(
        (
            f"{number} {unit}"
            for number, unit in _FIGURE.findall(plain(text))
            if unit in measured and not numbers(number) <= measured[unit]
        ),
        "",
    )


def sentences(text: str) -> list[str]:
    """Return the sentences of ``text``; a line end ends one."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def breaks_off(text: str, language: str) -> bool:
    """Return whether ``text`` ends in a little word, or within brackets that it opened."""
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        return True
    if language in UNSPACED or language not in LITTLE:
        return False
    last = plain(text).rstrip(" .,;:!?").split()[-1:]
    return not LITTLE[language].isdisjoint(last)


def check_figures_and_end(source: str, text: str, language: str) -> None:
    """Raise :class:`RowRejectedError` where a figure is cut or exchanged, or a text breaks off."""
    if cut := figure_cut(source, text):
        raise RowRejectedError("unit-cut-off", f"{cut} in: {text}")
    if exchanged := figure_exchanged(source, text):
        raise RowRejectedError("figure-exchanged", f"{exchanged} in: {text}")
    if breaks_off(text, language):
        raise RowRejectedError("breaks-off", text)


def without_little_ends(phrase: str, language: str) -> str:
    """Return a phrase without the little words at its ends, where words are parted by spaces."""
    words = phrase.split()
    if language in UNSPACED:
        return " ".join(words)
    little = LITTLE.get(language, frozenset())
    while words and plain(words[0]) in little:
        del words[0]
    while words and plain(words[-1]) in little:
        del words[-1]
    return " ".join(words)


def stands_whole(start: int, end: int, source: str, language: str) -> bool:
    """Return whether a part of a text is no piece of a longer word, as far as can be told.

    Where no words are parted, it stands between marks or little words.
    """
    around = (source[start - 1 : start], source[end : end + 1])
    little = LITTLE.get(language, frozenset())
    return language not in UNSPACED or all(
        not each or not each.isalnum() or each in little for each in around
    )


def touched(text: str, parts: Iterable[str], language: str) -> int:
    """Return how many of ``parts`` share words with ``text``: two, or all where it has fewer."""
    said = frozenset(content(text, language))
    found = 0
    for part in parts:
        words = frozenset(content(part, language))
        found += bool(words) and len(words & said) >= min(_TOUCHED, len(words))
    return found


def grounded(text: str, source: str, language: str, beside: Iterable[str] = ()) -> float:
    """Return the share of the words of ``text`` that ``source`` says, in [0, 1].

    Words of ``beside`` count for nothing: they may stand in any text of the kind.
    """
    free = frozenset(stem(word) for word in beside)
    words = [word for word in content(text, language) if word not in free]
    said = frozenset(content(source, language))
    return sum(word in said for word in words) / len(words) if words else 0.0


def length(text: str, language: str) -> int:
    """Return how long a text is, in words; three characters of an unspaced language are one."""
    if language in UNSPACED or CJK.search(text):
        characters = len(CJK.findall(text))
        others = len([word for word in tokens(text) if not CJK.search(word)])
        return others + -(-characters // 3)
    return len(text.split())


def _letters(text: str) -> list[str]:
    return [character for character in plain(text) if character.isalnum()]


def _pieces(text: str, source: str, little: frozenset[str]) -> Sequence[str]:
    """Cut ``text`` into the longest pieces that stand in ``source``; little words fall away."""
    found = []
    while text:
        size = next((n for n in range(len(text), 0, -1) if text[:n] in source), 1)
        if size > 1 or text[0] not in little:
            found.append(text[:size])
        text = text[size:]
    return found
