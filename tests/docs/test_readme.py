"""The README is true: its commands work in their order, its figures are those of the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue import PROJECT
from tests.docs.blocks import blocks, follow
from tests.test_models_cli import command

README = PROJECT / "README.md"


def test_every_command_works_as_it_is_written(tmp_path: Path) -> None:
    printed = follow(README, tmp_path)
    assert any("547 samples" in each for each in printed)
    assert (tmp_path / "out/task12/README.md").is_file()
    assert "The shop has 547 of them" in README.read_text(encoding="utf-8")


def test_what_is_not_run_says_why() -> None:
    left = [each for each in blocks(README) if each.language == "bash" and not each.runs]
    assert all(each.reason for each in left)


def test_every_page_of_the_documentation_is_in_its_table() -> None:
    text = README.read_text(encoding="utf-8")
    table = text[text.index("## Documentation") :]
    pages = sorted((PROJECT / "docs").glob("*.md"))
    # index.md is the site's own first page.
    assert [page.name for page in pages if f"(docs/{page.name})" not in table] == ["index.md"]


@pytest.mark.parametrize(
    ("paper", "sets"), [("nvidia", set(range(1, 39))), ("dev", set(range(1, 19)))]
)
def test_all_sets_of_a_paper_are_made(paper: str, sets: set[int]) -> None:
    assert {task[paper] for task in _listed("--paper", paper)} == sets


def test_the_figures_of_the_table_are_those_of_the_list() -> None:
    text = README.read_text(encoding="utf-8")
    asking = {task["nvidia"] for task in _listed("--paper", "nvidia", "--needs-llm")}
    assert f"all; {38 - len(asking)} need no language model" in text
    assert f"{len(_listed('--paper', 'ecom'))} tasks over products" in text
    assert f"({len(_listed('--paper', 'ecom', '--no-llm'))} ask no model)" in text


def _listed(*options: str) -> list[dict[str, Any]]:
    said = command("list", str(PROJECT / "recipes.yaml"), "--json", *options)
    listed: list[dict[str, Any]] = json.loads(said)
    return listed
