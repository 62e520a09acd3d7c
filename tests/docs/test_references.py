"""The generated pages say what the program says: none is stale, and nothing is left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from factory.cli import app
from factory.generators import RECORD_MAPS, STEPS
from factory.recipe import Recipe
from factory.sources import SOURCES
from factory.tasktypes import TASK_TYPES
from tests.catalogue import COVER, PROJECT, catalogue
from website.build import stale
from website.command_line import Verb, verbs
from website.loaded import loaded_from_elsewhere
from website.markdown import code, fence, table, text
from website.recipe_keys import Examples, keys
from website.recipe_keys import reachable as reachable_from
from website.task_page import Catalogue, task_page

VERBS = tuple(verbs())
RECIPE_PAGE = PROJECT / "docs/reference/recipe.md"
MODELS = {
    model
    for root in (
        Recipe,
        *(source.options for source in SOURCES.values()),
        *(kind.options for kind in TASK_TYPES.values()),
        *(step.options_model for step in STEPS.values()),
        *(record_map.options for record_map in RECORD_MAPS.values()),
    )
    for model in reachable_from(root)
}


def test_the_kept_pages_are_what_the_program_says() -> None:
    assert not stale(), "run python -m website references, and commit what it writes"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_help_of_a_verb_says_what_the_page_says(verb: Verb) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "factory", *verb.name.split(), "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = " ".join(done.stdout.split())
    for each in verb.takes:
        names = [each.written] if each.positional else each.written.split(" ")[0].split(",")
        for name in names:
            assert name.strip("[]").split("/")[0] in printed, (verb.name, each.written)


def test_every_verb_of_the_program_has_its_section() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "factory", "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert {verb.name.split()[0] for verb in VERBS} <= listed
    group: Any = typer.main.get_command(app)
    assert {verb.name.split()[0] for verb in VERBS} == set(group.commands)


@pytest.mark.parametrize("model", sorted(MODELS, key=lambda model: model.__name__))
def test_every_key_of_a_recipe_says_what_it_means(model: type[BaseModel]) -> None:
    page = RECIPE_PAGE.read_text(encoding="utf-8")
    for key in keys(model, Examples()):
        assert key.meaning, f"{model.__name__}.{key.name}: give its Field a description"
        assert f"| {code(key.name)} |" in page
        assert key.kind != "any value", f"{model.__name__}.{key.name}"


def test_a_tasks_page_says_what_the_recipe_says() -> None:
    pages = Catalogue(catalogue(), {}, {})
    for name in COVER:
        page = task_page(pages, name)
        spec = catalogue().tasks[name]
        assert page.startswith(f"# {text(spec.title)}\n")
        assert f"--task {name}" in page
        for wording in pages.task(name).template.wordings:
            assert code(wording) in page
        if spec.derive is None:
            assert "-- keys" in page
            for columns in pages.task(name).view.needs.values():
                assert all(code(column) in page for column in columns)
        else:
            assert f"{spec.derive.from_}.md" in page
        if catalogue().asks(name) and spec.wordings is None:
            assert "so none is shown" in page


@given(st.text())
def test_source_text_cannot_leave_its_block(words: str) -> None:
    lines = fence(words).split("\n")
    assert not any(line.startswith(lines[0].removesuffix("text")) for line in lines[1:-1])


@given(st.text(min_size=1))
def test_a_cell_is_one_cell(words: str) -> None:
    row = table(["a", "b"], [[text(words), code(words)]]).split("\n")[2:]
    assert len(row) == 1
    unescaped = row[0].replace("\\\\", "").replace("\\|", "")
    assert unescaped.count("|") == 3


def test_what_a_page_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<a href="https://example.org">a link</a><img src="a.png">', encoding="utf-8")
    assert not list(loaded_from_elsewhere(tmp_path))
    page.write_text('<script src="https://example.org/a.js"></script>', encoding="utf-8")
    assert list(loaded_from_elsewhere(tmp_path)) == ["page.html loads https://example.org/a.js"]
