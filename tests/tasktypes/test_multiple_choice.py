from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.draw import Draw
from factory.errors import RecipeError
from factory.tasktypes import TASK_TYPES, ArrangementError

from .strategies import draws, texts, titles

TYPE: Any = TASK_TYPES["multiple_choice"]
FOUR = TYPE.options()
ROW = {"positive": "right", "negatives": ["w1", "w2", "w3", "w4"]}
LETTERS = ["E", "S", "C", "I"]


def with_block(**block: Any) -> Any:
    return TYPE.options.model_validate(block)


@given(draws, titles, st.lists(titles, min_size=9, max_size=12), st.integers(2, 10))
def test_a_row_with_distractors_prints_an_answer_that_scores_full_marks(
    draw: Draw, positive: str, negatives: list[str], count: int
) -> None:
    shown = TYPE.arrange(
        {"positive": positive, "negatives": negatives}, draw, with_block(options=count)
    )
    pool = [positive, *negatives]
    assert [pool[i] for i in shown.order] == list(shown.candidates)
    assert sorted(shown.order) == list(range(count))
    assert shown.order[shown.gold] == 0
    text = TYPE.render(shown.gold)
    assert TYPE.check(text, shown.gold, "accuracy") is None
    assert TYPE.score(TYPE.parse(text), shown.gold, "accuracy") == 1.0


@given(draws, st.lists(st.sampled_from("abcdefghij"), min_size=2, unique=True), st.data())
def test_fixed_choices_are_all_shown_and_the_gold_points_at_the_answer(
    draw: Draw, choices: list[str], data: st.DataObject
) -> None:
    answer = data.draw(st.sampled_from(choices))
    options = with_block(choices=choices)
    shown = TYPE.arrange({"answer": answer}, draw, options)
    assert sorted(shown.candidates) == sorted(choices)
    assert [choices[i] for i in shown.order] == list(shown.candidates)
    assert shown.candidates[shown.gold] == answer
    assert TYPE.positions(options) == len(choices)
    assert TYPE.check(TYPE.render(shown.gold), shown.gold, "accuracy") is None


@pytest.mark.parametrize("stars", [1, 5, 4.0, Decimal(3)])
def test_stars_are_counted_from_one_and_nothing_is_shown(stars: Any) -> None:
    shown = TYPE.arrange({"answer": stars}, Draw(7, "t", "k"), with_block(scale=5))
    assert shown.candidates == shown.order == ()
    assert shown.gold == stars
    assert type(shown.gold) is int
    assert TYPE.check(str(int(stars)), shown.gold, "accuracy") is None


@pytest.mark.parametrize(
    "answer", [0, 6, 4.5, None, "4", float("nan"), float("inf"), Decimal("2.5")]
)
def test_an_answer_off_the_scale_is_refused(answer: Any) -> None:
    with pytest.raises(ArrangementError) as caught:
        TYPE.arrange({"answer": answer}, Draw(7, "t", "k"), with_block(scale=5))
    assert caught.value.reason == "answer-off-scale"


@pytest.mark.parametrize("block", [{"options": 4}, {"choices": LETTERS}])
def test_the_right_option_stands_in_every_place_equally_often(block: dict[str, Any]) -> None:
    options = with_block(**block)
    places = [0] * 4
    for key in range(4000):
        shown = TYPE.arrange(ROW | {"answer": "C"}, Draw(7, "t", str(key)), options)
        places[shown.gold] += 1
    assert all(900 < count < 1100 for count in places)


def test_every_distractor_reaches_every_other_place() -> None:
    orders = {TYPE.arrange(ROW, Draw(7, "t", str(key)), FOUR).order for key in range(2000)}
    assert len(orders) == 24


def test_the_first_distractors_of_the_row_are_taken() -> None:
    shown = TYPE.arrange(ROW, Draw(7, "t", "k"), with_block(options=3))
    assert sorted(shown.candidates) == ["right", "w1", "w2"]


@given(st.permutations(list("abcdefgh")), st.integers(1, 8))
def test_one_more_row_changes_no_other_arrangement(keys: list[str], kept: int) -> None:
    def arrange(some: list[str]) -> dict[str, Any]:
        return {key: TYPE.arrange(ROW, Draw(7, "t", key), FOUR) for key in some}

    few, all_of_them = arrange(keys[:kept]), arrange(sorted(keys))
    assert few == {key: all_of_them[key] for key in keys[:kept]}


@pytest.mark.parametrize(
    ("row", "block", "reason"),
    [
        ({"positive": "a", "negatives": ["b", "c"]}, {}, "too-few-negatives"),
        ({"positive": "a", "negatives": None}, {}, "too-few-negatives"),
        ({"positive": None, "negatives": ["b", "c", "d"]}, {}, "null-option"),
        ({"positive": "a", "negatives": ["b", None, "d"]}, {}, "null-option"),
        ({"answer": "e"}, {"choices": LETTERS}, "answer-not-a-choice"),
        ({"answer": None}, {"choices": LETTERS}, "answer-not-a-choice"),
    ],
)
def test_a_row_that_cannot_be_laid_out_says_why(
    row: dict[str, Any], block: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ArrangementError) as caught:
        TYPE.arrange(row, Draw(7, "t", "k"), with_block(**block))
    assert caught.value.reason == reason


