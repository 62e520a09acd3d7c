"""A source that changes under a run: nothing is made of two states of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from factory.engines import LocalEngine
from factory.errors import SourceError
from factory.line import run_mixture, run_task
from factory.recipe import Recipe, load_recipe
from tests.conftest import BUNDLED, PRODUCTS

RECIPE = """\
include: [catalogue]
sources: {esci: {path: SHOP}}
tasks:
  task12: {size: 30}
mixtures:
  small: {title: T, tasks: {task12: 20, write_query_for_product: 20}}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    shutil.copytree(BUNDLED, tmp_path / "shop")
    path = tmp_path / "recipes.yaml"
    path.write_text(RECIPE.replace("SHOP", str(tmp_path / "shop")))
    return load_recipe(path)


def change(shop: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * REPLACE ('Other ' || product_title AS product_title) "
            f"FROM '{shop / PRODUCTS}') TO '{shop}/new' (FORMAT parquet)"
        )
    (shop / "new").replace(shop / PRODUCTS)


def test_a_file_that_changes_under_a_run_ends_it_and_the_next_run_is_of_the_new_one(
    recipe: Recipe, tmp_path: Path
) -> None:
    def once(*_: object) -> None:
        if not (tmp_path / "changed").exists():
            (tmp_path / "changed").touch()
            change(tmp_path / "shop")

    with pytest.raises(SourceError, match=rf"{PRODUCTS}' changed while it was read"):
        run_task(recipe, "task12", tmp_path / "out", LocalEngine(), progress=once)
    folder = tmp_path / "out" / "task12"
    assert [path.name for path in folder.iterdir()] == [".work"]
    assert run_task(recipe, "task12", tmp_path / "out", LocalEngine(), progress=once).fresh
    whole = run_task(recipe, "task12", tmp_path / "whole", LocalEngine()).folder / "train.jsonl"
    assert (folder / "train.jsonl").read_bytes() == whole.read_bytes()


def test_a_file_that_is_only_touched_changes_nothing(recipe: Recipe, tmp_path: Path) -> None:
    def touch(*_: object) -> None:
        os.utime(tmp_path / "shop" / PRODUCTS)

    assert run_task(recipe, "task12", tmp_path / "out", LocalEngine(), progress=touch).accepted


def test_a_mixture_is_not_made_of_two_states_of_a_source(recipe: Recipe, tmp_path: Path) -> None:
    begun: list[str] = []

    def between(share: object) -> None:
        begun.append(str(share))
        if len(begun) == 2:
            change(tmp_path / "shop")

    with pytest.raises(SourceError, match=r"sources\.esci changed while the mixture was made"):
        run_mixture(recipe, "small", tmp_path / "out", LocalEngine(), progress=between)
    assert not (tmp_path / "out" / "small" / "train.jsonl").exists()
    assert run_mixture(recipe, "small", tmp_path / "again", LocalEngine()).manifest["tasks"]
