"""What a translation must carry over, and that its text is told again from near misses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from factory.draw import Draw
from factory.generators.asking import Asking
from factory.generators.confirm import Confirm, ConfirmOptions
from factory.generators.translate import Translate, TranslateOptions
from factory.llm import Answer, Question
from factory.sources.near_misses import near_misses
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "t", "key")
TEXT = "Brando Garden Hose, 50 ft, Red, with Brass Nozzle"
ROW = {
    "text": TEXT,
    "locale": "es",
    "language": "Spanish",
    "source_language": "English",
    "brand": "Brando",
    "thing": "product title",
    "examples": ["Brando Regadera de acero, 5 l"],
    "near_misses": ["Brando Garden Hose, 50 ft, Red", "Brando Watering Can, Red"],
}
RIGHT = "Manguera de jardín Brando, 50 pies, roja, con boquilla de latón"


def answer(value: dict[str, Any]) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False), "stop", 1, 1, 0.0, 0.0)


def number_of(question: Question, text: str) -> int:
    """Return the number under which a question shows a text."""
    (line,) = [
        each for each in question.messages[1].content.splitlines() if each.endswith(f"⟦{text}⟧")
    ]
    return int(line.split(".")[0])


def step(**options: Any) -> Translate:
    named = {"brand": "brand", "examples": "examples", "near_misses": "near_misses"}
    return Translate(TranslateOptions(prompt="translate_text.j2", **{**named, **options}))


def translated(
    said: str, *, row: dict[str, Any] | None = None, chosen: str = TEXT, **options: Any
) -> dict[str, Any]:
    row = {**ROW, **(row or {})}
    asking = step(**options).ask(row, DRAW)
    next(asking)
    question = asking.send(answer({"text": said}))
    try:
        again = asking.send(answer({"number": number_of(question, chosen)}))
        asking.send(answer({"number": number_of(again, chosen)}))
    except StopIteration as made:
        return dict(made.value)
    raise AssertionError("asked once more")


def refused(reason: str, said: str, **options: Any) -> None:
    with pytest.raises(RowRejectedError) as error:
        translated(said, **options)
    assert error.value.reason == reason


def test_a_translation_that_its_own_text_is_found_by_is_kept() -> None:
    assert translated(RIGHT) == {"target": RIGHT}


def test_the_check_does_not_show_which_text_was_translated() -> None:
    asking = step().ask(ROW, DRAW)
    next(asking)
    question = asking.send(answer({"text": RIGHT}))
    said = question.messages[1].content
    assert RIGHT in said
    assert all(said.count(f"⟦{each}⟧") == 1 for each in (TEXT, *ROW["near_misses"]))
    assert question.temperature == 0


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (RIGHT.replace("50", "5"), "figure-changed"),
        (RIGHT.replace("50 pies", "pies"), "figure-changed"),
        (RIGHT.replace("pies", "metros"), "figure-changed"),
        (RIGHT + ", 2 unidades", "figure-changed"),
        (RIGHT.replace("Brando", "Bando"), "brand-left-out"),
        ("Brando hose for the garden, 50 ft, red, and nozzle of brass", "language"),
        ("Brando ガーデンホース 50フィート レッド 真鍮ノズル付き 耐久性", "language"),
        (TEXT.replace("with", "con"), "untranslated"),
        ("Brando 50 ft roja", "length"),
        (RIGHT * 3, "length"),
        (f"{RIGHT} Brando", "brand-repeated"),
        (RIGHT.replace("roja", "red"), "word-foreign"),
    ],
)
def test_what_a_translation_loses_or_adds_is_seen(said: str, reason: str) -> None:
    refused(reason, said)


def test_a_translation_of_another_text_is_not_confirmed() -> None:
    for near in ROW["near_misses"]:
        refused("not-confirmed", RIGHT, chosen=near)


def test_who_always_chooses_one_place_confirms_nothing() -> None:
    def answered(place: int) -> None:
        asking = step().ask(ROW, DRAW)
        next(asking)
        asking.send(answer({"text": RIGHT}))
        for _ in range(2):
            asking.send(answer({"number": place}))

    for place in range(1, 4):
        with pytest.raises(RowRejectedError, match="not-confirmed"):
            answered(place)


def test_an_example_is_no_translation() -> None:
    refused("example-copied", RIGHT, row={"examples": [RIGHT.upper()]})


@pytest.mark.parametrize(
    ("text", "said", "locale"),
    [
        ("水筒 500ml ブラック", "botella negra de 500 ml", "es"),
        ("taza roja 12 oz", "赤いマグカップ 12オンス", "jp"),
        ("sartén de hierro 10 pulgadas", "10 inch iron frying pan", "us"),
    ],
)
def test_units_are_called_as_they_are_in_the_language(text: str, said: str, locale: str) -> None:
    row = {"text": text, "locale": locale, "brand": None, "examples": ["x"]}
    assert translated(said, row=row, chosen=text) == {"target": said}


def test_a_text_may_be_brought_back_instead() -> None:
    def back(said: str) -> dict[str, Any]:
        asking = step(near_misses=None, back=0.7).ask(ROW, DRAW)
        next(asking)
        question = asking.send(answer({"text": RIGHT}))
        assert TEXT not in question.messages[1].content
        try:
            asking.send(answer({"text": said}))
        except StopIteration as made:
            return dict(made.value)
        raise AssertionError("asked once more")

    assert back("Brando garden hose 50 feet red with brass nozzle") == {"target": RIGHT}
    for said, reason in (
        ("Brando watering can 50 ft", "words-not-back"),
        ("Brando garden hose 15 ft red with brass nozzle", "figure-not-back"),
    ):
        with pytest.raises(RowRejectedError) as error:
            back(said)
        assert error.value.reason == reason


def test_a_translation_without_a_back_check_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs a back-check"):
        step(near_misses=None)


def test_what_only_the_step_reads_is_not_the_samples() -> None:
    assert set(step().takes) == {"examples", "near_misses"}
    assert step().needs <= ROW.keys()


def test_near_misses_say_something_else() -> None:
    text, others = "red steel water bottle", ["blue lunch box", "steel water bottle red", "mug"]
    misses = near_misses(text, others, DRAW, "en")
    assert len(misses) == 3
    left_out, exchanged, other = misses
    assert set(left_out.split()) < set(text.split())
    assert len(set(exchanged.split()) - set(text.split())) == 1
    assert other == "blue lunch box"
    assert near_misses("水筒", ["弁当箱"], DRAW, "ja") == ["弁当箱"]


def test_a_row_stays_where_the_right_candidate_is_chosen() -> None:
    row = {"scenario": "It rains.", "positive": "umbrella", "negatives": ["mug", "rake"]}
    confirm = Confirm(ConfirmOptions(prompt="confirm_useful_type.j2"))

    def chosen(text: str) -> Asking:
        asking = confirm.ask(row, DRAW)
        question = next(asking)
        assert question.answer is not None
        again = asking.send(answer({"number": number_of(question, text)}))
        asking.send(answer({"number": number_of(again, text)}))
        return asking

    with pytest.raises(StopIteration) as made:
        chosen("umbrella")
    assert made.value.value == {}
    with pytest.raises(RowRejectedError, match="not-confirmed"):
        chosen("rake")
    assert confirm.offers == ()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Brando ガーデンホース 50フィート レッド brass ノズル付き", "word-foreign"),
        ("Brando ガーデンホース 50フィート レッド カoffee ノズル付き", "word-foreign"),
        ("Brando ガーデンホース 50フィート レッド 龙头 ノズル付き", "language"),
    ],
)
def test_japanese_is_written_as_japanese_shops_write(said: str, reason: str) -> None:
    row = {"locale": "jp", "language": "Japanese", "examples": ["x"]}
    refused(reason, said, row=row)
    right = "Brando ガーデンホース 50ft レッド LED 真鍮ノズル付き"
    assert translated(right, row=row) == {"target": right}


@pytest.mark.parametrize("text", ["", " ", None])
def test_nothing_is_not_asked_to_be_translated(text: str | None) -> None:
    with pytest.raises(RowRejectedError) as error:
        next(step().ask({**ROW, "text": text}, DRAW))
    assert error.value.reason == "nothing-to-translate"
