from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.draw import Draw
from factory.tasktypes import TASK_TYPES, ArrangementError

from .strategies import draws, texts

TYPE: Any = TASK_TYPES["retrieval"]
USUAL = TYPE.options()
ROW = {
    "positives": [f"p{i}" for i in range(5)],
    "negatives": [f"n{i}" for i in range(20)],
}


def with_block(**block: Any) -> Any:
    return TYPE.options.model_validate(block)


@given(draws, st.integers(4, 20), st.integers(1, 3), st.integers(0, 2), st.integers(0, 3))
def test_a_row_prints_an_answer_that_scores_full_marks(
    draw: Draw, count: int, golds: int, spare_positives: int, spare_negatives: int
) -> None:
    positives = [f"p{i}" for i in range(golds + spare_positives)]
    negatives = [f"n{i}" for i in range(count - golds + spare_negatives)]
    row = {"positives": positives, "negatives": negatives}
    shown = TYPE.arrange(row, draw, with_block(candidates=count, golds=golds))
    pool = positives + negatives
    assert [pool[i] for i in shown.order] == list(shown.candidates)
    assert set(shown.candidates) == {*positives[:golds], *negatives[: count - golds]}
    assert {shown.candidates[number - 1] for number in shown.gold} == set(positives[:golds])
    assert shown.gold == sorted(shown.gold)
    text = TYPE.render(shown.gold)
    assert TYPE.check(text, shown.gold, "hit rate@3") is None
    assert TYPE.score(TYPE.parse(text), shown.gold, "hit rate@3") == 1.0


def test_the_right_ones_stand_in_every_place_equally_often() -> None:
    places: Counter[int] = Counter()
    for key in range(2500):
        places.update(TYPE.arrange(ROW, Draw(7, "t", str(key)), USUAL).gold)
    assert all(425 < places[place] < 575 for place in range(1, 16))


@given(st.permutations(list("abcdefgh")), st.integers(1, 8))
def test_one_more_row_changes_no_other_arrangement(keys: list[str], kept: int) -> None:
    def arrange(some: list[str]) -> dict[str, Any]:
        return {key: TYPE.arrange(ROW, Draw(7, "t", key), USUAL) for key in some}

    few, all_of_them = arrange(keys[:kept]), arrange(sorted(keys))
    assert few == {key: all_of_them[key] for key in keys[:kept]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"positives": ["a", "b"]}, "too-few-positives"),
        ({"positives": None}, "too-few-positives"),
        ({"negatives": ["a"] * 11}, "too-few-negatives"),
        ({"negatives": None}, "too-few-negatives"),
        ({"positives": ["a", None, "c"]}, "null-candidate"),
    ],
)
def test_a_row_that_cannot_be_laid_out_says_why(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ArrangementError) as caught:
        TYPE.arrange(ROW | change, Draw(7, "t", "k"), USUAL)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "block", [{"candidates": 3}, {"candidates": 21}, {"golds": 0}, {"golds": 4}, {"gold": 1}]
)
def test_options_that_the_grammar_cannot_hold_are_refused(block: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        with_block(**block)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3,8,9", [3, 8, 9]),
        ("100,   200, \n\n 300", [100, 200, 300]),
        ("1,2,3,4", [1, 2, 3]),
        ("3,3,3", [3, 3, 3]),
        ("the answers: 3, x, 9.", [3, 9]),
        ("1 2 3", []),
        ("1\n2\n3", [123]),
        ("1，2，3", [123]),
        ("0,1", [0, 1]),
        ("", []),
        (" " * 4999 + "1,2", [1]),
    ],
)
def test_the_parser_takes_the_first_three_numbers(text: str, expected: list[int]) -> None:
    assert TYPE.parse(text) == expected


@given(texts)
def test_parsing_never_raises(text: str) -> None:
    numbers = TYPE.parse(text)
    assert isinstance(numbers, list)
    assert len(numbers) <= 3


@pytest.mark.parametrize(
    ("predicted", "gold", "expected"),
    [
        ([3, 3, 3], [3, 8, 9], 1 / 3),
        ([9, 8, 3], [3, 8, 9], 1.0),
        ([4, 5, 6], [6], 1.0),
        ([4, 5, 7], [6], 0.0),
        ([1, 2, 3], [1, 2, 3, 4], 0.75),
        ([], [1], 0.0),
    ],
)
def test_hits_are_counted_once_and_divided_by_the_golds(
    predicted: list[int], gold: list[int], expected: float
) -> None:
    assert TYPE.score(predicted, gold, "hit rate@3") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "gold", "reason"),
    [
        ("0,8,9", [0, 8, 9], "gold-zero-based"),
        ("1,2,3,4", [1, 2, 3, 4], "gold-more-than-three"),
        ("3,3", [3, 3], "gold-repeated"),
        ("21", [21], "gold-out-of-range"),
        ("", [], "gold-not-numbers"),
        ("3", 3, "gold-not-numbers"),
        ("3", ["3"], "gold-not-numbers"),
        ("1", [True], "gold-not-numbers"),
        ("0,8,9", [3, 8, 9], "zero-based"),
        ("3,8,9,9", [3, 8, 9], "more-than-three"),
        ("3,8,9,10", [3, 8, 9], "more-than-three"),
        ("3,3,3", [3], "repeated"),
        ("3,8,30", [3, 8, 9], "out-of-range"),
        ("3, 8, 9", [3, 8, 9], "not-a-list-of-numbers"),
        ("3 8 9", [3, 8, 9], "not-a-list-of-numbers"),
        ("3\n8\n9", [3, 8, 9], "not-a-list-of-numbers"),
        ("3，8，9", [3, 8, 9], "not-a-list-of-numbers"),
        ("３,8,9", [3, 8, 9], "not-a-list-of-numbers"),
        ("03,8,9", [3, 8, 9], "not-a-list-of-numbers"),
        ("[3, 8, 9]", [3, 8, 9], "not-a-list-of-numbers"),
        ("3,8,9\n", [3, 8, 9], "not-a-list-of-numbers"),
        ("", [3, 8, 9], "not-a-list-of-numbers"),
        ("9" * 5000, [3, 8, 9], "not-a-list-of-numbers"),
        ("3,8", [3, 8, 9], "wrong-answer"),
        ("3,8,10", [3, 8, 9], "wrong-answer"),
        # Full marks under hit rate@3, which looks at three numbers, and still not the answer.
        ("3,8,9", [3], "wrong-answer"),
    ],
)
def test_answers_outside_the_grammar_are_refused(text: str, gold: Any, reason: str) -> None:
    assert TYPE.check(text, gold, "hit rate@3") == reason


def test_the_right_numbers_may_stand_in_any_order() -> None:
    assert TYPE.render([14, 13, 8]) == "14,13,8"
    assert TYPE.check("14,13,8", [14, 13, 8], "hit rate@3") is None
    assert TYPE.check("8,13,14", [14, 13, 8], "hit rate@3") is None


NUMBERS = st.lists(st.integers(0, 22), min_size=1, max_size=4)


@given(NUMBERS, NUMBERS)
def test_what_passes_the_check_scores_full_marks(answer: list[int], gold: list[int]) -> None:
    text = ",".join(map(str, answer))
    passes = TYPE.check(text, gold, "hit rate@3") is None
    valid = len(gold) <= 3 and len(set(gold)) == len(gold) and 1 <= min(gold) <= max(gold) <= 20
    assert passes == (valid and sorted(answer) == sorted(gold))
    if passes:
        assert TYPE.score(TYPE.parse(text), gold, "hit rate@3") == 1.0
