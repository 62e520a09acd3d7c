"""A shop's own data from the first command on: what ``init`` writes works, as the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from factory.api import read_samples
from factory.errors import UsageError
from factory.init import init_catalogue, init_shop
from factory.line.compile import compile_task
from factory.recipe import load_recipe

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "your-own-shop.md"
_BLOCK = re.compile(r"(?:`([\w./]+)`:\n\n)?```(bash|python|yaml)\n(.*?)```", re.DOTALL)


def test_what_init_writes_is_a_recipe_of_the_whole_catalogue(tmp_path: Path) -> None:
    written = init_shop(tmp_path / "myshop")
    assert [path.name for path in written] == [
        "recipes.yaml", "products.csv", "reviews.csv", "searches.csv",
    ]  # fmt: skip
    recipe = load_recipe(written[0])
    assert len(recipe.tasks) > 40
    assert list(recipe.sources) == ["shop"]
    for name in ("task15", "recognize_brand", "task12"):
        assert compile_task(recipe, name).source_spec.adapter == "tables"


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "recipes.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        init_shop(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["recipes.yaml"]


def test_the_projects_own_recipe_is_written_where_asked_and_has_every_task(tmp_path: Path) -> None:
    (recipe,) = init_catalogue(tmp_path / "elsewhere")
    assert recipe.read_bytes() == (ROOT / "recipes.yaml").read_bytes()
    assert load_recipe(recipe).tasks.keys() == load_recipe(ROOT / "recipes.yaml").tasks.keys()
    with pytest.raises(UsageError, match="is there already"):
        init_catalogue(tmp_path / "elsewhere")


def test_the_page_works_to_the_letter(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name, kind, body in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "yaml":
            (tmp_path / name).write_text(body, encoding="utf-8")
            continue
        commands = (
            [[sys.executable, "-c", body]]
            if kind == "python"
            else [[sys.executable, *line.split()[1:]] for line in body.splitlines()]
        )
        for command in commands:
            done = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (command, done.stderr)
    for folder in ("out", "database"):
        samples = list(read_samples(tmp_path / "myshop" / folder / "task15"))
        assert len(samples) == 20
        assert {sample.provenance.source for sample in samples} == {"shop"}
