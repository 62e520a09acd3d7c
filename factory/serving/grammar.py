"""The answers that a question admits, from its task type: the only place that makes them.

What is admitted is what the type's own parser reads whole and its ``check`` takes as well formed:
one digit of the options, a permutation, so many different numbers of the entries, phrases of the
text, labels of those shown, a line for each type. Generated text is free, and so is whatever a
prompt does not show enough of.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations
from typing import Final

from factory.serving.expression import Either, Expression, Listed, Sequence, Text, Without, one_of
from factory.serving.recognise import (
    CLASSIFICATION,
    ENTITIES,
    ENTITY_LINES,
    EXTRACTION,
    MULTIPLE_CHOICE,
    RANKING,
    RETRIEVAL,
    Asked,
)
from factory.serving.shown import Copied, Labels, Lines, shown_by
from factory.tasktypes.classification import SEPARATOR
from factory.tasktypes.extraction import NOTHING
from factory.tasktypes.reasoned import CLOSES, OPENS
from factory.text import CJK

#: ShopBench's parser drops ranks above five; retrieval shows at most twenty, and three are right.
_MOST_RANKED: Final = 5
_MOST_ENTRIES: Final = 20
_MOST_GOLDS: Final = 3
#: Words and marks of a text whose phrases can be told: a rule each in a grammar, and in a regular
#: expression the square of them.
_MOST_UNITS: Final = 96
_MOST_CHARACTERS: Final = 4000
_MOST_PHRASES: Final = 8
_UNIT: Final = re.compile(r"\w+(?:[-'’.&/]\w+)*|[^\w\s]")
#: Where an answer is cut into phrases, or read as a list: by ShopBench, and by EcomInstruct.
_PARTING: Final = frozenset(",，、[]")
_COMMA: Final = frozenset(",")
#: Of a value whose text is too long to be told: it is free, on its line.
_MOST_FREE: Final = 400
#: The cue at a prompt's end, and what names the text on its line.
_CUE: Final = re.compile(r"\n[ \t]*(?:output|answer|entities)\b[^\n]{0,60}:\s*\Z", re.IGNORECASE)
_LABEL: Final = re.compile(r"^[^\W\d_][\w ]{0,30}:[ \t]*")
_IN_WORDS: Final = frozenset({CLASSIFICATION, ENTITY_LINES, EXTRACTION})


def admitted(asked: Asked, prompt: str) -> Expression | None:
    """Return the answers that a question admits; None where they are free.

    ``prompt`` is what the phrases of an entity question are copied from.
    """
    if asked.task_type == MULTIPLE_CHOICE:
        return _choice(asked.numbers)
    if asked.task_type == RANKING and 2 <= len(asked.numbers) <= _MOST_RANKED:
        return _arrangements(len(asked.numbers), len(asked.numbers))
    if asked.task_type == RETRIEVAL:
        shown, golds = len(asked.numbers), asked.golds
        if 1 <= golds <= _MOST_GOLDS and golds <= shown <= _MOST_ENTRIES:
            return _arrangements(shown, golds)
    if asked.task_type == ENTITIES:
        return phrases(text_of(prompt))
    if asked.task_type in _IN_WORDS:
        return _in_words(shown_by(prompt))
    return None


def _in_words(shown: Labels | Lines | Copied | None) -> Expression | None:
    match shown:
        case Labels(labels, several) if labels:
            return _some_of(labels) if several else one_of(labels)
        case Lines():
            return _lines(shown)
        case Copied(text, may_be_none):
            copied = phrases(text, parting=_COMMA)
            return _or_nothing(copied) if copied is not None and may_be_none else copied
    return None


def after_reasoning(answer: Expression, most: int) -> Expression:
    """Return what admits ``answer`` after at most ``most`` characters of reasoning, as trained."""
    return Sequence((Text(OPENS), Without("<", most), Text(CLOSES), answer))


def text_of(prompt: str) -> str:
    """Return the text that an entity question is about: the last one before the cue, unlabelled."""
    lines = [line.strip() for line in _CUE.sub("", prompt.rstrip()).splitlines() if line.strip()]
    return _LABEL.sub("", lines[-1]) if lines else ""


def phrases(text: str, parting: frozenset[str] = _PARTING) -> Expression | None:
    """Return what admits lists of phrases of ``text``; None of a text that is too long or empty.

    A phrase is a run of whole words (of characters where there are no spaces) of one line, printed
    as the text prints it. None holds a mark of ``parting``, where an answer is cut; with
    ShopBench's, none begins with another mark either. What is listed twice is not refused.
    """
    units = _units(text) if len(text) <= _MOST_CHARACTERS else []
    if not units or len(units) > _MOST_UNITS:
        return None
    starts: list[Expression] = []
    following: Expression | None = None
    gap = ""
    for unit, before in reversed(units):
        if unit in parting:
            following = None
        else:
            further: tuple[Expression, ...] = ()
            if following is not None and "\n" not in gap:
                more = Sequence((Text(gap), following)) if gap else following
                further = (Either((more,), optional=True),)
            following = Sequence((Text(unit), *further))
            if unit[0].isalnum() or parting is not _PARTING:
                starts.append(Either((following,)))
                following = starts[-1]
        gap = before
    return Listed(Either(tuple(reversed(starts))), SEPARATOR, _MOST_PHRASES) if starts else None


def _some_of(labels: tuple[str, ...]) -> Expression:
    """Return what admits one or more of ``labels``, each once, in the order shown."""
    items: list[Expression] = []
    for label in reversed(labels):
        further: tuple[Expression, ...] = ()
        if items:
            more = Sequence((Text(SEPARATOR), Either(tuple(reversed(items)))))
            further = (Either((more,), optional=True),)
        items.append(Sequence((Text(label), *further)))
    return Either(tuple(reversed(items)))


def _lines(shown: Lines) -> Expression:
    """Return what admits one line for each type, in the order shown."""
    value: Expression
    if shown.values:
        value = one_of(shown.values)
    else:
        value = phrases(shown.text, parting=_COMMA) or Without("\n", _MOST_FREE)
    if shown.may_be_none:
        value = _or_nothing(value)
    parts: list[Expression] = []
    for kind in shown.kinds:
        parts += [Text(f"\n{kind}: " if parts else f"{kind}: "), value]
    return Sequence(tuple(parts))


def _or_nothing(value: Expression) -> Expression:
    return Either((Text(NOTHING), value))


def _units(text: str) -> list[tuple[str, str]]:
    """Return the words and marks of a text, each with the space before it."""
    units: list[tuple[str, str]] = []
    end = 0
    for found in _UNIT.finditer(text):
        parts = list(found[0]) if CJK.search(found[0]) else [found[0]]
        units += [
            (part, "" if place else text[end : found.start()]) for place, part in enumerate(parts)
        ]
        end = found.end()
    return units


@lru_cache(maxsize=64)
def _choice(numbers: tuple[int, ...]) -> Expression:
    return one_of(map(str, numbers))


@lru_cache(maxsize=64)
def _arrangements(shown: int, length: int) -> Expression:
    """Return what admits ``length`` different numbers from 1 to ``shown``, parted by commas.

    What may follow depends on which numbers were used and not on their order, so what follows is
    shared between orders.
    """
    whole = frozenset(range(1, shown + 1))
    following: dict[frozenset[int], Expression] = {}
    for used in range(length - 1, -1, -1):
        for chosen in map(frozenset, combinations(sorted(whole), used)):
            following[chosen] = Either(
                tuple(
                    Text(str(number))
                    if used == length - 1
                    else Sequence((Text(f"{number},"), following[chosen | {number}]))
                    for number in sorted(whole - chosen)
                )
            )
    return following[frozenset()]
