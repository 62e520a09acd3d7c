"""Texts that nearly say what another says: without one of its words, with a word of another text.

Whoever knows a text only by its translation tells it from these where the translation is whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from factory.draw import Draw
from factory.sources.lexicons import JOINING
from factory.text import CJK, folded_case, similarity, tokens

_COUNT = 3
#: Another text must be another one, not the same in other words.
_MOST_SIMILARITY = 0.8


def near_misses(text: str, others: Sequence[str], draw: Draw, language: str) -> list[str]:
    """Return up to three texts that are not ``text``, the nearest first.

    ``others`` are texts of the same language. A text without spaces has no words to leave out or to
    exchange: the others stand beside it as they are.
    """
    joining = JOINING.get(language, frozenset())
    words = text.split()
    places = [
        place
        for place, word in enumerate(words)
        if folded_case(word) not in joining and any(map(str.isalnum, word))
    ]
    unlike = [
        other
        for other in dict.fromkeys(others)
        if similarity(tokens(other), tokens(text)) < _MOST_SIMILARITY
    ]
    found: list[str] = []
    if len(places) > 1:
        out = places[draw.below(len(places), "left out")]
        found.append(" ".join([*words[:out], *words[out + 1 :]]))
        strange = [
            word
            for other in unlike
            for word in other.split()
            if word.isalpha()
            and folded_case(word) not in joining
            and folded_case(word) not in folded_case(text)
            and bool(CJK.search(word)) == bool(CJK.search(text))
        ]
        if strange:
            place = places[draw.below(len(places), "exchanged")]
            word = strange[draw.below(len(strange), "strange")]
            found.append(" ".join([*words[:place], word, *words[place + 1 :]]))
    known = frozenset(tokens(text))
    return [
        each
        for each in dict.fromkeys([*found, *unlike])
        if tuple(tokens(each)) != tuple(tokens(text)) and frozenset(tokens(each)) != known
    ][:_COUNT]
