"""What obstructs an everyday event, how it feels, what comes of it, what was wanted by it.

Each tail is a short phrase that a sentence of the house's own holds ("PersonX has no ..."), so that
it is always one of its kind; a feeling comes from a closed list and must fit the event's mood. The
tails become the table ``labels`` from which questions of event commonsense are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, Field

from factory.draw import Draw
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.grounding import plain
from factory.sources.everyday_events import FEELINGS, RELATIONS, is_anybodys, telling
from factory.sources.view import RowRejectedError
from factory.text import tokens

_MOST_WORDS: Final = 5
_TOKENS: Final = 120
_PHRASE: Final = re.compile(r"[a-z][a-z' -]*[a-z]")
#: What the sentence around a phrase says already.
_SAID: Final = {
    "obstruct": re.compile(
        r"^(?:personx\s+)?(?:has\s+)?(?:(?:no|not|a lack of|lack of)\s+)?(?:(?:an?|the)\s+)?",
        re.IGNORECASE,
    ),
    "feel": re.compile(r"^(?:personx\s+)?feels?\s+", re.IGNORECASE),
    "result": re.compile(r"^(?:personx\s+)?(?:gets?|has)\s+", re.IGNORECASE),
    "want": re.compile(r"^(?:personx\s+)?(?:wanted\s+|wants\s+)?to\s+", re.IGNORECASE),
}

_Phrase = Annotated[str, Field(max_length=40)]
_Feeling = Annotated[
    str, Field(json_schema_extra={"enum": [each for mood in FEELINGS.values() for each in mood]})
]


class Tails(BaseModel):
    """The form of the answer."""

    obstruct: _Phrase
    feel: _Feeling
    result: _Phrase
    want: _Phrase


class EventsOptions(StepOptions):
    """The options of ``events``."""

    prompt: str = Field(
        "event_tails.j2", description="the prompt: in prompts/ beside the recipe, or packaged"
    )
    temperature: float = Field(0.7, ge=0, le=2, description="of the request")


class Events(Step[EventsOptions]):
    """Fills ``labels``: one of kind ``event`` for each relation that holds."""

    name: ClassVar[str] = "events"
    options_model: ClassVar[type[StepOptions]] = EventsOptions
    own: ClassVar[frozenset[str]] = frozenset({"good", "bad"})

    def __init__(self, options: EventsOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self.needs |= {"event", "text", "mood", "meant"}

    @property
    def offers(self) -> tuple[str, ...]:
        """The column ``labels``."""
        return ("labels",)

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:  # noqa: ARG002  (the protocol's)
        """Ask for the tails; keep those that a program finds no fault with."""
        question = self.question(
            row,
            Tails,
            max_tokens=_TOKENS,
            temperature=self.options.temperature,
            whole=True,
            good=FEELINGS["good"],
            bad=FEELINGS["bad"],
        )
        answer = yield from typed(question, Tails)
        own = "\n".join(message.content for message in question.messages)
        for said in (row["event"], row["text"]):
            own = own.replace(str(said), " ")
        labels = [
            {"kind": "event", "name": name, "value": value, "evidence": row["event"]}
            for name, value in _held(answer.model_dump(), row, telling(own))
        ]
        if not labels:
            raise RowRejectedError("no-tail-holds", answer.model_dump_json()[:200])
        return {"labels": labels}


def _held(
    answer: Mapping[str, str], row: Mapping[str, Any], prompt: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield relation and tail where the tail is one of its kind, and of this event alone.

    It says no word of the event again, nothing that fits any event, and none of the words of the
    prompt: small models give the tails of its example, or half of them, to any event.
    """
    event = telling(row["event"])
    seen: set[str] = set()
    for name in RELATIONS:
        value = _SAID[name].sub("", plain(answer[name]).strip(" .!"))
        if name == "feel":
            if value in FEELINGS.get(row["mood"], ()):
                yield name, value
            continue
        sound = _PHRASE.fullmatch(value) and len(tokens(value)) <= _MOST_WORDS
        if not row["meant"] or not sound or value in seen:
            continue
        words = telling(value)
        if not is_anybodys(value) and not words & (event | prompt):
            seen.add(value)
            yield name, value
