"""Simplify a conversation whose turns have intents: one turn, two turns, or all up to a turn.

What is asked about is cut off with all that follows it: later turns give an intent away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import GAP, Derived, Map, Record, RecordMap, pick
from factory.sources.rows.conversations import GOODBYE, THANKS
from factory.sources.view import RowRejectedError


class _OfConversations(Map):
    operator: ClassVar[str] = "simplify"
    types: ClassVar[tuple[str, ...]] = ("classification",)

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the turns, as data and as lines, and the intents of either speaker."""
        return ("turns", "said", "customer_intents", "agent_intents", "kindred")


def speaker_of(turn: Mapping[str, Any]) -> str:
    """Return ``customer``, or ``agent`` for whoever speaks for the shop."""
    return "customer" if turn["speaker"] == "customer" else "agent"


def _intents(row: Mapping[str, Any], speaker: str) -> list[str]:
    return list(row["customer_intents" if speaker == "customer" else "agent_intents"])


def _rarer(row: Mapping[str, Any], places: Sequence[int], draw: Draw, purpose: str) -> int:
    """Return one of ``places``: of two by draw, the turn whose intent is the less frequent.

    Every conversation ends with thanks and goodbyes: they would be the answer more than anything.
    """
    turns = row["turns"]
    two = [pick(places, draw, f"{purpose} {number}") for number in range(2)]
    return max(
        two,
        key=lambda place: _intents(row, speaker_of(turns[place])).index(turns[place]["intent"]),
    )


def _replies(row: Mapping[str, Any]) -> list[int]:
    """Return the places of the agent's turns that answer a customer's."""
    turns = row["turns"]
    return [
        place
        for place in range(1, len(turns))
        if speaker_of(turns[place]) == "agent" and speaker_of(turns[place - 1]) == "customer"
    ]


class LastTurnIntent(_OfConversations):
    """The conversation up to one turn: what is the intent of that turn?

    ``said_before`` has a gap in its place; it is empty for the first turn, which nothing precedes.
    """

    name: ClassVar[str] = "last_turn_intent"
    offers: ClassVar[tuple[str, ...]] = (
        "said_so_far",
        "said_before",
        "message",
        "speaker",
        "labels",
        "candidate_labels",
    )

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record cut after one of its turns."""
        record = records[0]
        row = record.row
        place = _rarer(row, range(len(row["turns"])), draw, "turn")
        turn = row["turns"][place]
        gap = row["said"][place].partition(":")[0] + f": {GAP}"
        yield Derived(
            {
                "said_so_far": row["said"][: place + 1],
                "said_before": [*row["said"][:place], gap] if place else [],
                "message": turn["text"],
                "speaker": speaker_of(turn),
                "labels": turn["intent"],
                "candidate_labels": _intents(row, speaker_of(turn)),
            },
            (record,),
        )


class FirstTurnIntent(_OfConversations):
    """The opening alone: why does the customer write?"""

    name: ClassVar[str] = "first_turn_intent"
    offers: ClassVar[tuple[str, ...]] = ("message", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the first turn of the record."""
        record = records[0]
        row = record.row
        yield Derived(
            {
                "message": row["turns"][0]["text"],
                "labels": row["turns"][0]["intent"],
                "candidate_labels": list(record.options),
            },
            (record,),
        )


class NextReply(_OfConversations):
    """The conversation up to a customer's turn: what does the agent reply?"""

    name: ClassVar[str] = "next_reply"
    offers: ClassVar[tuple[str, ...]] = (
        "said_so_far",
        "message",
        "reply",
        "intent",
        "kindred",
        "target",
    )

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record cut before one of the agent's replies."""
        record = records[0]
        row = record.row
        place = _rarer(row, _replies(row), draw, "reply")
        reply = row["turns"][place]
        yield Derived(
            {
                "said_so_far": row["said"][:place],
                "message": row["turns"][place - 1]["text"],
                "reply": reply["text"],
                "intent": reply["intent"],
                "kindred": row["kindred"],
                "target": reply["text"],
            },
            (record,),
        )


