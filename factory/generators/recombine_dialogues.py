"""Recombine conversations: turns of others that stand in the place of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.generators.simplify_dialogues import GAP, speaker_of
from factory.sources.view import RowRejectedError

_LOOKED_THROUGH: Final = 40


class _OfConversations(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("classification",)
    partners: ClassVar[int] = _LOOKED_THROUGH

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the turns, as data and as lines."""
        return ("turns", "said")


def foreign_turns(
    records: Sequence[Record], speaker: str, most: int
) -> list[tuple[Record, int, Mapping[str, Any]]]:
    """Return turns of ``speaker`` in conversations of other reasons, each intent once.

    They are among the first ``most`` of their conversations; their intents do not occur in the
    first one.
    """
    own = records[0]
    known = {turn["intent"] for turn in own.row["turns"]}
    known_first = {turn["intent"] for turn in own.row["turns"][:2]}
    found: list[tuple[Record, int, Mapping[str, Any]]] = []
    for record in records[1:]:
        turns = record.row["turns"]
        # One reply to both openings, such as an apology, would make either fit.
        if {turn["intent"] for turn in turns[:2]} & known_first:
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
        place = draw.below(min(len(turns), 4), "gap")
        speaker = speaker_of(turns[place])
        others = foreign_turns(records, speaker, 4)
        if len(others) < 3:
            raise RowRejectedError("too-few-negatives", str(len(others)))
        three = shuffled(others, draw, "others")[:3]
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
        place = draw.below(self.wanted, "odd")
        speaker = speaker_of(own.row["turns"][place])
        # Openings and first replies only: many a later question would fit here as well.
        longest = max(
            len(turn["text"]) for i, turn in enumerate(own.row["turns"][:4]) if i != place
        )
        odd_is_longest = draw.below(self.wanted, "longest") == 0
        record, _, turn = pick(
            [
                each
                for each in foreign_turns(records, speaker, 2)
                if (len(each[2]["text"]) > longest) == odd_is_longest
            ],
            draw,
            "other",
        )
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


MAPS: Final[tuple[RecordMap, ...]] = (MissingTurn(), OddTurn())
