"""Whole runs, on real files: what every task's output must be, and that nothing changes a byte."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import factory
from factory.engines import LocalEngine
from factory.filters import longest_gold_share
from factory.line import compile_task, run_task
from factory.line.plan import KeyWalk, make_plan
from factory.line.run import RunResult, _facts
from factory.outputs.jsonl import read_records
from factory.recipe import Recipe, load_recipe
from factory.sources.view import prepare
from factory.tasktypes import TASK_TYPES
from tests.conftest import EXAMPLES, PRODUCTS, PROJECT, SHARED, copy_shop

TASKS = tuple(load_recipe(PROJECT / "recipes.yaml").tasks)
BY_NAME = {task_type.name: task_type for task_type in TASK_TYPES.values()}


def run(recipe: Recipe | Path, task: str, out: Path, **options: Any) -> RunResult:
    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    return run_task(loaded, task, out, options.pop("engine", LocalEngine()), **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    """Every task of the catalogue on the bundled shop, with test samples."""
    recipe = load_recipe(PROJECT / "recipes.yaml")
    tasks = {name: task.model_copy(update={"test": 20}) for name, task in recipe.tasks.items()}
    recipe = recipe.model_copy(update={"tasks": tasks})
    out = tmp_path_factory.mktemp("out")
    return {name: run(recipe, name, out) for name in TASKS}


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_parses_and_scores_full_marks(finished, task: str) -> None:
    scored_by_model = {"sent-transformer", "multilingual-sent-transformer"}
    for split in ("train", "test"):
        samples = list(factory.read_samples(finished[task].folder, split))
        assert samples
        for sample in samples:
            task_type = BY_NAME[sample.task_type]
            prediction = task_type.parse(sample.output_field)
            if sample.metric in scored_by_model:
                assert prediction == sample.gold
            else:
                score = task_type.score(prediction, sample.gold, sample.metric)
                assert score == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_ids_are_unique_and_nothing_crosses_the_splits(finished, task: str) -> None:
    train = list(factory.read_samples(finished[task].folder, "train"))
    test = list(factory.read_samples(finished[task].folder, "test"))
    ids = [sample.id for sample in train + test]
    assert len(ids) == len(set(ids))
    assert len(test) == 20
    assert not {s.split_group for s in train} & {s.split_group for s in test}
    assert {s.split for s in train} == {"train"}
    assert {s.split for s in test} == {"test"}
    shown = [{p for s in split for p in products_of(s)} for split in (train, test)]
    assert not shown[0] & shown[1]


def products_of(sample: factory.Sample) -> Iterator[str]:
    for source_id in sample.provenance.source_ids:
        kind, *parts = source_id.split(":")
        if kind in ("product", "judgement"):
            yield ":".join(parts[-2:])


@pytest.mark.parametrize("task", TASKS)
def test_no_option_repeats_and_every_sample_passed_every_filter(finished, task: str) -> None:
    for sample in factory.read_samples(finished[task].folder):
        plain = [" ".join(option.casefold().split()) for option in sample.options]
        assert len(plain) == len(set(plain))
        assert sample.verdicts
        assert all(verdict.keep for verdict in sample.verdicts)
        assert sample.provenance.licence == "Apache-2.0"


@pytest.mark.parametrize("task", TASKS)
def test_the_manifest_counts_what_is_in_the_files(finished, task: str) -> None:
    folder, manifest = finished[task].folder, finished[task].manifest
    for name, described in manifest["files"].items():
        lines = (folder / name).read_bytes().splitlines()
        assert (described["rows"], described["bytes"]) == (
            len(lines),
            (folder / name).stat().st_size,
        )
    rejected = Counter(
        (record["split"], f"{record['filter']}: {record['reason']}")
        for record in read_records(folder / "rejected.jsonl")
    )
    for split, counts in manifest["splits"].items():
        assert counts["accepted"] == manifest["files"][f"{split}.jsonl"]["rows"]
        assert counts["accepted"] == sum(s["accepted"] for s in counts["strata"].values())
        assert counts["rejected"] == {r: n for (s, r), n in sorted(rejected.items()) if s == split}


def test_gold_positions_and_labels_are_balanced(finished) -> None:
    samples = list(factory.read_samples(finished["classify_query_product_relation"].folder))
    positions = Counter(sample.gold for sample in samples)
    labels = Counter(sample.slots["answer"] for sample in samples)
    assert set(positions) == {0, 1, 2, 3}
    assert set(labels) == set("ESCI")
    # A tolerance of a quarter: no stratum is fuller than 1.25 times the scarcest.
    assert max(labels.values()) <= 1.25 * min(labels.values()) + 4
    assert max(positions.values()) <= 1.25 * min(positions.values()) + 4


@pytest.mark.parametrize(
    "task", ["task12", "classify_query_product_relation", "select_product_bullets"]
)
def test_the_longest_option_does_not_give_the_gold_away(task: str, tmp_path: Path) -> None:
    samples = factory.read_samples(run(PROJECT / "recipes.yaml", task, tmp_path).folder)
    found = longest_gold_share(samples)
    assert found.rows > 400
    assert found.holds, found


def test_retrieval_golds_stand_everywhere(finished) -> None:
    samples = list(factory.read_samples(finished["select_product_bullets"].folder))
    places = Counter(number for sample in samples for number in sample.gold)
    assert set(places) == set(range(1, 16))


class Shuffled:
    """An engine whose shards finish in a random order, all of them late."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def map_shards(self, run: Callable[[Any], Any], shards: Iterable[Any]) -> Iterator[Any]:
        rows = [row for shard in shards for row in shard]
        self._random.shuffle(rows)
        cut = self._random.randrange(1, 40)
        yield from [run(rows[start : start + cut]) for start in range(0, len(rows), cut)]


