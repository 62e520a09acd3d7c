"""A classifier of one's own judges samples; a recipe can ask for one and never say which code."""

from __future__ import annotations

import json
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.engines import LocalEngine
from factory.errors import RecipeError, UsageError
from factory.filters.classifier import ClassifierFilter, find_classifier
from factory.line import run_task
from factory.recipe import Recipe, load_recipe
from tests.catalogue import PROJECT
from tests.filters.samples import sample, written
from tests.test_models_cli import command

#: A classifier that is one: naive Bayes over words, learned from a few sentences of each kind.
CODE = """
import math
from collections import Counter

TRAINING = {
    "garbage": ["lorem ipsum dolor sit", "asdf qwer zxcv", "as an ai language model i cannot"],
    "good": ["rank the products for the query", "a bottle of steel", "the product title and query"],
}
WORDS = {label: Counter(" ".join(texts).split()) for label, texts in TRAINING.items()}
CALLS = []


def classify(texts):
    CALLS.append(len(texts))
    return [best(text.lower().split()) for text in texts]


def best(words):
    scores = {
        label: sum(math.log((counts[word] + 1) / (counts.total() + 50)) for word in words)
        for label, counts in WORDS.items()
    }
    label = max(scores, key=scores.get)
    odds = sum(math.exp(max(score - scores[label], -50)) for score in scores.values())
    return {"label": label, "score": 1 / odds}
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module with a naive Bayes classifier, importable here and in workers."""
    name = f"garbage_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def bound(call: Callable[[list[str]], Sequence[Any]], **options: object) -> ClassifierFilter:
    spec = {"use": "mine", "labels": ["bad"], **options}
    return ClassifierFilter.model_validate(spec).bound_to({"mine": call})


def test_a_label_drops_from_its_threshold_on_and_its_score_is_kept() -> None:
    def call(texts: list[str]) -> list[dict[str, object]]:
        return [{"label": "bad", "score": 0.7} if "x" in text else likely for text in texts]

    likely = {"label": "good", "score": 0.9}
    verdict = bound(call).judge(written("x"))
    assert (verdict.keep, verdict.reason, verdict.score) == (False, "label:bad", 0.7)
    assert verdict.detail == "bad 0.7"
    assert bound(call, threshold=0.8).judge(written("x")).score == 0.7
    kept = bound(call).judge(written("a", input_field="b"))
    assert (kept.keep, kept.score, kept.detail) == (True, 0.9, "good 0.9")


def test_all_labels_of_a_text_may_be_given_as_a_pipeline_does_with_top_k() -> None:
    def call(texts: list[str]) -> list[list[dict[str, object]]]:
        return [[{"label": "good", "score": 0.6}, {"label": "bad", "score": 0.4}] for _ in texts]

    assert bound(call, threshold=0.4).judge(sample()).reason == "label:bad"
    kept = bound(call).judge(sample())
    assert (kept.keep, kept.score) == (True, 0.4)


def test_it_reads_the_fields_that_it_is_told_in_batches() -> None:
    seen: list[list[str]] = []

    def call(texts: list[str]) -> list[dict[str, object]]:
        seen.append(texts)
        return [{"label": "good", "score": 1.0}] * len(texts)

    samples = [written(f"answer {n}", input_field=f"prompt {n}") for n in range(5)]
    bound(call, batch=2).judge_all(samples)
    assert [len(texts) for texts in seen] == [2, 2, 1]
    assert seen[0][1] == "prompt 1\nanswer 1"
    bound(call, fields=["query", "options"]).judge(sample())
    assert seen[-1][0].startswith("water bottle\nStainless Steel")
    assert bound(call).judge_all([]) == []


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ([], "returned 0 results for 1 texts"),
        ([{"label": "bad"}], "it must return a mapping with 'label' and 'score'"),
        (["bad"], "it must return a mapping"),
        ([[]], "it must return a mapping"),
        ([{"label": "bad", "score": math.nan}], "it must return a mapping"),
        (ValueError("no weights"), "failed: ValueError: no weights"),
    ],
)
def test_a_classifier_that_is_none_is_told(result: Any, complaint: str) -> None:
    def call(texts: list[str]) -> Sequence[Any]:  # noqa: ARG001
        if isinstance(result, Exception):
            raise result
        found: Sequence[Any] = result
        return found

    with pytest.raises(UsageError, match=complaint):
        bound(call).judge(sample())


