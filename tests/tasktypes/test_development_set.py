"""The grammar against ShopBench's own development set, which is not part of this repository."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from factory.tasktypes import TASK_TYPES, TaskType

DEVELOPMENT = Path(__file__).parents[2].parent / "shared/data/kddcup2024_devset/development.json"
BY_NAME = {task_type.name: task_type for task_type in TASK_TYPES.values()}
COSINES = {"sent-transformer", "multilingual-sent-transformer"}

pytestmark = [
    pytest.mark.skipif(not DEVELOPMENT.exists(), reason="ShopBench's development set is absent"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("rouge_score", "MeCab")),
        reason="the extra 'eval' is not installed",
    ),
]


@pytest.fixture(scope="module")
def rows() -> list[tuple[TaskType, dict[str, Any]]]:
    lines = DEVELOPMENT.read_text(encoding="utf-8").splitlines()
    return [(BY_NAME[row["task_type"]], row) for row in map(json.loads, lines)]


def test_every_row_is_there_under_the_names_on_disk(
    rows: list[tuple[TaskType, dict[str, Any]]],
) -> None:
    counts = Counter(task_type.name for task_type, _ in rows)
    assert sum(counts.values()) == 96
    assert set(counts) == set(list(BY_NAME)[:5])  # the others are EcomInstruct's
    assert all(row["metric"] in task_type.metrics for task_type, row in rows)


def test_every_gold_prints_an_answer_that_passes_the_check(
    rows: list[tuple[TaskType, dict[str, Any]]],
) -> None:
    for task_type, row in rows:
        gold, metric = row["output_field"], row["metric"]
        text = task_type.render(gold)
        assert task_type.check(text, gold, metric) is None, (row["task_name"], text)


def test_every_gold_scores_full_marks_under_its_own_metric(
    rows: list[tuple[TaskType, dict[str, Any]]],
) -> None:
    for task_type, row in rows:
        gold, metric = row["output_field"], row["metric"]
        parsed = task_type.parse(task_type.render(gold))
        if metric in COSINES:
            # Their encoders are downloads; equal texts have equal embeddings.
            assert parsed == gold
        else:
            score = task_type.score(parsed, gold, metric)
            assert score == pytest.approx(1.0, abs=1e-6), row["task_name"]


def test_whole_tasks_score_full_marks(rows: list[tuple[TaskType, dict[str, Any]]]) -> None:
    tasks: dict[tuple[str, str], list[tuple[TaskType, Any]]] = {}
    for task_type, row in rows:
        task = tasks.setdefault((row["task_name"], row["metric"]), [])
        task.append((task_type, row["output_field"]))
    for (name, metric), members in tasks.items():
        if metric in COSINES:
            continue
        task_type = members[0][0]
        golds = [gold for _, gold in members]
        parsed = [task_type.parse(task_type.render(gold)) for gold in golds]
        assert task_type.aggregate(parsed, golds, metric) == pytest.approx(1.0, abs=1e-6), name
