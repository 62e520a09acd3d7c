"""Two runs compared, on real runs of the bundled shop with one thing changed between them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.engines import LocalEngine
from factory.errors import OutputError, UsageError
from factory.line import run_task
from factory.line.mixture import run_mixture
from factory.recipe import load_recipe
from factory.runs.causes import causes_between
from factory.runs.compare import diff
from factory.runs.folder import read_manifest
from factory.templates.compiler import PACKAGED as TEMPLATES

RecipeFile = Callable[..., Path]
TEMPLATE = "rank_products_for_query.j2"


def made(recipe: Path, out: Path, task: str = "task12", seed: int | None = None) -> Path:
    loaded = load_recipe(recipe)
    if seed is not None:
        loaded = loaded.model_copy(update={"seed": seed})
    return run_task(loaded, task, out, LocalEngine()).folder


@pytest.fixture
def first(recipe_file: RecipeFile, tmp_path: Path) -> Path:
    return made(recipe_file(task12__size=40), tmp_path / "first")


def edit(path: Path, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Change the records of a file; one that becomes None is left out."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [each for record in records if (each := change(record)) is not None]
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in kept]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_run_does_not_differ_from_its_copy(first: Path, tmp_path: Path) -> None:
    shutil.copytree(first, tmp_path / "copy")
    found = diff(first, tmp_path / "copy")

    assert len(found) == 0
    assert (found.same, found.samples, found.causes) == (40, (40, 40), ())


def test_a_larger_size_explains_what_was_added(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    found = diff(first, made(recipe_file(task12__size=55), tmp_path / "second"))

    assert (found.same, found.counts) == (40, {"added": 15})
    assert [(each.what, each.counts) for each in found.causes] == [
        ("size: 55 training samples are wanted, 40 were", {"added": 15})
    ]
    assert not found.unexplained


def test_a_changed_wording_explains_its_own_prompts_and_a_size_what_is_lost(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    recipe = recipe_file(task12__size=30)
    (recipe.parent / "templates").mkdir()
    text = (TEMPLATES / TEMPLATE).read_text(encoding="utf-8")
    (recipe.parent / "templates" / TEMPLATE).write_text(
        text.replace("You help an online store", "You help a shop"), encoding="utf-8"
    )
    found = diff(first, made(recipe, tmp_path / "second"))

    told = {each.what: each.counts for each in found.causes}
    changed = sum(1 for pair in found.pairs("changed") if pair.wordings == {"sort"})
    assert changed == found.counts["changed"] > 0
    assert told == {
        "size: 30 training samples are wanted, 40 were": {"lost": 10},
        f"the wording sort of {TEMPLATE} changed": {"changed": changed},
    }
    assert found.fields["prompt"] == found.fields["input_field"] == changed
    assert "output_field" not in found.fields


def test_another_seed_explains_everything(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    found = diff(first, made(recipe_file(task12__size=40), tmp_path / "second", seed=8))

    (cause,) = found.causes
    assert cause.what.startswith("the seed is 8, it was 7")
    assert cause.counts == found.counts
    assert found.counts["lost"] == found.counts["added"]
    assert found.same + found.counts.get("changed", 0) + found.counts["lost"] == 40


def test_what_a_stricter_filter_drops_is_told_with_its_reason(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    filters = {"length": {"max_tokens": 380}}
    found = diff(first, made(recipe_file(task12__size=40, filters=filters), tmp_path / "second"))

    dropped = found.counts["dropped"]
    assert dropped == found.counts["added"] > 0
    assert [name for name, _ in found.reasons] == ["length"]
    strict = next(each for each in found.causes if "filters.length.max_tokens is 380" in each.what)
    assert strict.counts["dropped"] == dropped
    assert not found.unexplained
    back = diff(tmp_path / "second" / "task12", first)
    assert back.counts["restored"] == dropped
    assert all(pair.reason and pair.before is None for pair in back.pairs("restored"))


def test_an_edited_file_is_explained_by_nothing(first: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    shutil.copytree(first, second)
    lines = (second / "train.jsonl").read_text(encoding="utf-8").splitlines()
    changed, noted, gone = (json.loads(line)["id"] for line in lines[:3])

    def change(record: dict[str, Any]) -> dict[str, Any] | None:
        if record["id"] == changed:
            record["output_field"] = "5,4,3,2,1"
        if record["id"] == noted:
            record["slots"] = json.dumps(json.loads(record["slots"]) | {"query": "another"})
        return None if record["id"] == gone else record

    edit(second / "train.jsonl", change)
    found = diff(first, second)

    kinds = {pair.id: (pair.kind, pair.fields) for pair in found.pairs()}
    assert kinds == {
        changed: ("changed", ("output_field",)),
        noted: ("noted", ("slots.query",)),
        gone: ("lost", ()),
    }
    assert found.unexplained == {"changed": 1, "lost": 1, "noted": 1}


def test_a_sample_that_changes_its_split_is_moved(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    second = made(recipe_file(task12__size=40, task12__test=10), tmp_path / "second")
    found = diff(first, second)

    moved = [pair for pair in found.pairs("moved") if "split" in pair.fields]
    assert len(moved) == found.counts["moved"] > 0
    assert found.samples == (40, 50)
    assert not found.unexplained


def test_a_table_has_a_row_for_each_sample_that_differs(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    found = diff(first, made(recipe_file(task12__size=55), tmp_path / "second"))
    table = found.to_pandas()

    assert list(table.columns) == ["id", "task", "kind", "fields", "reason"]
    assert table["kind"].value_counts().to_dict() == {"added": 15}


def test_a_manifest_without_parts_still_tells_that_the_definition_changed(first: Path) -> None:
    manifest = read_manifest(first)
    old = {name: value for name, value in manifest.items() if name != "parts"}
    (cause,) = causes_between({"task12": old | {"definition": "another"}}, {"task12": manifest})

    assert "did not record" in cause.what


def test_mixtures_are_compared_task_by_task(recipe_file: RecipeFile, tmp_path: Path) -> None:
    def mixed(task12: int, out: str) -> Path:
        tasks = {"task12": task12, "task15": 10}
        recipe = load_recipe(recipe_file(mixtures={"both": {"title": "Two", "tasks": tasks}}))
        return run_mixture(recipe, "both", tmp_path / out, LocalEngine()).folder

    first, second = mixed(10, "a"), mixed(14, "b")
    found = diff(first, second)

    assert (found.same, found.counts, found.tasks) == (20, {"added": 4}, {"task12": {"added": 4}})
    assert [each.counts for each in found.causes] == [{"added": 4}]
    with pytest.raises(UsageError, match="compare that with"):
        diff(first, second / "task12")


def test_runs_of_two_tasks_have_nothing_to_compare(
    first: Path, recipe_file: RecipeFile, tmp_path: Path
) -> None:
    other = made(recipe_file(task15__size=3), tmp_path / "second", task="task15")
    with pytest.raises(UsageError, match="compare two runs of one task"):
        diff(first, other)
    with pytest.raises(UsageError, match="not a finished run"):
        diff(first, tmp_path)


def test_a_record_that_is_none_is_told_in_one_line(first: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    shutil.copytree(first, second)
    edit(second / "train.jsonl", lambda record: {"id": record["id"], "task": record["task"]})
    with pytest.raises(OutputError, match=r"train\.jsonl, at byte 0: not a sample"):
        diff(first, second)
