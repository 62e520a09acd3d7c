"""Answers that are no answers: what is wrong with their form, whatever they mean.

A model that answers ``Option 2`` where a digit is asked for has lost the question, as the official
parser reads it, without having been wrong about it: that is another thing to mend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from factory.evaluation.questions import BenchmarkQuestion
from factory.sample import Gold
from factory.tasktypes.official import RESPONSE_CHARACTERS


def form_fault(question: BenchmarkQuestion, text: str, parsed: Gold) -> str:
    """Return the machine-readable code of what is wrong with an answer's form; empty if nothing.

    ``parsed`` is ``text`` as the question's type reads it.
    """
    if not text.strip():
        return "empty"
    match question.task_type:
        case "multiple-choice":
            return _choice(cast(int, parsed), len(question.options))
        case "ranking":
            wanted = list(range(1, len(cast(list[float], question.gold)) + 1))
            return "" if sorted(cast(list[int], parsed)) == wanted else "no-permutation"
        case "retrieval":
            numbers = cast(list[int], parsed)
            if len(numbers) < 3:
                return "fewer-than-three-numbers"
            return "" if len(set(numbers)) == len(numbers) else "a-number-twice"
        case "classification":
            return _labels(cast(list[str], parsed), question.options)
        case "labels":
            return "" if parsed != "[]" else "nothing-listed"
        case "named_entity_recognition" | "entity-lines" | "extraction":
            return "" if parsed else "nothing-listed"
        case _:
            return "cut-at-5000-characters" if len(text) > RESPONSE_CHARACTERS else ""


def _choice(number: int, options: int) -> str:
    if number < 0:
        return "no-digit-first"
    # Stars are counted from 1 and nothing is displayed, so there is nothing to compare with.
    return "no-such-option" if options and number >= options else ""


def _labels(labels: Sequence[str], known: Sequence[str]) -> str:
    if not labels:
        return "nothing-listed"
    candidates = {each.casefold() for each in known}
    return "no-such-label" if candidates and labels[0].casefold() not in candidates else ""
