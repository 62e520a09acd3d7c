"""What is said of a text in few words must hold to: a short title, selling points, a summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from factory.generators.bounds import Bounds
from factory.generators.carried_over import is_in_language
from factory.generators.grounding import plain, stands_in, unfounded_numbers
from factory.generators.said_again import (
    UNSPACED,
    added,
    breaks_off,
    check_figures_and_end,
    content,
    figure_cut,
    figure_exchanged,
    grounded,
    length,
    sentences,
    stands_whole,
    touched,
    without_little_ends,
)
from factory.sources.view import RowRejectedError
from factory.text import similarity

_POINTS: Final = "; "
_SELLING_POINTS: Final = 3
#: A short title is so much shorter than the whole one.
_SHORT: Final = 0.6
#: A summary is at most so long, as a share of its text, and says so much of it in the text's words.
_SUMMED_UP: Final = 0.7
_GROUNDED: Final = 0.6
#: A selling point says so much of one line of its page in the line's words.
_OF_ONE_LINE: Final = 0.65
_LEAST_KEYPHRASES: Final = 2
#: A key phrase has so many words that say something, or some and so much of its clause.
_LONG: Final = 3
_LEAST: Final = 2
_HALF: Final = 0.5
_ALIKE: Final = 0.6
#: Words with which a summary says who says what.
_REPORTING: Final = (
    *("customer", "reviewer", "buyer", "agent", "shop", "seller", "product", "item"),
    *("asks", "asked", "says", "said", "tells", "told", "wants", "wanted", "reports"),
    *("complains", "explains", "explained", "answers", "answered", "likes", "dislikes"),
    *("praises", "criticizes", "finds", "thinks", "about", "but", "however", "because"),
    *("he", "she", "they", "them", "their", "who", "whether", "not", "no", "good"),
    *("bad", "happy", "unhappy", "satisfied", "overall", "cliente", "agente", "tienda"),
    *("producto", "pregunta", "preguntó", "dice", "dijo", "pide", "explica"),
    *("responde", "pero"),
)
#: What parts the clauses of a text.
_CLAUSES: Final = frozenset(",;:，、；：。！？")
_STOPS: Final = ".!?。！？"
#: Where a clause ends.
_BORDERS: Final = _CLAUSES | frozenset(_STOPS) | {"\n"}
#: What a line of a page names, before the number that it has.
_MEASURE: Final = re.compile(r"[【\[]?([^\d:：】\]]+)[:：】\]]\s*\d")
#: What a review quotes is the name of a property, and no judgement.
_QUOTED: Final = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»|「[^」]*」')
#: Who speaks in a conversation, as its lines say it.
_SPEAKER: Final = re.compile(r"\b(?:Customer|Agent):")


def short_title(said: str, source: str, language: str, bounds: Bounds) -> str:
    """Return a shorter title, of the title's own words, with its brand and type."""
    text = " ".join(said.split()).strip(" .,;:-–|\"'")
    bounds.check_length(text, language)
    if len(text) > _SHORT * len(source):
        raise RowRejectedError("not-shorter", text)
    if new := added(source, text, language):
        raise RowRejectedError("word-added", f"{new} in: {text}")
    for what, kept in (("brand", bounds.brand), ("type", bounds.type)):
        if kept and stands_in(kept, source) and not stands_in(kept, text):
            raise RowRejectedError(f"{what}-left-out", f"{kept} is not in: {text}")
    if bounds.type and not set(content(text, language)) & set(content(bounds.type, language)):
        raise RowRejectedError("type-left-out", f"{bounds.type} is not in: {text}")
    check_figures_and_end(source, text, language)
    return text


def selling_points(said: list[str], source: str, language: str, bounds: Bounds) -> str:
    """Return three short points, each of words of the page and unlike the others."""
    points: list[str] = []
    lines = source.split("\n")
    told = frozenset((*content(bounds.type, language), *content(bounds.brand, language)))
    for each in said:
        point = " ".join(each.split()).strip(" .:;。：；-•")
        words = frozenset(content(point, language))
        if (
            len(words - told) >= 2
            and _POINTS.strip() not in point
            and not (bounds.brand and stands_in(bounds.brand, point))
            and not breaks_off(point, language)
            and bounds.least <= length(point, language) <= bounds.most
            and not unfounded_numbers(point, [source])
            and not figure_cut(source, point)
            and not figure_exchanged(source, point)
            and _of_one_line(point, lines, language)
            and not any(
                similarity(words, frozenset(content(other, language))) >= _ALIKE for other in points
            )
        ):
            points.append(point)
    if len(points) < _SELLING_POINTS:
        raise RowRejectedError("too-few-points", _POINTS.join(points) or "none holds")
    return _POINTS.join(points[:_SELLING_POINTS])


