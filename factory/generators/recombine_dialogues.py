"""Recombine conversations: turns of others that stand in the place of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import GAP, Derived, Map, Record, RecordMap, pick, shuffled
from factory.generators.near import nearest, of_any_length
from factory.generators.simplify_dialogues import speaker_of
from factory.sources.rows.conversations import GOODBYE, THANKS
from factory.sources.view import RowRejectedError

_LOOKED_THROUGH: Final = 40


class _OfConversations(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("classification",)
    partners: ClassVar[int] = _LOOKED_THROUGH

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the turns, as data and as lines, and what agents do in such conversations."""
        return ("turns", "said", "kindred")


_Turn: TypeAlias = tuple[Record, int, Mapping[str, Any]]


def _said_there(turn: _Turn) -> str:
    return str(turn[2]["text"])


def foreign_turns(records: Sequence[Record], speaker: str, most: int) -> list[_Turn]:
    """Return turns of ``speaker`` in conversations about something else, each intent once.

    They are among the first ``most`` of their conversations; their intents do not occur in the
    first one, and what agents do in the one they do not in the other: where a refund follows both,
    a reply to who sends something back may well be one to who cancels an order.
    """
    own = records[0]
    known = {turn["intent"] for turn in own.row["turns"]}
    kindred = {*own.row["kindred"]} - {GOODBYE}
    found: list[_Turn] = []
    for record in records[1:]:
        turns = record.row["turns"]
        if kindred & {*record.row["kindred"]}:
            continue
        for place, turn in enumerate(turns[:most]):
            if speaker_of(turn) == speaker and turn["intent"] not in known:
                known.add(turn["intent"])
                found.append((record, place, turn))
    return found


class MissingTurn(_OfConversations):
    """A conversation with a gap and four messages: which one was said there?

    Rows: ``said_with_gap``, ``positive`` and ``negatives``.
    """

    name: ClassVar[str] = "missing_turn"
    offers: ClassVar[tuple[str, ...]] = ("said_with_gap", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record without one of its turns, and three turns of the same speaker."""
        own = records[0]
        turns, said = own.row["turns"], list(own.row["said"])
        # What a customer says at the end nothing answers: many another question fits as well.
        places = [
            place
            for place in range(min(len(turns), 4))
            if speaker_of(turns[place]) == "agent" or place + 1 < len(turns)
        ]
        place = pick(places, draw, "gap")
        speaker = speaker_of(turns[place])
        others = foreign_turns(records, speaker, 4)
        if len(others) < 3:
            raise RowRejectedError("too-few-negatives", str(len(others)))
        near = nearest(" ".join(said), shuffled(others, draw, "others"), _said_there, 3)
        three = of_any_length(turns[place]["text"], near, _said_there, 3, draw)
        said[place] = said[place].partition(":")[0] + f": {GAP}"
        yield Derived(
            {
                "said_with_gap": said,
                "positive": turns[place]["text"],
                "negatives": [turn["text"] for _, _, turn in three],
            },
            (own, *(record for record, _, _ in three)),
        )


class OddTurn(_OfConversations):
    """A conversation in which one turn was exchanged: which line does not belong to it?

    Rows: ``said`` (four lines at most), ``positive`` (the odd line) and ``negatives``.
    """

    name: ClassVar[str] = "odd_turn"
    offers: ClassVar[tuple[str, ...]] = ("said", "positive", "negatives")
    wanted: ClassVar[int] = 4

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's first four lines with one of another conversation among them."""
        own = records[0]
        said = list(own.row["said"][: self.wanted])
        if len(said) < self.wanted:
            raise RowRejectedError("too-few-turns", str(len(said)))
        if own.row["turns"][2]["intent"] == THANKS:
            # Nothing else speaks for the question or for the reply: either may be the foreign one.
            raise RowRejectedError("answered-at-once")
        place = draw.below(self.wanted, "odd")
        speaker = speaker_of(own.row["turns"][place])
        # Openings and first replies only: many a later question would fit here as well.
        longest = max(
            len(turn["text"]) for i, turn in enumerate(own.row["turns"][:4]) if i != place
        )
        odd_is_longest = draw.below(self.wanted, "longest") == 0
        found = [
            each
            for each in foreign_turns(records, speaker, 2)
            if (len(each[2]["text"]) > longest) == odd_is_longest
        ]
        rest = " ".join(line for i, line in enumerate(said) if i != place)
        near = nearest(rest, shuffled(found, draw, "others"), _said_there, 2)
        record, _, turn = pick(near, draw, "other")
        odd = f"{said[place].partition(':')[0]}: {turn['text']}"
        said[place] = odd
        yield Derived(
            {
                "said": said,
                "positive": odd,
                "negatives": [line for i, line in enumerate(said) if i != place],
            },
            (own, record),
        )


class _OfReplies(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("text",)
    partners: ClassVar[int] = _LOOKED_THROUGH

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return what was said, the reply, its intent, and those that may be right there."""
        return ("said_so_far", "reply", "intent", "kindred")


def _reply(record: Record) -> str:
    return str(record.row["reply"])


def foreign_replies(records: Sequence[Record], draw: Draw) -> list[Record]:
    """Return, in drawn order, records whose replies cannot answer the first one's conversation.

    No agent replies so in any conversation that began like it, and none of theirs begins with
    what agents do in it; each intent comes once.
    """
    own = records[0]
    kindred = {*own.row["kindred"], own.row["intent"]}
    shared = kindred - {GOODBYE}
    found: dict[str, Record] = {}
    for record in records[1:]:
        alike = shared & {*record.row["kindred"]}
        if record.row["intent"] not in kindred and not alike:
            found.setdefault(record.row["intent"], record)
    return shuffled(list(found.values()), draw, "others")


class ReplyMatch(_OfReplies):
    """A conversation and a reply: does it answer the last message? Half of the rows say yes.

    Rows: ``left`` (what was said), ``right`` (the reply), ``labels`` and ``answer``.
    """

    name: ClassVar[str] = "reply_match"
    offers: ClassVar[tuple[str, ...]] = ("left", "right", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's own reply, or that of a conversation about something else."""
        own = records[0]
        fits = draw.below(2, "fits") == 0
        other = own if fits else pick(foreign_replies(records, draw), draw, "other")
        answer = "yes" if fits else "no"
        yield Derived(
            {
                "left": "\n".join(own.row["said_so_far"]),
                "right": other.row["reply"],
                "labels": answer,
                "answer": answer,
            },
            (own,) if fits else (own, other),
        )


class ReplyChoice(_OfReplies):
    """A conversation and four replies: which one answers the last message?

    Rows: ``left`` (what was said), ``positive`` and ``negatives``.
    """

    name: ClassVar[str] = "reply_choice"
    offers: ClassVar[tuple[str, ...]] = ("left", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's own reply among three of conversations about something else."""
        own = records[0]
        said, found = "\n".join(own.row["said_so_far"]), foreign_replies(records, draw)
        if len(found) < 3:
            raise RowRejectedError("too-few-negatives", str(len(found)))
        near = nearest(said, found, _reply, 3)
        three = of_any_length(own.row["reply"], near, _reply, 3, draw)
        yield Derived(
            {
                "left": said,
                "positive": own.row["reply"],
                "negatives": [record.row["reply"] for record in three],
            },
            (own, *three),
        )


MAPS: Final[tuple[RecordMap, ...]] = (MissingTurn(), OddTurn(), ReplyMatch(), ReplyChoice())
