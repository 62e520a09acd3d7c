from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.tasktypes import TASK_TYPES, ArrangementError

from .strategies import texts

TYPE: Any = TASK_TYPES["ner"]
NONE = TYPE.options()


@pytest.mark.parametrize(
    ("entities", "text"),
    [
        (["bouilloire"], "bouilloire"),
        (["nike", "running shoes"], "nike, running shoes"),
        (["nike, inc", "shoes"], '["nike, inc", "shoes"]'),
        (["['a']"], "[\"['a']\"]"),
        (["size [m]"], "size [m]"),
        (["'quoted'"], "'quoted'"),
        (["None"], "None"),
        (["赤，青"], "赤，青"),
    ],
)
def test_a_list_literal_is_printed_only_where_commas_would_be_misread(
    entities: list[str], text: str
) -> None:
    assert TYPE.render(entities) == text
    assert TYPE.parse(text) == entities
    assert TYPE.check(text, entities, "micro f1") is None


@given(st.lists(texts, min_size=1, max_size=4))
@example(["['a']", "b"])
@example(["a\\d[", "]"])
@example(["\x00,"])
def test_whatever_the_phrases_are_the_printed_answer_is_read_back(entities: list[str]) -> None:
    assert TYPE.parse(TYPE.render(entities)) == entities


@given(st.lists(texts, min_size=1, max_size=4))
def test_the_check_passes_exactly_what_scores_full_marks(entities: list[str]) -> None:
    text = TYPE.render(entities)
    full = TYPE.score(TYPE.parse(text), entities, "micro f1") == 1.0
    # An empty phrase matches itself, and still names nothing.
    assert (TYPE.check(text, entities, "micro f1") is None) == (full and "" not in entities)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("New York, Amazon", ["New York", "Amazon"]),
        ("['New York', \"Amazon\"]", ["New York", "Amazon"]),
        (" \t['a']", ["a"]),
        ("(['a'])", ["a"]),
        ("['a' 'b']", ["ab"]),
        ("[' a ']", [" a "]),
        ("[]", []),
        ("[New York, Amazon]", ["[New York", "Amazon]"]),
        ("['a', 1]", ["['a'", "1]"]),
        ("('a', 'b')", ["('a'", "'b')"]),
        ("'a'", ["'a'"]),
        (r"['\d']", [r"\d"]),
        ("\n, a, b,,", ["a", "b"]),
        ("a，b", ["a，b"]),
        ("None", ["None"]),
        ("", []),
        (" \n", []),
        ("a" * 5001, ["a" * 5000]),
        ("[" * 5000, ["[" * 5000]),
        ("-" * 4997 + "[1]", ["-" * 4997 + "[1]"]),
        ("['" + "a" * 4997 + "']", ["['" + "a" * 4997 + "'"]),
        ("['\ud800']", ["['\ud800']"]),
        ("[{[]: 1}]", ["[{[]: 1}]"]),
    ],
)
def test_the_parser_reads_a_list_literal_or_splits_at_commas(
    text: str, expected: list[str]
) -> None:
    assert TYPE.parse(text) == expected


@given(texts | st.text(alphabet="[]'\"\\ ,ad1(){}", max_size=20))
def test_parsing_never_raises(text: str) -> None:
    entities = TYPE.parse(text)
    assert isinstance(entities, list)
    assert all(isinstance(entity, str) for entity in entities)


@pytest.mark.parametrize(
    ("text", "gold", "reason"),
    [
        ("nike ", ["nike "], "stray-space-in-entity"),
        ("nike", ["nike", ""], "stray-space-in-entity"),
        ("nike, Nike", ["nike", "Nike"], "repeated-entity"),
        ("", [], "no-entities"),
        ("nike", "nike", "gold-not-phrases"),
        ("1", [1], "gold-not-phrases"),
        ("nike, inc", ["nike, inc"], "wrong-answer"),
        ("nike", ["nike", "shoes"], "wrong-answer"),
        ("nike, nike", ["nike"], "wrong-answer"),
        ("nike,shoes", ["nike", "shoes"], "not-as-printed"),
        ("['nike', 'shoes']", ["nike", "shoes"], "not-as-printed"),
        ("nike\n", ["nike"], "not-as-printed"),
        ("nike，shoes", ["nike", "shoes"], "wrong-answer"),
        ("a" * 5001, ["a" * 5001], "too-long"),
        ("\ud800", ["\ud800"], "not-unicode"),
    ],
)
def test_answers_outside_the_grammar_are_refused(text: str, gold: Any, reason: str) -> None:
    assert TYPE.check(text, gold, "micro f1") == reason


def test_case_and_order_do_not_count() -> None:
    assert TYPE.check("Shoes, NIKE", ["nike", "shoes"], "micro f1") is None


@pytest.mark.parametrize(
    ("predicted", "gold", "expected"),
    [
        (["NIKE "], ["nike"], 1.0),
        (["nike"], ["nike "], 0.0),
        (["nike", "nike"], ["nike"], 2 / 3),
        (["a", "b"], ["b", "c"], 0.5),
        ([], ["a"], 0.0),
    ],
)
def test_the_score_of_a_row_is_its_f1(
    predicted: list[str], gold: list[str], expected: float
) -> None:
    assert TYPE.score(predicted, gold, "micro f1") == pytest.approx(expected)


def test_the_score_of_a_task_sums_the_counts_over_rows() -> None:
    predicted, gold = [["a"], ["x", "y", "z"]], [["a"], ["b"]]
    # One hit, three wrong, one missed: the mean of the rows' own F1 would be 0.5.
    assert TYPE.aggregate(predicted, gold, "micro f1") == pytest.approx(2 / 6)


def test_the_rows_own_order_is_the_gold() -> None:
    shown = TYPE.arrange({"entities": ["b", "a"]}, Draw(7, "t", "k"), NONE)
    assert shown.gold == ["b", "a"]
    assert shown.candidates == shown.order == ()


@pytest.mark.parametrize(
    ("entities", "reason"),
    [([], "no-entities"), (None, "no-entities"), (["a", None], "null-entity")],
)
def test_a_row_that_cannot_be_laid_out_says_why(entities: Any, reason: str) -> None:
    with pytest.raises(ArrangementError) as caught:
        TYPE.arrange({"entities": entities}, Draw(7, "t", "k"), NONE)
    assert caught.value.reason == reason
