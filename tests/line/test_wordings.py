"""A task whose prompt a model rewords: asked once, used everywhere, the same from the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import factory
from factory.engines import LocalEngine
from factory.line import RunResult, compile_task, run_task
from factory.llm import ModelSpec
from factory.llm.pool import ModelPool
from factory.recipe import Recipe
from tests.catalogue import catalogue, sized
from tests.llm.server import Seen, serve

TASK = "choose_title_for_query"
WORDINGS = [
    "Look at the shopping query and decide which product answers this query best.",
    "A shopper needs exactly one thing: choose what fits the query.",
    "Which of the following products best matches the query?",
    "Which product is the worst answer to this query?",
    "{{ 7 * 7 }} and {query} {% raw %} which product best fits the query?",
]


def reply(texts: list[str]) -> web.Response:
    message = {"role": "assistant", "content": json.dumps({"wordings": texts})}
    return web.json_response(
        {
            "model": "writer",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1},
        }
    )


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> Iterator[tuple[Recipe, Seen]]:
    """Serve a model that writes ``texts``; yield a small recipe that asks it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    with serve(lambda number, body: reply(texts)) as seen:  # noqa: ARG005  (a fault's)
        spec = ModelSpec.model_validate({"model": "writer", "base_url": seen.url})
        yield sized(60, 0).model_copy(update={"models": {"default": spec}}), seen


def made(
    recipe: Recipe, out: Path, cache: Path, engine: LocalEngine | None = None, **options: Any
) -> RunResult:
    with ModelPool(recipe.models, cache, **options) as pool:
        return run_task(
            recipe, TASK, out, engine or LocalEngine(), models=pool, fresh=bool(options)
        )


def test_what_a_model_writes_words_some_samples_and_says_who_wrote_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(monkeypatch, WORDINGS) as (recipe, seen):
        result = made(recipe, tmp_path / "out", tmp_path)

    assert seen.requests == 1
    assert result.manifest["wordings"] == {
        "model": "writer",
        "of": "best",
        "asked": 8,
        "kept": 2,
        "dropped": {"meaning": 1, "not-written": 3, "repeated": 1, "slots": 1},
        "texts": {"llm_1": WORDINGS[0], "llm_2": WORDINGS[1]},
    }
    samples = list(factory.read_samples(result.folder))
    by_model = [s for s in samples if s.provenance.wording in ("llm_1", "llm_2")]
    assert 0 < len(by_model) < len(samples)
    for sample in samples:
        provenance = sample.provenance
        wrote = ("rewrite", "writer") if sample in by_model else (None, None)
        assert (provenance.generator, provenance.model) == wrote
        assert provenance.definition == result.manifest["definition"]
    assert {s.prompt for s in by_model} == set(WORDINGS[:2])


def test_rows_that_no_new_wording_wins_stay_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(monkeypatch, WORDINGS) as (recipe, _):
        reworded = made(recipe, tmp_path / "out", tmp_path)
    plain = made(sized(60, 0), tmp_path / "plain", tmp_path)

    before = {s.id: s.input_field for s in factory.read_samples(plain.folder)}
    after = {s.id: s for s in factory.read_samples(reworded.folder)}
    assert before.keys() == after.keys()
    for sample in after.values():
        human = not sample.provenance.wording.startswith("llm_")
        assert (sample.input_field == before[sample.id]) == human


def test_a_run_repeats_from_the_ledger_in_worker_processes_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(monkeypatch, WORDINGS) as (recipe, seen):
        first = made(recipe, tmp_path / "one", tmp_path)
        second = made(recipe, tmp_path / "two", tmp_path)
        with LocalEngine(2, preload="factory.line.build") as engine:
            third = made(recipe, tmp_path / "three", tmp_path, engine)
        again = made(recipe, tmp_path / "one", tmp_path)

    assert seen.requests == 1
    assert not again.fresh
    names = ("train.jsonl", "rejected.jsonl", "manifest.json")
    for other in (second, third):
        for name in names:
            assert (other.folder / name).read_bytes() == (first.folder / name).read_bytes()


def test_other_wordings_are_another_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with served(monkeypatch, WORDINGS[:1]) as (recipe, _):
        one = made(recipe, tmp_path / "one", tmp_path / "a")
    with served(monkeypatch, WORDINGS[1:2]) as (recipe, _):
        other = made(recipe, tmp_path / "two", tmp_path / "b")

    assert one.manifest["definition"] != other.manifest["definition"]


@pytest.mark.parametrize("texts", [[], WORDINGS[2:]])
def test_a_task_runs_in_its_human_words_where_none_holds(
    texts: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(monkeypatch, texts) as (recipe, _):
        result = made(recipe, tmp_path / "out", tmp_path)

    assert result.accepted == 60
    assert result.manifest["wordings"]["kept"] == 0
    assert sum(result.manifest["wordings"]["dropped"].values()) == 8
    assert result.manifest["definition"] == compile_task(catalogue(), TASK).definition


def test_a_task_with_wordings_asks_and_what_derives_from_its_rows_does_not() -> None:
    recipe = catalogue()
    assert recipe.asks(TASK)
    assert not recipe.asks("select_product_for_query")
    assert recipe.tasks[TASK].rows == recipe.tasks["select_product_for_query"].rows
