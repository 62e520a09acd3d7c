"""Where a value stands in a title, and which other figures stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

#: Units by what they measure; a title that gives two figures of one kind gives two answers.
_UNITS: Final = (
    r"(?:fl\.? ?|fluid )?(?:oz|ounces?)|g|grams?|kg|lbs?|pounds?|ml|liters?|l|gallons?|quarts?",
    r"mm|cm|m|ft|feet|inch(?:es)?|in|\"|”",
    r"mg|mcg|iu",
    r"loads?",
    r"packs?|pk|count|ct|pcs?|pieces?|bags?|pods?|boxes|bottles|capsules|tablets|softgels|gummies",
)
_PACKED: Final = r"(?:pack|set|case|box) of \d+"
_FIGURES: Final = tuple(
    re.compile(rf"\d(?:[\d.,/]*\d)?[ -]?(?:{unit})(?![a-z])|{packed}", re.IGNORECASE)
    for unit, packed in zip(_UNITS, (*[r"(?!)"] * 4, _PACKED), strict=True)
)


def places(value: str, title: str) -> list[tuple[int, int]]:
    """Return where ``value`` stands in ``title`` as words of its own, in whatever case."""
    # "Women" is no word of its own in "Women's": the title's words are the longer ones.
    # Nor is "59cm" the figure of "52-59cm".
    pattern = rf"(?<![^\W_])(?<!\d[-–~.,/x*]){re.escape(value)}(?![^\W_]|['’]s?\b|[-–~.,/*]\d)"
    return [found.span() for found in re.finditer(pattern, title, re.IGNORECASE)]


def stands_beside(values: Iterable[str], others: Iterable[str], title: str) -> str:
    """Return the first of ``others`` that stands in ``title`` outside every place of ``values``."""
    own = [place for value in values for place in places(value, title)]
    for other in others:
        for start, end in places(other, title):
            if not any(first <= start and end <= last for first, last in own):
                return other
    return ""


def second_figure(values: Sequence[str], title: str) -> str:
    """Return a figure of the title in a unit of the kind that ``values`` have, outside of them."""
    own = [place for value in values for place in places(value, title)]
    for figures in _FIGURES:
        if not any(figures.search(value) for value in values):
            continue
        for found in figures.finditer(title):
            if not any(first <= found.start() and found.end() <= last for first, last in own):
                return found[0]
    return ""
