"""A judge is measured on samples whose truth is known: one that knows it scores full marks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import factory
from factory.engines import LocalEngine
from factory.errors import BudgetExceededError, OutputError, UsageError
from factory.filters import JudgeOptions
from factory.filters.rubrics import CRITERIA
from factory.line.measured import judge_options, keep_measured, measure_judge
from factory.line.run import run_task
from factory.llm import ModelSpec
from factory.llm.pool import ModelPool
from factory.recipe import Recipe, load_recipe
from tests.llm.server import Fault, serve

SAMPLES = 40


def recipe_of(url: str, **more: object) -> Recipe:
    model = {"model": "m", "base_url": url, "price": {"prompt": 1, "completion": 2}, **more}
    other = {**model, "model": "other"}
    return load_recipe("recipes.yaml").model_copy(
        update={
            "models": {
                "default": ModelSpec.model_validate(model),
                "other": ModelSpec.model_validate(other),
            }
        }
    )


def saying(score_of: Callable[[str, str], int]) -> Fault:
    """Return a judge that gives every criterion what ``score_of`` says of (model, question)."""

    def answer(_: int, body: bytes) -> web.StreamResponse:
        request = json.loads(body)
        score = score_of(request["model"], request["messages"][1]["content"])
        content = json.dumps({**dict.fromkeys(CRITERIA, score), "reason": "none"})
        return web.json_response(
            {
                "model": request["model"],
                "choices": [{"message": {"content": content}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 500, "completion_tokens": 30},
            }
        )

    return answer


@pytest.fixture
def truth(tmp_path: Path) -> Callable[[str], bool]:
    """Return what knows of every sample of task12 which answer is right."""
    recipe = load_recipe("recipes.yaml").with_changes(limit=SAMPLES)
    made = run_task(recipe, "task12", tmp_path / "truth", LocalEngine())
    right = {
        f"The prompt of the sample:\n⟦{each.input_field}⟧": f"teaches:\n⟦{each.output_field}⟧"
        for each in factory.read_samples(made.folder)
    }

    def known(question: str) -> bool:
        (prompt,) = (each for each in right if each in question)
        return right[prompt] in question

    return known


def measured(
    recipe: Recipe, folder: Path, options: JudgeOptions | None = None, **budget: float
) -> tuple[dict[str, Any], int]:
    with ModelPool(recipe.models, folder, **budget) as pool:
        options = options or judge_options(recipe, "task12", models=None, threshold=None)
        result = measure_judge(recipe, "task12", options, pool, samples=SAMPLES)
        return result, sum(usage.asked for usage in pool.bill.values())


def test_a_judge_that_knows_the_truth_scores_full_marks_and_asks_once(
    tmp_path: Path, truth: Callable[[str], bool]
) -> None:
    with serve(saying(lambda _, question: 5 if truth(question) else 2)) as server:
        recipe = recipe_of(server.url)
        first, asked = measured(recipe, tmp_path)
        again, more = measured(recipe, tmp_path)
    assert (asked, more) == (SAMPLES, 0)
    assert again == first
    figures = first["judges"]["default"]
    wrong = sum(first["planted"].values())
    assert wrong == SAMPLES // 2
    assert figures["precision"]["share"] == figures["recall"]["share"] == 1
    assert figures["recall"]["of"] == SAMPLES - wrong
    assert figures["caught"] | {"interval": 0} == {
        "hits": wrong,
        "of": wrong,
        "share": 1,
        "interval": 0,
    }
    assert set(figures["caught_by_fault"]) == {"order-reversed", "neighbours-exchanged"}
    # Below its threshold everything is kept: its precision is then the share that is right.
    assert figures["by_threshold"]["2"]["caught"]["share"] == 0
    assert figures["by_threshold"]["2"]["precision"]["hits"] == SAMPLES - wrong
    assert figures["means"]["correct"] == {"right": 5, "planted": 2}
    assert first["tokens"] == 530 * SAMPLES
    assert first["cost"] == pytest.approx((500 + 2 * 30) * SAMPLES / 1e6)


def test_of_a_panel_each_judge_and_all_together_are_measured(
    tmp_path: Path, truth: Callable[[str], bool]
) -> None:
    def score(model: str, question: str) -> int:
        return 5 if model == "other" or truth(question) else 2

    with serve(saying(score)) as server:
        recipe = recipe_of(server.url)
        options = judge_options(recipe, "task12", models=["default", "other"], threshold=3.5)
        result, _ = measured(recipe, tmp_path, options)
    judges = result["judges"]
    assert list(judges) == ["default", "other", "panel"]
    assert judges["default"]["caught"]["share"] == 1
    assert judges["other"]["caught"]["share"] == 0
    assert judges["other"]["recall"]["share"] == 1
    # Their mean of what is wrong is 3.5: at that threshold the panel keeps it.
    assert judges["panel"]["caught"]["share"] == 0
    assert judges["panel"]["by_threshold"]["4"]["caught"]["share"] == 1
    assert result["agreement"]["kappa"] == 0


def test_a_judge_without_a_judgement_keeps_nothing(tmp_path: Path) -> None:
    with serve(lambda *_: web.json_response({"error": {"message": "no"}}, status=400)) as server:
        result, _ = measured(recipe_of(server.url), tmp_path)
    assert result["no_judgement"] == SAMPLES
    figures = result["judges"]["default"]
    assert figures["precision"] == {"hits": 0, "of": 0, "share": None, "interval": None}
    assert figures["recall"]["share"] == 0


def test_a_budget_stops_a_measurement_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with serve(saying(lambda *_: 5)) as server:
        recipe = recipe_of(server.url, concurrency=1)
        with pytest.raises(BudgetExceededError):
            measured(recipe, tmp_path, budget=0.02)
        before = server.requests
        assert 0 < before < SAMPLES
        measured(recipe, tmp_path, budget=1.0)
        assert server.requests == SAMPLES


def test_samples_that_a_model_wrote_have_no_known_truth(tmp_path: Path) -> None:
    recipe = load_recipe("recipes.yaml")
    with ModelPool({}, tmp_path) as pool, pytest.raises(UsageError, match=r"task1: a model takes"):
        measure_judge(recipe, "task1", JudgeOptions.model_validate({}), pool, samples=10)


def test_the_file_keeps_one_entry_for_each_panel(tmp_path: Path) -> None:
    def entry(model: str, threshold: float) -> dict[str, Any]:
        return {"models": {"default": {"model": model}}, "threshold": threshold}

    keep_measured(tmp_path / "task12", entry("a", 3))
    keep_measured(tmp_path / "task12", entry("b", 3))
    path = keep_measured(tmp_path / "task12", entry("a", 4))
    judges = json.loads(path.read_text(encoding="utf-8"))["judges"]
    assert {name: each["threshold"] for name, each in judges.items()} == {"a": 4, "b": 3}
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="none of this project's files"):
        keep_measured(tmp_path / "task12", entry("a", 4))
    assert path.read_text(encoding="utf-8") == "mine"
