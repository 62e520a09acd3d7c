from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.draw import Draw
from factory.errors import RecipeError
from factory.tasktypes import TASK_TYPES, ArrangementError

from .strategies import draws, relevances, texts

TYPE: Any = TASK_TYPES["ranking"]
FIVE = TYPE.options()
GOLD = [1, 0.1, 0.01, 1, 0]
ROW = {"items": list("abcde"), "relevance": [1.0, 0.1, 0.01, 0.0, 0.0]}


def candidates(count: int) -> Any:
    return TYPE.options.model_validate({"candidates": count})


@given(draws, relevances)
def test_a_row_prints_an_answer_that_scores_full_marks(draw: Draw, relevance: list[float]) -> None:
    items = [f"item {i}" for i in range(len(relevance))]
    row = {"items": items, "relevance": relevance}
    shown = TYPE.arrange(row, draw, candidates(len(items)))
    assert [items[i] for i in shown.order] == list(shown.candidates)
    assert [relevance[i] for i in shown.order] == shown.gold
    text = TYPE.render(shown.gold)
    assert TYPE.check(text, shown.gold, "ndcg") is None
    assert TYPE.score(TYPE.parse(text), shown.gold, "ndcg") == 1.0


@given(draws, relevances)
def test_the_items_are_never_shown_best_first(draw: Draw, relevance: list[float]) -> None:
    row = {"items": ["x"] * len(relevance), "relevance": relevance}
    gold = TYPE.arrange(row, draw, candidates(len(relevance))).gold
    assert gold != sorted(relevance, reverse=True)
    assert TYPE.render(gold) != ",".join(str(i + 1) for i in range(len(relevance)))


class Stubborn(Draw):
    """Draws that always come out in the row's own order."""

    def permutation(self, length: int, purpose: str) -> list[int]:  # noqa: ARG002
        return list(range(length))


def test_draws_that_stay_sorted_are_turned_round_by_one() -> None:
    shown = TYPE.arrange(ROW, Stubborn(7, "t", "k"), FIVE)
    assert shown.order == (1, 2, 3, 4, 0)
    assert shown.gold == [0.1, 0.01, 0.0, 0.0, 1.0]


def test_the_best_item_stands_in_every_place() -> None:
    places: Counter[int] = Counter()
    orders = set()
    for key in range(3000):
        shown = TYPE.arrange(ROW, Draw(7, "t", str(key)), FIVE)
        places[shown.order.index(0)] += 1
        orders.add(shown.order)
    # 118: of 120 orders, the two that show relevance in descending order are left out.
    assert len(orders) == 118
    assert all(500 < places[place] < 700 for place in range(5))


@given(st.permutations(list("abcdefgh")), st.integers(1, 8))
def test_one_more_row_changes_no_other_arrangement(keys: list[str], kept: int) -> None:
    def arrange(some: list[str]) -> dict[str, Any]:
        return {key: TYPE.arrange(ROW, Draw(7, "t", key), FIVE) for key in some}

    few, all_of_them = arrange(keys[:kept]), arrange(sorted(keys))
    assert few == {key: all_of_them[key] for key in keys[:kept]}


def test_decimals_from_sql_become_numbers_that_json_can_hold() -> None:
    row = ROW | {"relevance": [Decimal(1), Decimal("0.1"), Decimal("0.01"), 0, 0]}
    gold = TYPE.arrange(row, Draw(7, "t", "k"), FIVE).gold
    assert {type(value) for value in gold} == {float}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"items": list("abcd")}, "too-few-items"),
        ({"items": None}, "too-few-items"),
        ({"items": list("abcdef")}, "too-many-items"),
        ({"relevance": [1.0, 0.1]}, "lengths-differ"),
        ({"relevance": None}, "lengths-differ"),
        ({"items": ["a", None, "c", "d", "e"]}, "null-item"),
        ({"relevance": [1.0, None, 0.1, 0.0, 0.0]}, "null-relevance"),
        ({"relevance": [1.0, 1.0, 1.0, 1.0, 1.0]}, "degenerate-relevance"),
        ({"relevance": [0.0, 0.0, 0.0, 0.0, 0.0]}, "degenerate-relevance"),
        ({"relevance": [1e-18, 0.0, 0.0, 0.0, 0.0]}, "degenerate-relevance"),
        ({"relevance": [1.0, float("nan"), 0.1, 0.0, 0.0]}, "relevance-out-of-range"),
        ({"relevance": [float("inf"), 1.0, 0.1, 0.0, 0.0]}, "relevance-out-of-range"),
        ({"relevance": [1.0, 0.1, 0.0, 0.0, -1.0]}, "relevance-out-of-range"),
        ({"relevance": [2000.0, 0.1, 0.0, 0.0, 0.0]}, "relevance-out-of-range"),
    ],
)
def test_a_row_that_cannot_be_laid_out_says_why(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ArrangementError) as caught:
        TYPE.arrange(ROW | change, Draw(7, "t", "k"), FIVE)
    assert caught.value.reason == reason


