"""A conversation as it is shown, and the reason for which its customer came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError

OFFERS: Final = ("said", "told", "opening", "labels", "candidate_labels")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the conversation: ``said`` line by line, ``told`` in one line, its ``opening``.

    ``labels`` is the intent of the opening, ``candidate_labels`` those that open conversations.

    Raises :class:`RowRejectedError` where a turn is empty or has no intent, or the shop opens it.
    """
    turns = facts["turns"]
    if any(not (turn["text"] and turn["intent"] and turn["speaker"]) for turn in turns):
        raise RowRejectedError("turn-incomplete", "a turn lacks its text, speaker or intent")
    if turns[0]["speaker"] != "customer":
        raise RowRejectedError("shop-speaks-first", turns[0]["text"])
    said = [spoken(turn) for turn in turns]
    names = ("key", "locale", "source_ids", "customer_intents", "agent_intents", "reasons")
    yield {
        **{name: facts[name] for name in names},
        "turns": turns,
        "said": said,
        "told": " / ".join(said),
        "opening": turns[0]["text"],
        "labels": turns[0]["intent"],
        "candidate_labels": facts["reasons"],
    }


def spoken(turn: Mapping[str, Any]) -> str:
    """Return a turn as a line of the conversation, with who speaks."""
    return f"{'Customer' if turn['speaker'] == 'customer' else 'Agent'}: {turn['text']}"
