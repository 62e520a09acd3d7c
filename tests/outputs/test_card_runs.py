"""The cards that runs leave: loaded by name, the same at every run, counted as the files are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.engines import LocalEngine
from factory.line import run_mixture, run_task
from factory.line.manifest import given
from factory.outputs.card import CARD, render_card
from factory.outputs.jsonl import read_records
from factory.recipe import load_recipe
from tests.catalogue import catalogue
from tests.outputs.card_folders import sample, write_run


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = catalogue().with_changes(limit=4)
    return run_mixture(recipe, "v9b", tmp_path_factory.mktemp("out"), LocalEngine()).folder


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Any]:
    """Return ``load_dataset`` with a cache of its own."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def loaded(folder: Path, *names: str) -> Any:
        return datasets.load_dataset(str(folder), *names, cache_dir=str(tmp_path / "cache"))

    return loaded


def run(out: Path, task: str = "task12", **changes: Any) -> Path:
    recipe = catalogue().with_changes(limit=6, **changes)
    return run_task(recipe, task, out, LocalEngine()).folder


@pytest.mark.filterwarnings("ignore")
def test_a_run_loads_by_its_folder(tmp_path: Path, load: Callable[..., Any]) -> None:
    folder = run(tmp_path)
    loaded = load(folder)
    assert set(loaded) == {"train"}
    written = list(read_records(folder / "train.jsonl"))
    assert loaded["train"]["id"][:] == [record["id"] for record in written]
    assert loaded["train"][0]["provenance"]["source_ids"] == written[0]["provenance"]["source_ids"]


@pytest.mark.filterwarnings("ignore")
def test_another_run_of_the_same_name_is_not_taken_from_the_cache(
    tmp_path: Path, load: Callable[..., Any]
) -> None:
    first = load(run(tmp_path / "a"))["train"]["id"][:]
    second = load(run(tmp_path / "b", seed=8))["train"]["id"][:]
    assert len(first) == len(second)
    assert first != second


@pytest.mark.filterwarnings("ignore")
def test_a_mixture_loads_whole_and_by_task(mixture: Path, load: Callable[..., Any]) -> None:
    tasks = json.loads((mixture / "manifest.json").read_text())["tasks"]
    assert load(mixture)["train"].num_rows == sum(each["accepted"] for each in tasks.values())
    for task in tasks:
        loaded = load(mixture, task)["train"]
        assert set(loaded["task"]) == {task}
        assert loaded.num_rows == tasks[task]["accepted"]


@pytest.mark.filterwarnings("ignore")
def test_columns_that_begin_with_nulls_and_empty_splits_load(
    tmp_path: Path, load: Callable[..., Any]
) -> None:
    rows = [sample(number, model="m" if number > 3_000 else None) for number in range(3_010)]
    manifest = write_run(tmp_path / "run", rows, test=[])
    (tmp_path / "run" / CARD).write_text(render_card(tmp_path / "run", manifest))
    loaded = load(tmp_path / "run")
    assert set(loaded) == {"train"}
    assert loaded["train"][0]["provenance"]["model"] is None
    assert loaded["train"][3_009]["provenance"]["model"] == "m"


def test_the_hub_client_reads_the_front_matter(mixture: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    data = hub.DatasetCard.load(str(mixture / CARD)).data
    assert data.pretty_name == "NVIDIA's training mixture v9b"
    assert data.license == "cc0-1.0"
    assert data.configs[0] == {
        "config_name": "default",
        "description": data.configs[0]["description"],
        "data_files": [{"split": "train", "path": "train.jsonl"}],
        "default": True,
    }


def test_languages_and_wordings_are_those_of_the_file(tmp_path: Path) -> None:
    folder = run(tmp_path)
    counts = json.loads((folder / "manifest.json").read_text())["splits"]["train"]
    records = list(read_records(folder / "train.jsonl"))
    assert counts["languages"] == Counter(record["lang"] for record in records)
    assert counts["wordings"] == Counter(record["provenance"]["wording"] for record in records)


def test_the_languages_of_a_mixture_are_those_of_the_mixed_file(mixture: Path) -> None:
    counted = json.loads((mixture / "manifest.json").read_text())["languages"]
    records = read_records(mixture / "train.jsonl")
    assert counted == {"train": Counter(record["lang"] for record in records)}


def test_a_card_is_the_same_at_every_run_and_restored_where_it_is_gone(tmp_path: Path) -> None:
    card = run(tmp_path / "a") / CARD
    written = card.read_bytes()
    assert (run(tmp_path / "b") / CARD).read_bytes() == written
    run(tmp_path / "a")
    assert card.read_bytes() == written
    card.unlink()
    run(tmp_path / "a")
    assert card.read_bytes() == written


def test_a_card_that_somebody_edited_stays_while_the_samples_do(tmp_path: Path) -> None:
    card = run(tmp_path) / CARD
    card.write_text("mine")
    run(tmp_path)
    assert card.read_text() == "mine"
    recipe = catalogue().with_changes(limit=5)
    run_task(recipe, "task12", tmp_path, LocalEngine(), fresh=True)
    assert card.with_name("README.edited.md").read_text() == "mine"
    assert "--limit 5" in card.read_text(encoding="utf-8")


def test_the_card_of_a_task_that_a_model_writes_names_it(tmp_path: Path) -> None:
    folder = run(tmp_path, "shorten_title", model="scripted")
    card = (folder / CARD).read_text(encoding="utf-8")
    assert "a model gave the answer (a pseudo-label) | `scripted` |" in card
    assert "--model scripted" in card
    assert "not named" not in card


def test_no_key_of_an_address_is_kept() -> None:
    recipe = catalogue().with_changes(
        paths={"esci": "https://me:secret@host.example/esci.parquet?signature=secret"}
    )
    kept = given(recipe, ["esci"])
    assert "secret" not in json.dumps(kept)
    assert kept["sources"] == {"esci": "https://host.example/esci.parquet?…"}
    assert given(recipe, ["shop"])["sources"] == {}


def test_the_recipe_is_named_without_its_folder(recipe_file: Callable[..., Path]) -> None:
    recipe = load_recipe(recipe_file()).with_changes(limit=3).with_changes(model="scripted")
    assert given(recipe, [])["recipe"] == "recipes.yaml"
    assert given(recipe, [])["limit"] == 3
    assert given(recipe, [])["model"] == "scripted"


def test_no_front_matter_is_longer_than_it_must_be(mixture: Path) -> None:
    head = (mixture / CARD).read_text(encoding="utf-8").split("---\n", 2)[1]
    assert yaml.safe_load(head)["dataset_info"][0]["features"][0]["name"] == "id"
    assert sum("features:" in line for line in head.splitlines()) == 5
