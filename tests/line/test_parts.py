"""A manifest says what the definition is made of, so that two runs can be told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.line import RunResult, compile_task
from factory.line.parts import parts_of
from factory.recipe import load_recipe
from factory.sources.view import PACKAGED as VIEWS
from factory.templates.compiler import PACKAGED as TEMPLATES
from tests.catalogue import sized

RecipeFile = Callable[..., Path]
TEMPLATE = "rank_products_for_query.j2"
VIEW = "query_products.sql"


def parts(recipe: Path, task: str = "task12") -> dict[str, Any]:
    return parts_of(compile_task(load_recipe(recipe), task))


def beside(recipe: Path, kind: str, file: Path, old: str, new: str) -> None:
    """Put a changed copy of a packaged file beside the recipe, where it is found first."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    folder = recipe.parent / kind
    folder.mkdir(exist_ok=True)
    (folder / file.name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_changed_wording_changes_its_own_hash_and_no_other(recipe_file: RecipeFile) -> None:
    recipe = recipe_file()
    before = parts(recipe)
    text = (TEMPLATES / TEMPLATE).read_text(encoding="utf-8")
    beside(recipe, "templates", TEMPLATES / TEMPLATE, "You help an online store", "You help a shop")
    after = parts(recipe)

    assert "You help an online store" in text
    changed = [name for name, each in before["wordings"].items() if after["wordings"][name] != each]
    assert changed == ["sort"]
    assert before["template"] != after["template"]
    assert before["view"] == after["view"]


def test_a_comment_changes_the_template_and_no_wording(recipe_file: RecipeFile) -> None:
    recipe = recipe_file()
    before = parts(recipe)
    beside(recipe, "templates", TEMPLATES / TEMPLATE, "{% extends", "{# Read me. #}\n{% extends")
    after = parts(recipe)

    assert before["wordings"] == after["wordings"]
    assert before["template"] != after["template"]


def test_a_statement_of_a_view_changes_its_own_hash(recipe_file: RecipeFile) -> None:
    recipe = recipe_file()
    before = parts(recipe)["view"]
    beside(recipe, "views", VIEWS / VIEW, "-- facts\n", "-- facts\n-- and a remark\n")
    after = parts(recipe)["view"]

    assert before["keys"] == after["keys"]
    assert before["facts"] != after["facts"]


@pytest.mark.parametrize(
    ("task", "more"),
    [
        ("task12", {"view"}),
        ("copy_answer_line", {"parent", "map"}),
        ("reason_about_units", {"view", "steps"}),
    ],
)
def test_each_part_of_a_task_is_named(recipe_file: RecipeFile, task: str, more: set[str]) -> None:
    assert set(parts(recipe_file(), task)) == {"template", "wordings"} | more


def test_the_manifest_has_the_parts(made: Callable[[str], RunResult]) -> None:
    compiled = parts_of(compile_task(sized(), "task12"))

    assert made("task12").manifest["parts"] == compiled
