"""What is kept of the tails that a model gives to an event, and what stands beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from factory.draw import Draw
from factory.generators.events import Events, EventsOptions
from factory.llm import Answer
from factory.sources.everyday_events import FEELINGS, FRAMES, event, is_anybodys, telling
from factory.sources.rows.event_commonsense import rows
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "t", "key")
SOUND = {
    "obstruct": "rucksack",
    "feel": "satisfied",
    "result": "heavy luggage",
    "want": "sleep by a lake",
}


def tails(mood: str = "good", *, meant: bool = True, **said: str) -> dict[str, str]:
    row: dict[str, Any] = {
        "event": "PersonX packs the tent for a trip",
        "text": "Tent",
        "mood": mood,
        "meant": meant,
        "language": "English",
    }
    asking = Events(EventsOptions(prompt="event_tails.j2")).ask(row, DRAW)
    next(asking)
    try:
        asking.send(Answer(json.dumps(SOUND | said), "stop", 1, 1, 0.0, 0.0))
    except StopIteration as made:
        labels = list(made.value["labels"])
    assert {each["kind"] for each in labels} == {"event"}
    assert {each["evidence"] for each in labels} == {row["event"]}
    return {each["name"]: each["value"] for each in labels}


def test_four_sound_tails_are_kept() -> None:
    assert tails() == SOUND


def test_what_the_sentence_says_already_is_not_said_twice() -> None:
    said = {"obstruct": "PersonX has no rucksack.", "want": "to sleep by a lake"}
    assert tails(**said) == SOUND
    assert tails(obstruct="a rucksack") == SOUND


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("obstruct", "tent pole"),
        ("obstruct", "time"),
        ("obstruct", "a long rope with a very good grip"),
        ("result", "2 heavy bags"),
        ("result", "rucksack"),
        ("result", "手が汚れる"),
        ("want", "pack it"),
        ("want", "cook for the neighbors"),
        ("result", "cleaner hands"),
        ("obstruct", "paint brush"),
        ("feel", "sad"),
        ("feel", "greasy"),
    ],
)
def test_a_tail_that_fits_anything_or_nothing_is_left_out(name: str, said: str) -> None:
    assert tails(**{name: said}) == {k: v for k, v in SOUND.items() if k != name}


def test_what_happens_to_somebody_was_not_wanted() -> None:
    assert tails(meant=False) == {"feel": "satisfied"}
    with pytest.raises(RowRejectedError, match="no-tail-holds"):
        tails("", meant=False)


def question(relation: str, value: str, others: list[str]) -> dict[str, Any]:
    facts = {
        "key": "us:1",
        "locale": "us",
        "event": "PersonX cleans the barbecue grill",
        "relation": relation,
        "value": value,
        "others": others,
        "source_ids": ["product:us:1"],
    }
    [row] = rows(facts, DRAW)
    return row


def test_wrong_feelings_are_of_the_other_mood() -> None:
    row = question("feel", "proud", [])
    assert row["positive"] == "proud"
    assert len(set(row["negatives"])) == 3
    assert set(row["negatives"]) <= set(FEELINGS["bad"])


def test_wrong_tails_share_nothing_with_the_event_or_each_other() -> None:
    others = [
        "old brush",
        "money",
        "grill tongs",
        "dog leash",
        "long leash",
        "free time",
        "tent",
        "passport",
    ]
    row = question("obstruct", "wire brush", others)
    assert row["positive"] == "PersonX has no wire brush"
    assert row["negatives"] == [
        f"PersonX has no {each}" for each in ("dog leash", "tent", "passport")
    ]
    with pytest.raises(RowRejectedError, match="too-few-negatives"):
        question("obstruct", "wire brush", others[:5])


def test_every_frame_is_a_sentence_and_a_surely_felt_one_has_a_mood() -> None:
    for frame in FRAMES:
        said = event(frame, "Barbecue Grill")
        assert said.startswith("PersonX ")
        assert "the " in said
        assert said.count("barbecue grill") == 1
        assert frame.mood or frame.meant
    assert telling("the Dogs") == telling("a dog")
    assert is_anybodys("the time")
    assert not is_anybodys("tent pegs")
