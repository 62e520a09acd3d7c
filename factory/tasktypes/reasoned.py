"""An answer with its reasoning before it, and the answer taken out again.

The reasoning stands between ``<think>`` and ``</think>``, as chat models that reason write it and
as their servers read it; what follows is the bare answer, which every grammar here reads. Without
the marks an answer could not be told from a step, and ShopBench reads a choice from its first
character.
"""

from __future__ import annotations

from typing import Final, NamedTuple

OPENS: Final = "<think>\n"
CLOSES: Final = "\n</think>\n\n"
_END: Final = "</think>"
_NO_END: Final = "</ think>"


class Reasoned(NamedTuple):
    """Reasoning, a step a line, and the bare answer; the first is empty where there was none."""

    reasoning: str
    answer: str


def with_reasoning(reasoning: str, answer: str) -> str:
    """Return both as a model should print them; the bare answer where there is no reasoning.

    A closing mark inside the reasoning is broken up, so that no text of a source ends it early. An
    answer that looks like reasoning itself gets an empty one before it.
    """
    if not reasoning and not answer.startswith(OPENS):
        return answer
    return f"{OPENS}{reasoning.replace(_END, _NO_END)}{CLOSES}{answer}"


def taken_apart(text: str) -> Reasoned:
    """Return the reasoning and the answer of a text; what has no whole reasoning is an answer."""
    if text.startswith(OPENS):
        reasoning, closed, answer = text[len(OPENS) :].partition(CLOSES)
        if closed:
            return Reasoned(reasoning, answer)
    return Reasoned("", text)
