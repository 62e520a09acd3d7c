"""A question with its choices in the order in which their author put them.

The answer is a number from 0, so a question whose choices speak of each other by letter ("both A
and B") cannot be read any more and is left out: 0.5 % of MMLU. So is one whose choices are numbers
of statements ("1,2,4") that upstream lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.as_written import as_written
from factory.sources.view import RowRejectedError

OFFERS: Final = ("positive", "negatives")

_LETTER: Final = r"\(?[A-D]\)?"
_LIST: Final = rf"{_LETTER}(?:\s*(?:,|&|and|or|nor|,\s*and)\s*{_LETTER})+"
_BY_LETTER: Final = re.compile(
    rf"(?:(?:options?|choices?|answers?|both|either|neither|nether|only)\s+)?"
    rf"(?:{_LIST}|(?<=\s){_LETTER})(?:\s+(?:only|both|above|are|is|is correct|are correct))?\s*\.?",
    re.IGNORECASE,
)
#: Numbers of statements, as choices; the question has then to number them.
_NUMBERED: Final = re.compile(r"[1-6](?:\s*,\s*[1-6])+\s*,?")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the question with the right choice, and the others so that they come out in order.

    Raises :class:`RowRejectedError` for a choice that is empty, repeated or named by its letter,
    and where what the choices number is not there.
    """
    question = as_written(facts["question"])
    choices = [" ".join(as_written(choice).split()) for choice in facts["choices"]]
    if "\ufffd" in question or any("\ufffd" in choice for choice in choices):
        raise RowRejectedError("character-lost", "U+FFFD in the question or a choice")
    if not question or not all(choices):
        raise RowRejectedError("value-missing", "the question or a choice is empty")
    if len(set(choices)) < len(choices):
        raise RowRejectedError("choices-equal", repr(choices))
    for choice in choices:
        if _BY_LETTER.fullmatch(choice):
            raise RowRejectedError("choice-names-a-letter", repr(choice))
    if all(map(_NUMBERED.fullmatch, choices)) and not any(map(str.isdigit, question)):
        raise RowRejectedError("statements-lost", repr(choices))
    positive = choices.pop(facts["place"])
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "topic": facts["topic"],
        "question": question,
        "positive": positive,
        "negatives": _before_shuffling(choices, draw),
        "source_ids": facts["source_ids"],
    }


def _before_shuffling(choices: Sequence[str], draw: Draw) -> list[str]:
    """Return the order that multiple choice shuffles into the order of ``choices``."""
    before = [""] * len(choices)
    for choice, place in zip(choices, draw.permutation(len(choices), "negatives"), strict=True):
        before[place] = choice
    return before
