"""What a task would ask: judges and later steps by wanted samples, and by what the ledger tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factory.engines import LocalEngine
from factory.filters import JudgeOptions
from factory.line import run_task
from factory.line.quote import Quote, quote, quote_judge
from factory.llm.pool import ModelPool
from factory.recipe import Recipe, load_recipe


def recipe_at(folder: Path, judge: str = "", tasks: str = "") -> Recipe:
    path = folder / "recipes.yaml"
    path.write_text(
        "include: [catalogue]\nmodels: {default: {engine: scripted}}\n"
        + (f"filters: {{judge: {judge}}}\n" if judge else "")
        + tasks,
        encoding="utf-8",
    )
    return load_recipe(path)


def quoted(recipe: Recipe, task: str, cache: Path, limit: int) -> Quote:
    return quote(recipe.with_changes(limit=limit), [task], cache)[-1]


def run(recipe: Recipe, task: str, folder: Path, limit: int) -> dict[str, Any]:
    """Run the task with the ledger of ``folder / 'cache'``; return what it asked."""
    with ModelPool(recipe.models, folder / "cache") as pool:
        out = folder / str(limit)
        run_task(recipe.with_changes(limit=limit), task, out, LocalEngine(), models=pool)
        usage = pool.bill[task, "scripted"]
        return {"asked": usage.asked, "known": usage.known, "tokens": usage.prompt_tokens}


def test_a_judge_is_quoted_for_every_sample_that_is_wanted(tmp_path: Path) -> None:
    made = quoted(recipe_at(tmp_path, "{}"), "write_query_for_product", tmp_path / "cache", 500)
    (judge,) = made.parts
    assert (judge.part, judge.requests, made.requests) == ("judge", 500, 500)
    assert judge.prompt_tokens == made.prompt_tokens
    assert judge.prompt_tokens is not None
    assert judge.prompt_tokens > 200 * 500


def test_steps_after_one_that_scripted_answers_seldom_pass_are_quoted_too(tmp_path: Path) -> None:
    made = quoted(recipe_at(tmp_path, "{}"), "choose_useful_type", tmp_path / "cache", 500)
    assert {each.part: each.requests for each in made.parts} == {
        "write": 500,
        "confirm": 1000,
        "judge": 500,
    }
    assert made.requests == 2000
    assert all(each.prompt_tokens for each in made.parts)


def test_a_small_run_tells_what_a_large_one_asks(tmp_path: Path) -> None:
    recipe = recipe_at(tmp_path)
    task = "choose_useful_type"
    run(recipe, task, tmp_path, 5)
    told = quoted(recipe, task, tmp_path / "cache", 30)
    asked = run(recipe, task, tmp_path, 30)
    assert told.requests == pytest.approx(asked["asked"] + asked["known"], rel=0.1)
    assert told.prompt_tokens == pytest.approx(asked["tokens"], rel=0.1)
    assert told.known == pytest.approx(asked["known"], rel=0.1)
    assert all(each.share is not None and each.share < 0.5 for each in told.parts)


def test_no_more_is_known_than_the_ledger_has(tmp_path: Path) -> None:
    recipe = recipe_at(tmp_path)
    asked = run(recipe, "shorten_title", tmp_path, 60)
    made = quoted(recipe, "shorten_title", tmp_path / "cache", 5_000)
    assert made.known <= asked["asked"]
    assert made.requests >= 5_000
    assert made.prompt_tokens is not None
    assert made.prompt_tokens > 50 * (5_000 - asked["asked"])


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("name_conversation_intent", "check_conversation_intent"),
        ("check_conversation_intent", "name_conversation_intent"),
        ("check_conversation_intent", "choose_conversation_intent"),
    ],
)
def test_what_a_parent_or_another_of_its_tasks_was_asked_is_known(
    tmp_path: Path, first: str, then: str
) -> None:
    recipe = recipe_at(tmp_path)
    run(recipe, first, tmp_path, 4)
    told = quoted(recipe, then, tmp_path / "cache", 4)
    assert 0 < told.known <= told.requests
    assert told.prompt_tokens is not None
    run(recipe, then, tmp_path, 4)
    again = quoted(recipe, then, tmp_path / "cache", 4)
    assert again.known > 0.9 * again.requests


def test_measuring_a_judge_is_quoted_sample_by_sample_and_asks_nothing(tmp_path: Path) -> None:
    recipe = recipe_at(tmp_path)
    chosen = {"task12": JudgeOptions(models=["default", "smoll"])}
    recipe = recipe.model_copy(
        update={"models": {**recipe.models, "smoll": recipe.models["default"]}}
    )
    made = quote_judge(recipe, chosen, 20, tmp_path / "cache")
    assert [(each.samples, each.requests) for each in made] == [(20, 20), (20, 20)]
    with ModelPool(recipe.models, tmp_path / "cache") as pool:
        assert pool.ledger.spent() == []
