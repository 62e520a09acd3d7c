"""What a written text may say: within bounds, and nothing that it was told to leave out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from factory.draw import Draw
from factory.generators.cot import CotOptions
from factory.generators.pseudo_label import PseudoLabelOptions
from factory.generators.write import Write, WriteOptions
from factory.llm import Answer, AnswerError
from factory.sources.view import RowRejectedError

ROW = {
    "positive": "Hair Dryers",
    "negatives": ["Coffee Grinder", "Dog Leash"],
    "brand": ["Puravelle", None],
    "use": "",
    "language": "English",
    "locale": "us",
}
OPTIONS = {
    "prompt": "write_scenario.j2",
    "slot": "scenario",
    "min_words": 5,
    "max_words": 20,
    "max_sentences": 2,
    "numbers_of": ["use"],
    "without": ["brand"],
    "no_word_of": ["positive", "negatives"],
}


def written(text: str) -> dict[str, Any]:
    asking = Write(WriteOptions.model_validate(OPTIONS)).ask(ROW, Draw(7, "t", "k"))
    next(asking)
    try:
        asking.send(Answer(json.dumps({"text": text}), "stop", 1, 1, 0.0, 0.0))
    except StopIteration as made:
        return dict(made.value)
    raise AssertionError("asked again")


def test_a_text_that_gives_nothing_away_is_kept() -> None:
    text = "Ann has just  washed herself and must leave at once."
    assert written(text) == {"scenario": " ".join(text.split())}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ann wants to dry her wet hair before she leaves.", "word-given-away"),
        ("Ann walks her dogs before she has any coffee.", "word-given-away"),
        ("Ann has a Puravelle and must leave at once.", "names-the-product"),
        ("Ann must leave the house in 5 minutes.", "number-unfounded"),
        ("Ann must leave.", "length"),
        ("Ana se ha lavado y quiere salir de la casa.", "language"),
        ("Ann has just washed herself and wants to try the", "breaks-off"),
        ("Ann must leave. It is late! Who is with her?", "sentences"),
    ],
)
def test_a_text_that_says_what_it_must_not_is_rejected(text: str, reason: str) -> None:
    with pytest.raises(RowRejectedError) as error:
        written(text)
    assert error.value.reason == reason


def test_a_text_may_be_in_english_for_rows_of_any_language() -> None:
    row = {**ROW, "locale": "es"}
    options = {**OPTIONS, "in_english": True}
    asking = Write(WriteOptions.model_validate(options)).ask(row, Draw(7, "t", "k"))
    next(asking)
    answer = json.dumps({"text": "Ann has just washed herself and must leave at once."})
    with pytest.raises(StopIteration):
        asking.send(Answer(answer, "stop", 1, 1, 0.0, 0.0))


def written_in(locale: str, text: str, **options: Any) -> dict[str, Any]:
    asking = Write(WriteOptions.model_validate({**OPTIONS, "min_words": 1, **options})).ask(
        {**ROW, "locale": locale}, Draw(7, "t", "k")
    )
    next(asking)
    with pytest.raises(StopIteration) as made:
        asking.send(Answer(json.dumps({"text": text}), "stop", 1, 1, 0.0, 0.0))
    return dict(made.value.value)


def test_nothing_is_no_text_of_one_word() -> None:
    with pytest.raises(RowRejectedError) as error:
        written_in("us", "  ")
    assert error.value.reason == "length"


def test_a_stop_at_the_end_begins_no_sentence_in_any_script() -> None:
    text = "彼女は髪を洗った。もう出かける時間だ！"
    assert written_in("jp", text, max_words=60) == {"scenario": text}
    with pytest.raises(RowRejectedError) as error:
        written_in("jp", f"{text}急がなければ。", max_words=60)
    assert error.value.reason == "sentences"


def test_bounds_between_which_there_is_no_text_are_a_mistake() -> None:
    for form, options in (
        (WriteOptions, OPTIONS),
        (CotOptions, {}),
        (PseudoLabelOptions, {"kind": "summary", "prompt": "summarize_review.j2"}),
    ):
        with pytest.raises(ValueError, match="min_words 300 is more than max_words"):
            form.model_validate({**options, "min_words": 300})


def test_a_text_that_was_cut_off_at_its_bound_is_none() -> None:
    asking = Write(WriteOptions.model_validate(OPTIONS)).ask(ROW, Draw(7, "t", "k"))
    next(asking)
    cut = '{"text": "Ann has just washed herself and must leav'
    again = asking.send(Answer(cut, "length", 1, 1, 0.0, 0.0))
    assert "was cut off" in again.messages[-1].content
    with pytest.raises(AnswerError):
        asking.send(Answer(cut, "length", 1, 1, 0.0, 0.0))


def test_a_whole_text_is_kept_whatever_was_cut_off_behind_it() -> None:
    asking = Write(WriteOptions.model_validate(OPTIONS)).ask(ROW, Draw(7, "t", "k"))
    next(asking)
    said = '{"text": "Ann has just washed herself and must leave at once."' + "\n" * 40
    with pytest.raises(StopIteration) as made:
        asking.send(Answer(said, "length", 1, 1, 0.0, 0.0))
    assert made.value.value == {"scenario": "Ann has just washed herself and must leave at once."}
