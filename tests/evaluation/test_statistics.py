"""Intervals hold what they promise, and a test of two models finds what is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.evaluation import statistics
from factory.evaluation.measures import Mean, MicroF1
from factory.evaluation.statistics import (
    SUMMARIES,
    Answered,
    Resampling,
    chance_of_no_difference,
    interval,
    value_of,
)

OVER_TASKS, OVER_QUESTIONS = SUMMARIES


def answered(task: str, **scores: list[float]) -> Answered:
    rows = {
        model: {"accuracy": np.array([[score, 1.0] for score in own])}
        for model, own in scores.items()
    }
    return Answered(task, "multiple-choice", "", [Mean("accuracy")], rows)


def test_both_overall_means_are_what_their_names_say() -> None:
    tasks = [answered("few", a=[1.0, 1.0]), answered("many", a=[0.0] * 8)]
    assert value_of("a", OVER_TASKS, tasks) == pytest.approx(0.5)
    assert value_of("a", OVER_QUESTIONS, tasks) == pytest.approx(0.2)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(0, 3))
def test_an_interval_lies_within_the_scores_and_around_the_mean_of_means(
    scores: list[float], seed: int
) -> None:
    tasks = [answered("t", a=scores)]
    values = Resampling(tasks, 200, seed).values("a", "t", "accuracy")
    low, high = interval(values)
    assert min(scores) - 1e-9 <= low <= high <= max(scores) + 1e-9
    assert abs(values.mean() - np.mean(scores)) <= 4 * np.std(scores) / np.sqrt(len(scores)) + 1e-9


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for trial in range(200):
        scores = (generator.random(120) < 0.7).astype(float).tolist()
        low, high = interval(
            Resampling([answered(f"t{trial}", a=scores)], 300, 1).values(
                "a", f"t{trial}", "accuracy"
            )
        )
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_equal_models_do_not_differ_and_a_better_one_does() -> None:
    same = [float(number % 3 == 0) for number in range(60)]
    better = [1.0 if number % 2 else score for number, score in enumerate(same)]
    tasks = [answered("x", a=same, b=same, c=better), answered("y", a=same, b=same, c=better)]
    assert chance_of_no_difference(tasks, "a", "b", OVER_TASKS, 500, 0) == 1.0
    assert chance_of_no_difference(tasks, "a", "c", OVER_TASKS, 500, 0) < 0.01
    assert chance_of_no_difference(tasks, "c", "a", OVER_QUESTIONS, 500, 0) < 0.01


def test_chance_is_not_found_where_there_is_only_chance() -> None:
    generator = np.random.default_rng(9)
    found = [
        chance_of_no_difference(
            [
                answered(
                    "t",
                    a=(generator.random(50) < 0.5).astype(float).tolist(),
                    b=(generator.random(50) < 0.5).astype(float).tolist(),
                )
            ],
            *("a", "b", OVER_TASKS, 200, 3),
        )
        for _ in range(150)
    ]
    assert sum(p < 0.05 for p in found) / len(found) < 0.11


def test_models_are_compared_on_the_same_resampled_questions() -> None:
    scores = [float(number % 4 == 0) for number in range(40)]
    resampling = Resampling([answered("t", a=scores, b=scores)], 100, 0)
    first, second = (resampling.values(model, "t", "accuracy") for model in "ab")
    assert np.array_equal(first, second)
    assert first.std() > 0


def test_an_f1_is_resampled_by_its_counts() -> None:
    rows = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]] * 20)
    task = Answered("t", "extraction", "", [MicroF1("label f1")], {"a": {"label f1": rows}})
    assert task.value("a") == pytest.approx(0.5)
    low, high = interval(Resampling([task], 400, 0).values("a", "t", "label f1"))
    assert low < 0.5 < high


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = [float(number % 3 == 0) for number in range(30)]
    tasks = [answered("t", a=scores, b=scores[::-1])]
    whole = Resampling(tasks, 64, 2).values("a", "t", "accuracy")
    p = chance_of_no_difference(tasks, "a", "b", OVER_TASKS, 64, 2)
    monkeypatch.setattr(statistics, "_CHUNK", 100)
    assert np.array_equal(whole, Resampling(tasks, 64, 2).values("a", "t", "accuracy"))
    assert p == chance_of_no_difference(tasks, "a", "b", OVER_TASKS, 64, 2)
