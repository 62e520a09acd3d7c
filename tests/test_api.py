"""The package in a program's hands: the verbs of the command line, as functions."""

from __future__ import annotations

import json
import pkgutil
import re
from pathlib import Path

import pytest

import factory
from factory.errors import BudgetExceededError, UsageError


@pytest.fixture(scope="module")
def recipe() -> factory.Recipe:
    return factory.load_recipe("recipes.yaml").with_changes(limit=12)


@pytest.fixture(scope="module")
def run(recipe: factory.Recipe, tmp_path_factory: pytest.TempPathFactory) -> factory.Run:
    return factory.run(recipe, "task12", tmp_path_factory.mktemp("out"))


def test_every_public_name_is_there_and_no_module_takes_its_place():
    modules = {each.name for each in pkgutil.iter_modules(factory.__path__)}
    for name in factory.__all__:
        assert getattr(factory, name).__doc__

    # A module, once imported, is an attribute of its package and would hide the name.
    assert not modules & set(factory.__all__)


def test_every_public_name_is_in_the_reference():
    page = Path("docs/reference/api.md").read_text(encoding="utf-8")
    written = set(re.findall(r"^::: factory\.\S+\.(\w+)$", page, re.MULTILINE))
    assert set(factory.__all__) <= written


def test_a_run_is_in_ones_hands_once_it_is_made(run):
    assert (run.name, len(run)) == ("task12", 12)
    assert [each.id for each in run] == [each.id for each in factory.read_samples(run)]


def test_a_mixture_is_made_as_a_task_is(recipe, tmp_path):
    mixture = factory.run(recipe.with_changes(limit=4), mixture="v9b", out=tmp_path)

    assert mixture.folder == tmp_path / "v9b"
    assert mixture.is_mixture
    assert len(mixture) == sum(len(each) for each in mixture.tasks.values())


@pytest.mark.parametrize("named", [{}, {"task": "task12", "mixture": "v9b"}])
def test_a_task_or_a_mixture_is_named_and_not_both(recipe, tmp_path, named):
    with pytest.raises(UsageError, match="not both"):
        factory.run(recipe, out=tmp_path, **named)
    with pytest.raises(UsageError, match="not both"):
        factory.plan(recipe, **named)


def test_money_is_asked_for_first_and_a_budget_holds(tmp_path):
    source = Path("recipes.yaml").read_text(encoding="utf-8")
    path = tmp_path / "recipes.yaml"
    path.write_text(
        f"{source}\nmodels:\n  default: {{model: m, base_url: 'http://127.0.0.1:9', "
        "price: {prompt: 1.0, completion: 1.0}}\n",
        encoding="utf-8",
    )
    recipe = factory.load_recipe(path).with_changes(limit=3)

    quotes = factory.plan(recipe, ["task12", "task1"])
    assert {each.task for each in quotes} >= {"task1"}
    assert all(each.cost > 0 for each in quotes)
    with pytest.raises(BudgetExceededError):
        factory.run(recipe, "task1", tmp_path / "out", budget=0.0)


def test_a_run_goes_on_to_a_page_a_format_and_the_hub(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)

    page = factory.write_report(run, tmp_path / "page.html")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    exported = factory.export(run, "messages", out=tmp_path)
    assert [each.id for each in factory.read_export(exported)] == [each.id for each in run]
    pushed = factory.push(run, "somebody/task12", dry_run=True)
    assert {"train.jsonl", "README.md"} <= {each.name for each in pushed.changes.send}


def test_models_are_scored_on_a_run(run, tmp_path):
    told = []
    results = factory.evaluate(
        *(run, ["scripted", "again=scripted"], tmp_path),
        split="train",
        watch=lambda *said: told.append(said),
    )

    assert list(results["models"]) == ["scripted", "again"]
    assert results == json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert told[-1] == ("again", 12, 12)