@pytest.mark.parametrize("count", [1, 6])
def test_a_ranking_has_two_to_five_items(count: int) -> None:
    with pytest.raises(ValidationError):
        candidates(count)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,4,2,3,5", [1, 4, 2, 3, 5]),
        ("1, 2, 3, 4, 5", [1, 2, 3, 4, 5]),
        ("[1, 2, 3, 4, 5].", [1, 2, 3, 4, 5]),
        ("The order is: 2,1,3", [2, 1, 3]),
        (",1,2,3,4,5", [1, 2, 3, 4, 5]),
        ("0,1,2,3,4", [0, 1, 2, 3, 4]),
        ("1,7,2,6,3", [1, 2, 3]),
        ("1,2,2,3", []),
        ("1,2,3,4,5,1", [1, 2, 3, 4, 5]),
        ("1 2", []),
        ("3>1>2", []),
        ("3\n1\n2", []),
        ("3，1，2", []),
        ("3. 1, 2", [2]),
        ("三,1,½,2", [1, 2]),
        ("２,1", [2, 1]),
        ("", []),
        (" \n", []),
        ("1," * 2499 + "  2", []),
        (" " * 4999 + "1,2", [1]),
    ],
)
def test_the_parser_keeps_numbers_commas_and_spaces(text: str, expected: list[int]) -> None:
    assert TYPE.parse(text) == expected


@given(texts | st.text(alphabet="0123456789, \n", max_size=40))
def test_a_parsed_ranking_has_at_most_five_different_numbers(text: str) -> None:
    ranked = TYPE.parse(text)
    assert isinstance(ranked, list)
    assert len(ranked) == len(set(ranked)) <= 5
    assert all(0 <= number <= 5 for number in ranked)


def test_numbers_too_long_for_the_interpreter_are_no_numbers() -> None:
    assert TYPE.parse("9" * 4999) == []


@pytest.mark.parametrize(
    ("text", "gold", "reason"),
    [
        ("0,3,1,2,4", GOLD, "zero-based"),
        ("1, 4, 2, 3, 5", GOLD, "not-a-list-of-digits"),
        ("1>4>2>3>5", GOLD, "not-a-list-of-digits"),
        ("1，4，2，3，5", GOLD, "not-a-list-of-digits"),
        ("1\n4\n2\n3\n5", GOLD, "not-a-list-of-digits"),
        ("1,4,2,3,5\n", GOLD, "not-a-list-of-digits"),
        ("[1,4,2,3,5]", GOLD, "not-a-list-of-digits"),
        ("１,4,2,3,5", GOLD, "not-a-list-of-digits"),
        ("A,D,B,C,E", GOLD, "not-a-list-of-digits"),
        ("", GOLD, "not-a-list-of-digits"),
        ("1,4,2,3,10", GOLD, "not-a-list-of-digits"),
        ("1,4,2,3", GOLD, "not-a-permutation"),
        ("1,4,2,3,6", GOLD, "not-a-permutation"),
        ("1,4,2,3,3", GOLD, "not-a-permutation"),
        ("1,4,2,3,5,1", GOLD, "not-a-permutation"),
        ("1,4,3,2,5", GOLD, "wrong-order"),
        ("1,4,2,5,3", GOLD, "wrong-order"),
        ("1,2,3,4,5", [0, 0, 0, 0, 0], "degenerate-relevance"),
        ("1,2,3,4,5", [1, 1, 1, 1, 1], "degenerate-relevance"),
        ("1,2", [float("nan"), 1], "relevance-out-of-range"),
        ("1,2,3,4,5,6", [1, 0, 0, 0, 0, 0], "gold-not-two-to-five-relevances"),
        ("1", [1], "gold-not-two-to-five-relevances"),
        ("1,2", "1,2", "gold-not-two-to-five-relevances"),
        ("1,2", ["1", "0"], "gold-not-relevances"),
    ],
)
def test_answers_outside_the_grammar_are_refused(text: str, gold: Any, reason: str) -> None:
    assert TYPE.check(text, gold, "ndcg") == reason


def test_equally_relevant_items_may_stand_in_either_order() -> None:
    assert TYPE.render(GOLD) == "1,4,2,3,5"
    assert TYPE.check("4,1,2,3,5", GOLD, "ndcg") is None


@given(relevances, st.data())
def test_the_check_passes_exactly_the_orders_with_full_marks(
    gold: list[float], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(1, len(gold) + 1)))
    text = ",".join(map(str, order))
    best = [gold[number - 1] for number in order] == sorted(gold, reverse=True)
    assert (TYPE.check(text, gold, "ndcg") is None) == best
    if best:
        assert TYPE.score(TYPE.parse(text), gold, "ndcg") == pytest.approx(1.0, abs=1e-6)


def test_on_the_gains_of_esci_every_wrong_order_costs_marks() -> None:
    gold = [1.0, 0.1, 0.01, 0.0, 1.0]
    for order in permutations(range(1, 6)):
        text = ",".join(map(str, order))
        full = TYPE.score(TYPE.parse(text), gold, "ndcg") > 1 - 1e-6
        assert full == (TYPE.check(text, gold, "ndcg") is None)


def test_a_metric_of_another_type_is_a_fault_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match="'ndcg'"):
        TYPE.score([1, 2], [1.0, 0.0], "accuracy")


def test_the_score_of_a_task_is_the_mean_over_rows() -> None:
    assert TYPE.aggregate([[1, 2], []], [[1.0, 0.0], [1.0, 0.0]], "ndcg") == 0.5