def summary(said: str, source: str, language: str, bounds: Bounds) -> str:
    """Return a summary that is shorter than its text and rests on several sentences of it."""
    text = " ".join(said.split())
    bounds.check_length(text, language)
    if length(text, language) > _SUMMED_UP * length(source, language):
        raise RowRejectedError("not-shorter", text)
    if text[0].islower() or _SPEAKER.search(text):
        raise RowRejectedError("no-sentence", text)
    if breaks_off(text, language):
        raise RowRejectedError("breaks-off", text)
    if made_up := unfounded_numbers(text, [source]):
        raise RowRejectedError("number-unfounded", f"{min(made_up)} in: {text}")
    if not is_in_language(text, language):
        raise RowRejectedError("language", text)
    if (share := grounded(text, source, language, _REPORTING)) < _GROUNDED:
        raise RowRejectedError("words-unfounded", f"{share:.0%} of: {text}")
    if (asked := _words(bounds.opening, language)) and not asked & _words(text, language):
        raise RowRejectedError("request-left-out", text)
    parts = sentences(source)
    if touched(text, parts, language) < min(2, len(parts)):
        raise RowRejectedError("one-sentence", text)
    return text if text[-1] in _STOPS else text + ("。" if language in UNSPACED else ".")


def keyphrases(said: list[str], source: str, language: str, bounds: Bounds) -> list[str]:
    """Return phrases as they stand in the text, in its order, none within another."""
    found: dict[int, str] = {}
    named = [each.span() for each in _QUOTED.finditer(source)]
    for each in said:
        phrase = without_little_ends(each.strip(" .,;:!?\"'。、！？"), language)
        at = re.search(re.escape(phrase), source, re.IGNORECASE)
        place = at.start() if at else -1
        if (
            phrase
            and at
            and not set(phrase) & _CLAUSES
            and stands_in(phrase, source)
            and stands_whole(*at.span(), source, language)
            and content(phrase, language)
            and length(phrase, language) <= bounds.most
            and len(sentences(phrase)) == 1
            and not any(start < place < end for start, end in named)
            and _says_enough(phrase, _around(*at.span(), source), language)
            and not any(
                place < start + len(other) and start < place + len(phrase)
                for start, other in found.items()
            )
        ):
            found[place] = source[place : place + len(phrase)]
    if len(found) < max(bounds.least, _LEAST_KEYPHRASES):
        raise RowRejectedError("too-few-phrases", ", ".join(found.values()) or "none holds")
    return [found[place] for place in sorted(found)]


def _of_one_line(point: str, lines: list[str], language: str) -> bool:
    """Return whether one line of the page bears the point out, and not as a mere measure.

    Words of several lines together say what none of them does: even heat, and trays that stack,
    make no heat that stacks.
    """
    return max(grounded(point, line, language) for line in lines) >= _OF_ONE_LINE and not any(
        plain(point).startswith(plain(measured[1])) for measured in _measured(lines)
    )


def _measured(lines: list[str]) -> Iterator[re.Match[str]]:
    """Yield what lines name before a colon, or in brackets, where a number follows: a size."""
    return filter(None, map(_MEASURE.match, lines))


def _says_enough(phrase: str, clause: str, language: str) -> bool:
    """Return whether a phrase is long, or half of its clause: a thing alone is not judged."""
    weight = _weight(phrase, language)
    return weight >= _LONG or weight >= max(_LEAST, _HALF * _weight(clause, language))


def _weight(text: str, language: str) -> float:
    """Return how many words say something; three characters of an unspaced language are one."""
    if language in UNSPACED:
        return sum(map(str.isalnum, text)) / 3
    return len(content(text, language))


def _around(start: int, end: int, source: str) -> str:
    """Return the clause of ``source`` in which its part stands."""
    before = max(source.rfind(mark, 0, start) for mark in _BORDERS)
    after = [place for mark in _BORDERS if (place := source.find(mark, end)) >= 0]
    return source[before + 1 : min(after, default=len(source))]


def _words(text: str, language: str) -> frozenset[str]:
    return frozenset(word for word in content(text, language) if word and not word[0].isdigit())