class NextIntent(_OfConversations):
    """The conversation up to a customer's turn: what does the agent do next?

    What else agents do in conversations that began alike may be right as well and is no candidate.
    """

    name: ClassVar[str] = "next_intent"
    offers: ClassVar[tuple[str, ...]] = ("said_so_far", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record cut before one of the agent's replies."""
        record = records[0]
        row = record.row
        place = _rarer(row, _replies(row), draw, "reply")
        intent = row["turns"][place]["intent"]
        kindred = set(row["kindred"]) - {intent, GOODBYE}
        yield Derived(
            {
                "said_so_far": row["said"][:place],
                "labels": intent,
                "candidate_labels": [i for i in _intents(row, "agent") if i not in kindred],
            },
            (record,),
        )


class TurnSpeaker(_OfConversations):
    """One message alone: who has written it, the customer or the agent?"""

    name: ClassVar[str] = "turn_speaker"
    offers: ClassVar[tuple[str, ...]] = ("message", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield one turn of the record; each speaker has half of the rows."""
        record = records[0]
        asked = "customer" if draw.below(2, "speaker") == 0 else "agent"
        # Either side may say a bare "Thank you".
        turns = [
            turn
            for turn in record.row["turns"]
            if speaker_of(turn) == asked and turn["intent"] != THANKS
        ]
        message = pick(turns, draw, "turn")["text"]
        yield Derived({"message": message, "labels": asked, "answer": asked}, (record,))


class EarlierTurn(_OfConversations):
    """Two neighbouring messages of a conversation: which came first?"""

    name: ClassVar[str] = "earlier_turn"
    offers: ClassVar[tuple[str, ...]] = ("positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield a customer's turn with the reply to it, or an agent's with what it brings about."""
        record = records[0]
        turns = record.row["turns"]
        # Openings are long and thanks are short: about half of the pairs should have the longer
        # message first. Asked for is less, as every conversation has such a pair, and not every
        # one has another.
        longer_first = draw.below(5, "length") < 2
        place = pick(
            [
                place
                for place, turn in enumerate(turns[:-1])
                if (len(turn["text"]) > len(turns[place + 1]["text"])) == longer_first
            ],
            draw,
            "turn",
        )
        yield Derived(
            {"positive": turns[place]["text"], "negatives": [turns[place + 1]["text"]]}, (record,)
        )


class OrderTurns(_OfConversations):
    """Four messages of a conversation that follow each other: put them in order.

    Rows: ``items`` and ``relevance``, 1 for the first message and 0 for the last.
    """

    name: ClassVar[str] = "order_turns"
    offers: ClassVar[tuple[str, ...]] = ("items", "relevance")
    wanted: ClassVar[int] = 4

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield turns of the record, from its first one or a later one on."""
        record = records[0]
        said = record.row["said"]
        start = draw.below(max(len(said) - self.wanted, 0) + 1, "start")
        said = said[start : start + self.wanted]
        if len(set(said)) < self.wanted:
            raise RowRejectedError("too-few-turns", f"{len(said)} of {self.wanted}")
        last = self.wanted - 1
        yield Derived(
            {"items": said, "relevance": [(last - place) / last for place in range(self.wanted)]},
            (record,),
        )


class IntentsSaid(_OfConversations):
    """The whole conversation: all that the customer wants in it, thanks apart."""

    name: ClassVar[str] = "intents_said"
    offers: ClassVar[tuple[str, ...]] = ("said", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with the intents of the customer's turns, in their order."""
        record = records[0]
        row = record.row
        found = [turn["intent"] for turn in row["turns"] if speaker_of(turn) == "customer"]
        yield Derived(
            {
                "said": row["said"],
                "labels": [intent for intent in dict.fromkeys(found) if intent != THANKS],
                "candidate_labels": [i for i in _intents(row, "customer") if i != THANKS],
            },
            (record,),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    LastTurnIntent(),
    FirstTurnIntent(),
    NextReply(),
    NextIntent(),
    TurnSpeaker(),
    EarlierTurn(),
    OrderTurns(),
    IntentsSaid(),
)