@pytest.mark.parametrize("task", TASKS)
def test_any_engine_makes_the_same_bytes(task: str, tmp_path: Path, recipe_file) -> None:
    recipe = recipe_file(**{f"{task}__size": 120, f"{task}__test": 15})
    expected = contents(run(recipe, task, tmp_path / "local").folder)
    assert contents(run(recipe, task, tmp_path / "again").folder) == expected
    for seed in range(3):
        result = run(recipe, task, tmp_path / f"shuffled{seed}", engine=Shuffled(seed))
        assert contents(result.folder) == expected
    with LocalEngine(workers=2) as engine:
        assert contents(run(recipe, task, tmp_path / "workers", engine=engine).folder) == expected


@pytest.mark.parametrize("task", TASKS)
def test_row_order_and_threads_change_nothing_in_a_view(task: str, tmp_path: Path) -> None:
    """Every view, at one and at four threads, over the same rows in another order."""
    recipe = load_recipe(PROJECT / "recipes.yaml")
    compiled = compile_task(recipe, task)
    answers = []
    for order in ("original", "shuffled"):
        folder = copy_shop(tmp_path / order, order=order)
        for threads in (1, 4):
            work = tmp_path / f"{order}{threads}"
            work.mkdir()
            with duckdb.connect(config={"threads": threads}) as connection:
                spec = compiled.source_spec
                spec.source.attach(connection, "esci", str(folder), spec.options, allow_test=False)
                connection.execute("SET schema = 'esci'")
                prepare(connection, recipe.seed, task, compiled.view_options)
                plan = make_plan(connection, compiled, work)
                walk = KeyWalk(connection, plan, size=300, tolerance=0, split="train")
                window = walk.next_window(walk.quotas)
                answers.append((plan, window, list(_facts(compiled, connection))))
    assert answers[0][2]
    assert all(answer == answers[0] for answer in answers[1:])


def test_a_hash_seed_changes_no_byte(tmp_path: Path) -> None:
    """Which null is reported first once followed the order of a set."""
    folder = copy_shop(tmp_path / "esci")
    with duckdb.connect() as connection:
        connection.execute(f"""
            CREATE TABLE p AS FROM '{folder / PRODUCTS}';
            UPDATE p SET product_title = NULL WHERE md5(product_id) < '4';
            COPY p TO '{folder / PRODUCTS}'""")
    made = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        command = [sys.executable, "-m", "factory", "run", "recipes.yaml", "--limit", "60"]
        command += [part for task in TASKS for part in ("--task", task)]
        subprocess.run(
            [*command, "--source", f"esci={folder}", "--out", str(out)],
            check=True,
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
        )
        made.append({task: contents(out / task) for task in TASKS})
    assert made[0] == made[1]
    assert all(task["rejected.jsonl"] for task in (made[0]["task12"],))


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
    recipe = load_recipe(PROJECT / "recipes.yaml").with_changes(
        paths={"esci": str(folder)}, allow_test=("esci",)
    )
    result = run(recipe, "task12", tmp_path / "out")
    (sample,) = factory.read_samples(result.folder)
    assert sample.split_group == "us:535"
    assert {part.split(":")[1] for part in sample.provenance.source_ids} == {"535"}
    assert max(sample.gold) == 1.0
    assert result.manifest["source"]["allow_test"] is True


def test_a_finished_run_is_left_alone(tmp_path: Path, recipe_file) -> None:
    recipe = recipe_file(task12__size=30)
    first = run(recipe, "task12", tmp_path / "out")
    before = {p.name: p.stat().st_mtime_ns for p in first.folder.iterdir() if p.is_file()}
    again = run(recipe, "task12", tmp_path / "out")
    assert (first.fresh, again.fresh) == (True, False)
    assert before == {p.name: p.stat().st_mtime_ns for p in first.folder.iterdir() if p.is_file()}


def test_a_run_without_its_files_is_made_again_from_its_plan(tmp_path: Path, recipe_file) -> None:
    recipe = recipe_file(task12__size=30)
    folder = run(recipe, "task12", tmp_path / "out").folder
    expected = contents(folder)
    for name in expected:
        (folder / name).unlink()
    assert run(recipe, "task12", tmp_path / "out").fresh
    assert contents(folder) == expected


def test_a_smaller_size_is_a_prefix_and_another_seed_another_choice(
    tmp_path: Path, recipe_file
) -> None:
    large = run(recipe_file(task12__size=60), "task12", tmp_path / "a").folder
    small = run(recipe_file(task12__size=20), "task12", tmp_path / "b").folder
    other = run(recipe_file(task12__size=20, seed=8), "task12", tmp_path / "c").folder
    lines = (large / "train.jsonl").read_bytes().splitlines()
    assert (small / "train.jsonl").read_bytes().splitlines() == lines[:20]
    ids = [{sample.id for sample in factory.read_samples(folder)} for folder in (small, other)]
    assert ids[0] != ids[1]


def test_test_samples_change_only_the_training_rows_that_they_touch(
    tmp_path: Path, recipe_file
) -> None:
    without = run(recipe_file(task12__size=500), "task12", tmp_path / "a").folder
    with_test = run(recipe_file(task12__size=500, task12__test=5), "task12", tmp_path / "b").folder
    kept = list(factory.read_samples(with_test))
    banned = {p for sample in factory.read_samples(with_test, "test") for p in products_of(sample)}
    groups = {sample.split_group for sample in factory.read_samples(with_test, "test")}
    expected = [
        sample.id
        for sample in factory.read_samples(without)
        if sample.split_group not in groups and not banned.intersection(products_of(sample))
    ]
    # What the test samples took is replaced from further down the order.
    assert [sample.id for sample in kept][: len(expected)] == expected