def test_a_view_without_the_column_is_told_which_one() -> None:
    with pytest.raises(RecipeError, match="'answer'"):
        TYPE.arrange(ROW, Draw(7, "t", "k"), with_block(scale=5))


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"choices": LETTERS, "scale": 5}, "choices and scale contradict"),
        ({"options": 4, "choices": LETTERS}, "options and choices contradict"),
        ({"options": 4, "scale": 5}, "options and scale contradict"),
        ({"choices": [True, False]}, "quotes"),
        ({"choices": {True: "It is.", False: "It is not."}}, "quotes"),
        ({"choices": "yes, no"}, "a list of texts, or a mapping"),
        ({"choices": {"E": "Same.", "S": "same."}}, "read the same"),
        ({"choices": [1, 2]}, "valid string"),
        ({"choices": ["Yes", "ＹＥＳ "]}, "read the same"),
        ({"choices": ["a", " "]}, "empty choice"),
        ({"choices": ["a"]}, "at least 2"),
        ({"choices": list("abcdefghijk")}, "at most 10"),
        ({"options": 11}, "less than or equal to 10"),
        ({"scale": 10}, "less than or equal to 9"),
        ({"option": 4}, "Extra inputs"),
    ],
)
def test_contradictory_options_are_refused_with_the_reason(
    block: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        with_block(**block)


@pytest.mark.parametrize(
    "choices", [["yes", "no"], {"yes": "yes", "no": "no"}, [["yes", "yes"], ["no", "no"]]]
)
def test_choices_are_read_alike_from_a_list_a_mapping_and_their_own_dump(choices: Any) -> None:
    options = TYPE.options.model_validate({"choices": choices}, strict=True)
    assert options == with_block(choices=["yes", "no"])
    assert TYPE.options.model_validate(options.model_dump(exclude_unset=True)) == options


def test_a_mapping_shows_the_text_that_stands_for_the_answer() -> None:
    options = with_block(choices={"E": "Exact.", "S": "Substitute.", "I": "Irrelevant."})
    shown = TYPE.arrange({"answer": "S"}, Draw(7, "t", "k"), options)
    assert sorted(shown.candidates) == ["Exact.", "Irrelevant.", "Substitute."]
    assert shown.candidates[shown.gold] == "Substitute."


def test_a_scale_has_no_places_to_balance_and_the_others_do() -> None:
    assert TYPE.positions(with_block(scale=5)) is None
    assert TYPE.positions(with_block(options=7)) == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2),
        ("\n 3", 3),
        ("10", 1),
        ("2. red", 2),
        ("３", 3),
        ("²", -1),
        ("A", -1),
        ("(2)", -1),
        ("Answer: 2", -1),
        ("", -1),
        (" \n", -1),
        (" " * 5000 + "2", -1),
        ("-1", -1),
    ],
)
def test_the_parser_reads_the_first_character_only(text: str, expected: int) -> None:
    assert TYPE.parse(text) == expected


@given(texts)
def test_parsing_never_raises(text: str) -> None:
    assert isinstance(TYPE.parse(text), int)


@pytest.mark.parametrize(
    ("text", "gold", "reason"),
    [
        ("A", 0, "not-one-digit"),
        ("yes", 1, "not-one-digit"),
        ("2.", 2, "not-one-digit"),
        (" 2", 2, "not-one-digit"),
        ("2\n", 2, "not-one-digit"),
        ("２", 2, "not-one-digit"),
        ("", 0, "not-one-digit"),
        ("01", 0, "not-one-digit"),
        ("First, 3 + 4 = 7. The answer is 1", 1, "not-one-digit"),
        ("10", 10, "more-than-ten-options"),
        ("A", "A", "gold-not-a-number"),
        ("yes", "yes", "gold-not-a-number"),
        ("1", True, "gold-not-a-number"),
        ("1", "1", "gold-not-a-number"),
        ("-1", -1, "gold-not-a-number"),
        ("1", [1], "gold-not-a-number"),
        ("3", 2, "wrong-answer"),
    ],
)
def test_what_the_public_sets_file_as_multiple_choice_is_refused(
    text: str, gold: Any, reason: str
) -> None:
    assert TYPE.check(text, gold, "accuracy") == reason


@given(texts | st.integers(-1, 30).map(str), st.integers(0, 9))
def test_the_check_passes_nothing_but_the_digit(text: str, gold: int) -> None:
    assert (TYPE.check(text, gold, "accuracy") is None) == (text == str(gold))


def test_the_score_of_a_task_is_the_share_of_right_answers() -> None:
    assert TYPE.aggregate([0, 1, -1, 3], [0, 1, 2, 3], "accuracy") == 0.75


def test_positions_are_not_tied_to_the_order_in_which_rows_are_drawn() -> None:
    # A position taken from the bits that order the rows once put every gold first.
    ranked = sorted(range(400), key=lambda key: Draw(7, "t", str(key)).integer("order"))
    places = [TYPE.arrange(ROW, Draw(7, "t", str(key)), FOUR).gold for key in ranked]
    repeats = sum(left == right for left, right in pairwise(places))
    assert 60 < repeats < 140
