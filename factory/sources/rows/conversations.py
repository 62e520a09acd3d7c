"""A conversation as it is shown, and the reason for which its customer came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError

OFFERS: Final = ("said", "told", "opening", "said_after", "labels", "candidate_labels")


#: What people say whatever they talk about.
THANKS: Final = "say thanks"
GOODBYE: Final = "say goodbye"
#: Intents in words that a person would use.
_WORDS: Final = {"thank": THANKS, "close": GOODBYE}


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the conversation.

    ``said`` is line by line, ``told`` in one line; ``opening`` is the first message, ``said_after``
    the lines with a gap in its place.
    ``labels`` is the intent of the opening, ``candidate_labels`` those that open conversations.

    Raises :class:`RowRejectedError` where a turn is empty or has no intent, or the shop opens it.
    """
    turns = [{**turn, "intent": _named(turn["intent"])} for turn in facts["turns"]]
    if any(not (turn["text"] and turn["intent"] and turn["speaker"]) for turn in turns):
        raise RowRejectedError("turn-incomplete", "a turn lacks its text, speaker or intent")
    if turns[0]["speaker"] != "customer":
        raise RowRejectedError("shop-speaks-first", turns[0]["text"])
    said = [spoken(turn) for turn in turns]
    intents = ("customer_intents", "agent_intents", "reasons", "kindred")
    yield {
        **{name: facts[name] for name in ("key", "locale", "source_ids")},
        **{name: [_named(intent) for intent in facts[name]] for name in intents},
        "turns": turns,
        "said": said,
        "told": " / ".join(said),
        "opening": turns[0]["text"],
        "said_after": ["Customer: ____", *said[1:]],
        "labels": turns[0]["intent"],
        "candidate_labels": [_named(intent) for intent in facts["reasons"]],
    }


def _named(intent: str | None) -> str | None:
    return _WORDS.get(intent or "", intent)


def spoken(turn: Mapping[str, Any]) -> str:
    """Return a turn as a line of the conversation, with who speaks."""
    return f"{'Customer' if turn['speaker'] == 'customer' else 'Agent'}: {turn['text']}"
