"""A real excerpt of ESCI, where it stands beside the project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import factory
from factory.engines import LocalEngine
from factory.line import run_task
from tests.catalogue import catalogue
from tests.conftest import EXAMPLES, PRODUCTS, SHARED


def test_the_real_excerpt_of_esci_gives_a_valid_sample(tmp_path: Path) -> None:
    excerpt = SHARED / "data" / "esci"
    if not excerpt.is_dir():
        pytest.skip("the real excerpt stands beside the project only where it is developed")
    folder = tmp_path / "esci"
    folder.mkdir()
    shutil.copy(excerpt / "shopping_queries_dataset_examples.sample16.parquet", folder / EXAMPLES)
    shutil.copy(
        excerpt / "shopping_queries_dataset_products.sample16_renamed_from_vespa.parquet",
        folder / PRODUCTS,
    )
    recipe = catalogue().with_changes(paths={"esci": str(folder)}, allow_test=("esci",))
    result = run_task(recipe, "task12", tmp_path / "out", LocalEngine())
    (sample,) = factory.read_samples(result.folder)
    assert sample.split_group == "us:535"
    assert {part.split(":")[1] for part in sample.provenance.source_ids} == {"535"}
    assert max(sample.gold) == 1.0
    assert result.manifest["source"]["allow_test"] is True