def test_what_a_name_is_bound_to_is_told_by_its_code(module: str, tmp_path: Path) -> None:
    found = find_classifier("garbage", {"garbage": f"{module}:classify"})
    assert found.identity.startswith(f"{module}:classify ")
    path = tmp_path / f"{module}.py"
    path.write_text(CODE + "\n# changed\n", encoding="utf-8")
    assert find_classifier("garbage", {"garbage": f"{module}:classify"}).identity != found.identity

    class Model:
        identity = "my model, weights of May"

        def __call__(self, texts: list[str]) -> list[Any]:
            return [{"label": "good", "score": 1.0}] * len(texts)

    assert find_classifier("garbage", {"garbage": Model()}).identity == Model.identity


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        ("nowhere:classify", "cannot be imported: ModuleNotFoundError"),
        ("math:classify", "cannot be imported: AttributeError"),
        ("math:pi", "is no function: it is a float"),
        ("math", "write NAME=module:function"),
    ],
)
def test_a_place_without_a_classifier_is_told(where: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        find_classifier("garbage", {"garbage": where})


def test_an_installed_package_may_offer_classifiers(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "garbage_collector-2.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: garbage-collector\nVersion: 2.1")
    (about / "entry_points.txt").write_text(
        f"[factory.classifiers]\ngarbage = {module}:classify\nbroken = nowhere:classify\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find_classifier("garbage", {})
    assert found.identity == f"{module}:classify garbage-collector 2.1"
    assert found.call(["lorem ipsum"])[0]["label"] == "garbage"
    with pytest.raises(UsageError, match="cannot be loaded: No module named 'nowhere'"):
        find_classifier("broken", {})
    with pytest.raises(UsageError, match=r"no classifier 'garbag' \(broken, garbage\)"):
        find_classifier("garbag", {})


def recipe_with(folder: Path, **options: object) -> Recipe:
    filters = {"classifier": {"use": "garbage", "labels": ["garbage"], **options}}
    text = f"include: [catalogue]\ntasks: {{task12: {{size: 60, filters: {json.dumps(filters)}}}}}"
    path = folder / "recipes.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


def test_a_recipe_cannot_name_code(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="use"):
        recipe_with(tmp_path, use="os:system")
    recipe = recipe_with(tmp_path, use="os.system")
    with pytest.raises(UsageError, match=r"no classifier 'os\.system'"):
        run_task(recipe, "task12", tmp_path / "out", LocalEngine())
    assert not (tmp_path / "out" / "task12" / "manifest.json").exists()


def test_a_run_is_the_same_with_workers_and_says_what_judged_it(
    tmp_path: Path, module: str
) -> None:
    recipe = recipe_with(tmp_path, fields=["query"], threshold=0.6, batch=16)
    recipe = recipe.with_classifiers({"garbage": f"{module}:classify"})
    alone = run_task(recipe, "task12", tmp_path / "alone", LocalEngine())
    with LocalEngine(2) as engine:
        together = run_task(recipe, "task12", tmp_path / "together", engine)
    for name in ("train.jsonl", "rejected.jsonl", "manifest.json"):
        assert (alone.folder / name).read_bytes() == (together.folder / name).read_bytes()
    assert alone.manifest["classifier"]["use"] == "garbage"
    assert alone.manifest["classifier"]["is"].startswith(f"{module}:classify ")
    calls: list[int] = sys.modules[module].CALLS  # type: ignore[attr-defined]
    assert max(calls) == 16
    scores = [
        verdict.score
        for each in factory.read_samples(alone.folder)
        for verdict in each.verdicts
        if verdict.filter == "classifier"
    ]
    assert len(scores) == 60
    assert all(score is not None and 0.5 <= score <= 1 for score in scores)
    dropped = [
        json.loads(line)["filter"]
        for line in (alone.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert Counter(dropped)["classifier"] > 0


def test_another_classifier_is_another_run(tmp_path: Path) -> None:
    def good(texts: list[str]) -> list[dict[str, object]]:
        return [{"label": "good", "score": 1.0}] * len(texts)

    def bad(texts: list[str]) -> list[dict[str, object]]:
        return [{"label": "garbage", "score": math.pi / 4}] * len(texts)

    recipe = recipe_with(tmp_path)
    out = tmp_path / "out"
    assert len(factory.run(recipe, "task12", out, classifiers={"garbage": good})) == 60
    with pytest.raises(UsageError, match="differs in definition"):
        factory.run(recipe, "task12", out, classifiers={"garbage": bad})
    with pytest.raises(factory.errors.SourceError, match="classifier: label:garbage"):
        factory.run(recipe, "task12", out, classifiers={"garbage": bad}, fresh=True)


def test_a_function_that_cannot_travel_is_told(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path).with_classifiers({"garbage": lambda texts: [texts]})
    with LocalEngine(1) as engine, pytest.raises(UsageError, match="give it as module:function"):
        run_task(recipe, "task12", tmp_path / "out", engine)


def test_a_derived_task_is_made_of_what_its_parents_classifier_keeps(tmp_path: Path) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(
        "include: [catalogue]\n"
        "filters: {classifier: {use: garbage, labels: [garbage], fields: [text]}}\n",
        encoding="utf-8",
    )
    read: set[str] = set()

    def call(texts: list[str]) -> list[dict[str, object]]:
        read.update(texts)
        return [{"label": "garbage" if "a" in text else "good", "score": 1.0} for text in texts]

    recipe = load_recipe(path).with_changes(limit=5)
    name = next(
        each
        for each, spec in recipe.tasks.items()
        if spec.derive and spec.derive.from_ == "recognize_title_entities"
    )
    recipe = recipe.model_copy(
        update={
            "tasks": {
                **recipe.tasks,
                name: recipe.tasks[name].model_copy(
                    update={"filters": recipe.filters.model_copy(update={"classifier": None})}
                ),
            }
        }
    )
    recipe = recipe.with_classifiers({"garbage": call})
    result = run_task(recipe, name, tmp_path / "out", LocalEngine())
    assert read
    dropped = [
        json.loads(line)
        for line in (result.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert {"filter": "parent", "reason": "label:garbage"}.items() <= dropped[0].items()


def test_a_classifier_is_named_on_the_command_line(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe_with(tmp_path, fields=["query"])
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{PROJECT}")
    run = ("run", str(tmp_path / "recipes.yaml"), "--task", "task12", "--limit", "5")
    out = ("--out", str(tmp_path / "out"))
    told = command(*run, *out, code=2)
    assert "say which code it is with --classifier garbage=module:function" in told
    assert "write NAME=module:function" in command(*run, *out, "--classifier", module, code=2)
    assert "5 samples in" in command(*run, *out, "--classifier", f"garbage={module}:classify")
