"""The tasks that ask a model for labels, texts and translations, over a wire with faults."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from aiohttp import web

from factory.engines import LocalEngine
from factory.line import RunResult, run_task
from factory.line.quote import quote
from factory.llm import asker as asking
from factory.llm.pool import ModelPool
from factory.recipe import Recipe, load_recipe
from tests.llm.server import Fault, error, serve

RECIPE = """\
include: [catalogue]
models:
  default: {model: m, base_url: "URL", concurrency: 8, price: {prompt: 1, completion: 2}}
"""
#: One of each way: a checked text, a label that is asked for twice, a back-check, two steps.
TASKS = ("ask_query", "name_conversation_intent", "translate_query", "choose_useful_type")
SIZE = 6


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0")
    monkeypatch.setattr(asking, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(asking, "_JITTER", 0.01)


def recipe_at(folder: Path, url: str) -> Recipe:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipes.yaml"
    path.write_text(RECIPE.replace("URL", url), encoding="utf-8")
    return load_recipe(path).with_changes(limit=SIZE)


def run(recipe: Recipe, task: str, folder: Path, out: str) -> RunResult:
    with ModelPool(recipe.models, folder / "cache") as pool:
        return run_task(recipe, task, folder / out, LocalEngine(), models=pool)


def sometimes() -> Fault:
    draw = random.Random(3)  # noqa: S311

    def fault(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        if draw.random() < 0.1:
            return error(429, retry_after="0.01")
        return error(500) if draw.random() < 0.05 else None

    return fault


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_made_over_the_wire_and_again_from_the_ledger(tmp_path: Path, task: str) -> None:
    with serve() as seen:
        recipe = recipe_at(tmp_path / "a", seen.url)
        undisturbed = run(recipe, task, tmp_path / "a", "out")
        asked = seen.requests
        again = run(recipe, task, tmp_path / "a", "again")
        assert seen.requests == asked > 0
    with serve(sometimes()) as seen:
        disturbed = run(recipe_at(tmp_path / "b", seen.url), task, tmp_path / "b", "out")
        assert seen.paid_twice == 0
    assert undisturbed.accepted == SIZE
    made = {(each.folder / "train.jsonl").read_bytes() for each in (undisturbed, again, disturbed)}
    assert len(made) == 1


@pytest.mark.parametrize("task", TASKS)
def test_a_plan_says_what_a_task_would_ask(tmp_path: Path, task: str) -> None:
    recipe = recipe_at(tmp_path, "http://127.0.0.1:9/v1")
    (quoted,) = quote(recipe, [task], tmp_path / "cache")
    assert (quoted.task, quoted.model, quoted.samples) == (task, "m", SIZE)
    assert quoted.requests > SIZE // 2
    assert quoted.cost
    assert quoted.cost > 0
