"""What a search query said again must hold to: its words in another order, or cut into phrases."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from factory.generators.bounds import Bounds
from factory.generators.grounding import plain
from factory.generators.said_again import (
    added,
    breaks_off,
    check_figures_and_end,
    left_out,
)
from factory.generators.word_order import begins_amid, turned_round
from factory.sources.lexicons import COLORS
from factory.sources.view import RowRejectedError
from factory.text import tokens

#: What parts the segments of a query.
_SEGMENTED: Final = " | "
#: What a number counts: it is not cut off its number.
_UNITS: Final = frozenset(
    (
        *("oz", "ounce", "ounces", "g", "gram", "grams", "kg", "lb", "lbs", "ml", "l"),
        *("liter", "liters", "litro", "litros", "cm", "mm", "m", "inch", "inches"),
        *("in", "ft", "feet", "pack", "packs", "piece", "pieces", "pcs", "count", "ct"),
        *("w", "v", "mah", "gb", "tb", "pulgadas", "piezas", "unidades"),
    )
)
#: What is called by a color that it need not have: green tea, white noise.
_CALLED_BY_COLOR: Final = frozenset(
    (
        *("tea", "teas", "wine", "rice", "beans", "pepper", "noise", "friday", "juice", "eye"),
        *("té", "vino", "vinagre", "arroz", "pimienta"),
    )
)
#: What a color is said with and stays one: before it, and after it.
_SHADES: Final = (
    frozenset(("dark", "light", "bright", "pale", "pastel", "matte")),
    frozenset(("claro", "clara", "oscuro", "oscura", "pastel", "mate")),
)
_MOST_WORDS_OF_A_COLOR: Final = 2


def check_kept(source: str, text: str, language: str) -> None:
    """Raise :class:`RowRejectedError` unless both texts say the same words, little ones apart."""
    if not text:
        raise RowRejectedError("empty", source)
    if missing := left_out(source, text, language):
        raise RowRejectedError("word-left-out", f"{missing} is not in: {text}")
    if new := added(source, text, language):
        raise RowRejectedError("word-added", f"{new} in: {text}")
    check_figures_and_end(source, text, language)


def rewritten(said: str, source: str, language: str, bounds: Bounds) -> str:
    """Return the query in other words: the same ones in another order or joined otherwise."""
    text = " ".join(said.split()).strip(" .\"'")
    bounds.check_length(text, language)
    check_kept(source, text, language)
    if tokens(text) == tokens(source):
        raise RowRejectedError("unchanged", text)
    if begun := begins_amid(source, text, language):
        raise RowRejectedError("begins-amid", f"{begun} in: {text}")
    if turned := turned_round(source, text, language):
        raise RowRejectedError("turned-round", f"{turned} in: {text}")
    return text


def segmented(said: list[str], source: str, language: str, bounds: Bounds) -> str:  # noqa: ARG001
    """Return the segments of the query, which join to it."""
    parts = [" ".join(part.split()) for part in said if part.strip()]
    if "".join(parts).replace(" ", "") != source.replace(" ", ""):
        raise RowRejectedError("segments-do-not-join", _SEGMENTED.join(parts))
    if len(parts) < 2:
        raise RowRejectedError("one-segment", source)
    if " " in source:
        words = " ".join(source.split())
        if " ".join(parts) != words:
            raise RowRejectedError("word-cut", _SEGMENTED.join(parts))
        if len(parts) == len(words.split()):
            raise RowRejectedError("every-word-alone", _SEGMENTED.join(parts))
    for one, other in pairwise(parts):
        if one[-1].isdigit() and other.split()[0].casefold() in _UNITS:
            raise RowRejectedError("unit-cut-off", f"{one}{_SEGMENTED}{other}")
        if breaks_off(one, language):
            raise RowRejectedError("breaks-off", one)
    if joined := next((part for part in parts if _joins_a_color(part, language)), ""):
        raise RowRejectedError("color-not-parted", f"{joined} in: {_SEGMENTED.join(parts)}")
    return _SEGMENTED.join(parts)


def _joins_a_color(part: str, language: str) -> bool:
    """Return whether a phrase begins or ends with a color and says another thing beside it."""
    words = plain(part).split()
    colors = COLORS.get(language, {})
    for size in range(_MOST_WORDS_OF_A_COLOR, 0, -1):
        first, last = words[:size], words[-size:]
        for color, beside, others, shades in (
            (last, words[:-size][-1:], words[:-size], _SHADES[0]),
            (first, words[size : size + 1], words[size:], _SHADES[1]),
        ):
            if " ".join(color) in colors:
                return not shades.issuperset(others) and not _CALLED_BY_COLOR.intersection(beside)
    return False
