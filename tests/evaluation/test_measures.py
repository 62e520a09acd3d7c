"""Scores: full marks for gold answers, none for nonsense, and what the formulas give by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from factory.evaluation.forms import form_fault
from factory.evaluation.measures import MacroF1, Measure, MicroF1, measures_of, values_of
from factory.evaluation.questions import BenchmarkQuestion
from factory.sample import Gold
from factory.tasktypes.classification import LABEL_F1

#: One question of each type and metric that needs no encoder, with an answer that is worth nothing.
QUESTIONS: list[tuple[str, str, Gold, str]] = [
    ("multiple-choice", "accuracy", 2, "the third one"),
    ("ranking", "ndcg", [1.0, 0.1, 0.0, 0.01, 0.0], "best first"),
    ("retrieval", "hit rate@3", [2, 7, 4], "two, seven and four"),
    ("named_entity_recognition", "micro f1", ["red", "a, b"], "nothing of it"),
    ("generation", "rougel", "a sturdy red kettle", "xyz"),
    ("generation", "bleu", "a sturdy red kettle for two", "xyz"),
    ("generation", "jp-bleu", "二人用の赤いやかんです。", "xyz"),
    ("classification", LABEL_F1, ["food", "service"], "weather"),
    ("entity-lines", LABEL_F1, ["Brand: Acme", "Colour: None"], "I cannot say"),
    ("extraction", LABEL_F1, ["red kettle", "two litres"], "nothing"),
    ("text", "character rougel", "赤いやかん", "xyz"),
    ("labels", LABEL_F1, '[{"kind": "type", "value": "kettle"}]', "a kettle"),
]


def question(task_type: str, metric: str, gold: Gold, *options: str) -> BenchmarkQuestion:
    return BenchmarkQuestion("q", "t", task_type, metric, "", "?", gold, options)


def value(questions: list[BenchmarkQuestion], texts: list[str]) -> dict[str, float]:
    measures = measures_of(questions)
    rows = {
        measure.name: np.array(
            [
                measure.row(each, text, each.type.parse(text))
                for each, text in zip(questions, texts, strict=True)
            ],
            dtype=float,
        )
        for measure in measures
    }
    return values_of(measures, rows)


@pytest.mark.parametrize(("task_type", "metric", "gold", "nonsense"), QUESTIONS)
def test_gold_gets_full_marks_and_nonsense_none_under_every_measure(
    task_type: str, metric: str, gold: Gold, nonsense: str
) -> None:
    metric = metric if task_type != "text" else question("text", "", gold).type.metrics[0]
    asked = question(task_type, metric, gold)
    printed = asked.type.render(gold)
    assert form_fault(asked, printed, asked.type.parse(printed)) == ""
    assert value([asked], [printed]) == pytest.approx(dict.fromkeys(value([asked], [printed]), 1.0))
    # ROUGE-L of a text forgives some letters; every task's own score is nothing.
    assert next(iter(value([asked], [nonsense]).values())) == 0.0
    assert set(value([asked], [""]).values()) == {0.0}
    assert form_fault(asked, "", asked.type.parse("")) == "empty"


def test_ndcg_is_that_of_the_formula() -> None:
    asked = question("ranking", "ndcg", [0.1, 1.0, 0.0])
    gains = [2**0.1 - 1, 2**1.0 - 1, 0.0]
    ideal = gains[1] + gains[0] / log2(3)
    assert value([asked], ["1,2,3"])["ndcg"] == pytest.approx(
        (gains[0] + gains[1] / log2(3)) / ideal
    )
    # Two of three, the best first: what is missing was worth nothing.
    assert value([asked], ["2,1"])["ndcg"] == pytest.approx(1.0)
    assert form_fault(asked, "2,1", [2, 1]) == "no-permutation"


def test_micro_f1_sums_counts_over_questions_and_a_repetition_is_wrong() -> None:
    kind = "named_entity_recognition"
    asked = [question(kind, "micro f1", ["red", "blue"]), question(kind, "micro f1", ["tin"])]
    # 1 hit, 1 false, 1 missed; then 1 hit and 1 repetition: 2*2 / (2*2 + 2 + 1)
    assert value(asked, ["Red, green", "tin, tin"])["micro f1"] == pytest.approx(4 / 7)


def test_macro_f1_counts_rare_classes_like_common_ones() -> None:
    asked = [question("classification", LABEL_F1, [gold]) for gold in ("a", "a", "a", "b")]
    found = value(asked, ["a", "a", "a", "a"])
    assert found[LABEL_F1] == pytest.approx(3 / 4)
    # a: 3 hits, 1 false; b: 1 missed
    assert found["macro f1"] == pytest.approx((6 / 7 + 0) / 2)
    # A label that no answer has takes nothing from the classes that were found.
    assert value(asked, ["a", "a", "a", "c"])["macro f1"] == pytest.approx((1.0 + 0) / 2)


def test_classes_of_entity_lines_are_their_types() -> None:
    asked = [question("entity-lines", LABEL_F1, ["Brand: Acme", "Colour: red, blue"])]
    found = value(asked, ["Brand: Acme\nColour: red"])
    assert found[LABEL_F1] == pytest.approx(2 * 2 / (2 * 2 + 0 + 1))
    assert found["macro f1"] == pytest.approx((1.0 + 2 / 3) / 2)


def test_a_class_that_a_resampled_set_lacks_does_not_count_there() -> None:
    asked = [question("classification", LABEL_F1, [gold]) for gold in ("a", "b")]
    measure: Measure = MacroF1(asked)
    rows = np.array(
        [measure.row(each, text, [text]) for each, text in zip(asked, "ab", strict=True)]
    )
    only_the_first = measure.reduce(np.array([[2.0, 0.0]]) @ rows)
    assert only_the_first == pytest.approx([1.0])


def test_every_row_of_a_measure_has_the_same_length() -> None:
    asked = [question("classification", LABEL_F1, [gold]) for gold in ("a", "b", "c")]
    for measure in (MacroF1(asked), MicroF1(LABEL_F1)):
        assert len({len(measure.row(each, "z", ["z"])) for each in asked}) == 1


@pytest.mark.parametrize(
    ("asked", "text", "fault"),
    [
        (question("multiple-choice", "accuracy", 1), "Answer: 1", "no-digit-first"),
        (question("multiple-choice", "accuracy", 1, "x", "y"), "2", "no-such-option"),
        (question("multiple-choice", "accuracy", 1, "x", "y"), " 1. y", ""),
        (question("ranking", "ndcg", [1.0, 0.0]), "1,1", "no-permutation"),
        (question("ranking", "ndcg", [1.0, 0.0]), "[2, 1].", ""),
        (question("retrieval", "hit rate@3", [3]), "1, 2", "fewer-than-three-numbers"),
        (question("retrieval", "hit rate@3", [3]), "3, 3, 1", "a-number-twice"),
        (question("classification", LABEL_F1, ["a"], "a", "b"), "C", "no-such-label"),
        (question("classification", LABEL_F1, ["a"], "a", "b"), "B", ""),
        (question("named_entity_recognition", "micro f1", ["x"]), ",,", "nothing-listed"),
        (question("generation", "rougel", "x"), "y" * 5001, "cut-at-5000-characters"),
        (question("labels", LABEL_F1, "[]"), "[" * 100_000, "nothing-listed"),
    ],
)
def test_faults_of_form_are_told_from_wrong_answers(
    asked: BenchmarkQuestion, text: str, fault: str
) -> None:
    assert form_fault(asked, text, asked.type.parse(text)) == fault
