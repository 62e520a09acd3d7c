"""Same recipe, sources, seed: same bytes, whatever the threads, engine and order of rows."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

import factory
from factory.engines import LocalEngine
from factory.line import compile_task, run_task
from factory.line.facts import read_facts
from factory.line.labels import attach_labels
from factory.line.plan import KeyWalk, Plan, make_plan
from factory.line.run import RunResult
from factory.line.task import Task
from factory.recipe import Recipe, load_recipe
from factory.sources.view import prepare
from tests.catalogue import COVER, DERIVED, PROJECT, ROOTS, catalogue, sized
from tests.conftest import PRODUCTS, copy_shop

#: The order of the rows in the files, and DuckDB's threads.
WAYS = (("original", 1), ("original", 4), ("shuffled", 1), ("shuffled", 4))
#: One task of each view, and how many of its keys are asked for in one window, and in several.
VIEWED = tuple(
    {
        (each.source, each.rows): name
        for name, each in catalogue().tasks.items()
        if not each.derive
    }.values()
)
WINDOW, PARTS = 160, 4


class Table(NamedTuple):
    columns: list[str]
    rows: list[tuple[Any, ...]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def run(recipe: Recipe | Path, task: str, out: Path, **options: Any) -> RunResult:
    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    return run_task(loaded, task, out, options.pop("engine", LocalEngine()), **options)


def copied(adapter: str, folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled files of one source into ``folder``."""
    if adapter == "esci":
        return copy_shop(folder, order="shuffled" if shuffled else "original")
    files = importlib.import_module(f"tests.sources.{adapter}_files")
    copy: Path = files.copy_bundled(folder, shuffled=shuffled)
    return copy


@pytest.fixture(scope="module")
def attached(
    tmp_path_factory: pytest.TempPathFactory, made: Callable[[str], RunResult]
) -> Iterator[Callable[[Task, str, int], duckdb.DuckDBPyConnection]]:
    """Return a function that opens a task's source, with the labels that the task needs.

    Of the source's bundled rows in one order, at so many threads. A connection is one source's with
    one choice of labels, so that no test sees what another has attached.
    """
    opened: list[duckdb.DuckDBPyConnection] = []
    root = tmp_path_factory.mktemp("sources")

    @cache
    def folder(source: str, order: str) -> Path:
        adapter = catalogue().sources[source].adapter
        return copied(adapter, root / f"{source}-{order}", shuffled=order == "shuffled")

    @cache
    def open_one(
        source: str, needs: tuple[str, ...], order: str, threads: int
    ) -> duckdb.DuckDBPyConnection:
        spec = catalogue().sources[source]
        connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
        opened.append(connection)
        files = str(folder(source, order))
        spec.source.attach(connection, source, files, spec.options, allow_test=False)
        connection.execute(f"SET schema = '{source}'")
        attach_labels(connection, source, [made(need).folder for need in needs])
        return connection

    def attach(task: Task, order: str, threads: int) -> duckdb.DuckDBPyConnection:
        return open_one(task.spec.source, tuple(task.spec.needs), order, threads)

    yield attach
    for connection in opened:
        connection.close()


def planned(connection: duckdb.DuckDBPyConnection, task: Task, work: Path) -> tuple[Plan, Table]:
    """Return the task's plan and its keys, over a connection that answers other tasks too."""
    work.mkdir()
    for left in ("keys", "temp.chosen"):  # of the task before
        connection.execute(f"DROP TABLE IF EXISTS {left}")
    root = task.root
    prepare(connection, catalogue().seed, root.name, root.view_options, derived=task.name)
    plan = make_plan(connection, task, work)
    keys = connection.execute("FROM keys ORDER BY ordinal")
    return plan, Table([name for name, *_ in keys.description or ()], keys.fetchall())


def answer(
    connection: duckdb.DuckDBPyConnection, task: Task, work: Path
) -> tuple[Table, list[list[dict[str, Any]]]]:
    """Return the keys in draw order with their strata, and the facts of the first of them."""
    plan, keys = planned(connection, task, work)
    walk = KeyWalk(connection, plan, size=40, tolerance=0, split="train")
    walk.next_window(walk.quotas)
    return keys, list(read_facts(task.view, connection, grouped=bool(task.partners)))


@pytest.mark.parametrize("task", ROOTS)
def test_row_order_and_threads_change_nothing_in_a_view(
    attached: Callable[[Task, str, int], duckdb.DuckDBPyConnection], task: str, tmp_path: Path
) -> None:
    compiled = compile_task(catalogue(), task)
    answers = [
        answer(attached(compiled, order, threads), compiled, tmp_path / f"{order}{threads}")
        for order, threads in WAYS
    ]
    assert answers[0][1]
    for way, each in zip(WAYS[1:], answers[1:], strict=True):
        assert each == answers[0], way


@pytest.mark.parametrize("task", VIEWED)
def test_what_a_view_says_of_a_key_depends_on_no_other_key_of_its_window(
    attached: Callable[[Task, str, int], duckdb.DuckDBPyConnection], task: str, tmp_path: Path
) -> None:
    compiled = compile_task(catalogue(), task)
    connection = attached(compiled, "original", 4)
    planned(connection, compiled, tmp_path / "plan")

    def facts(condition: str) -> list[dict[str, Any]]:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE chosen AS SELECT *, ordinal AS rank FROM keys "
            f"WHERE ordinal <= {WINDOW} AND {condition}"
        )
        return [
            row for shard in read_facts(compiled.view, connection, grouped=False) for row in shard
        ]

    whole = facts("true")
    parts = [row for part in range(PARTS) for row in facts(f"ordinal % {PARTS} = {part}")]
    assert whole
    assert sorted(parts, key=lambda row: int(row["ordinal"])) == whole


@pytest.mark.parametrize("task", DERIVED)
def test_a_derived_task_has_the_keys_of_its_root_in_their_order(
    attached: Callable[[Task, str, int], duckdb.DuckDBPyConnection], task: str, tmp_path: Path
) -> None:
    compiled = compile_task(catalogue(), task)
    connection = attached(compiled, "original", 4)
    _, own = planned(connection, compiled, tmp_path / "own")
    _, root = planned(connection, compiled.root, tmp_path / "root")
    # Strata are a task's own: the place of its gold is drawn for itself.
    assert own.columns == root.columns
    assert own.columns[-1] == "stratum"
    assert [row[:-1] for row in own.rows] == [row[:-1] for row in root.rows]
    assert own.rows


class Shuffled:
    """An engine whose shards finish in a random order, all of them late."""

    storage = None

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def map_shards(self, run: Callable[[Any], Any], shards: Iterable[Any]) -> Iterator[Any]:
        rows = [row for shard in shards for row in shard]
        self._random.shuffle(rows)
        cut = self._random.randrange(1, 40)
        yield from [run(rows[start : start + cut]) for start in range(0, len(rows), cut)]


@pytest.mark.parametrize("task", COVER)
def test_any_engine_makes_the_same_bytes(task: str, tmp_path: Path) -> None:
    recipe = sized(30, 5)
    expected = contents(run(recipe, task, tmp_path / "local").folder)
    for seed in range(2):
        result = run(recipe, task, tmp_path / f"shuffled{seed}", engine=Shuffled(seed))
        assert contents(result.folder) == expected
    with LocalEngine(workers=1) as engine:
        assert contents(run(recipe, task, tmp_path / "workers", engine=engine).folder) == expected


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
        command = [sys.executable, "-m", "factory", "run", "recipes.yaml", "--limit", "20"]
        command += ["--model", "scripted"]
        command += [part for task in COVER for part in ("--task", task)]
        subprocess.run(
            [*command, "--source", f"esci={folder}", "--out", str(out)],
            check=True,
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
        )
        made.append({task: contents(out / task) for task in COVER})
    assert made[0] == made[1]
    of_esci = [task for task in COVER if catalogue().tasks[task].source == "esci"]
    assert any(made[0][task]["rejected.jsonl"] for task in of_esci)


def test_a_smaller_size_is_a_prefix_and_another_seed_another_choice(tmp_path: Path) -> None:
    large = run(sized(60, 0), "task12", tmp_path / "a").folder
    small = run(sized(20, 0), "task12", tmp_path / "b").folder
    other = run(sized(20, 0, seed=8), "task12", tmp_path / "c").folder
    lines = (large / "train.jsonl").read_bytes().splitlines()
    assert (small / "train.jsonl").read_bytes().splitlines() == lines[:20]
    ids = [{sample.id for sample in factory.read_samples(folder)} for folder in (small, other)]
    assert ids[0] != ids[1]


def test_test_samples_change_only_the_training_rows_that_they_touch(tmp_path: Path) -> None:
    without = run(sized(500, 0), "task12", tmp_path / "a").folder
    with_test = run(sized(500, 5), "task12", tmp_path / "b").folder
    kept = list(factory.read_samples(with_test))
    test = list(factory.read_samples(with_test, "test"))
    banned = {each for sample in test for each in products_of(sample)}
    groups = {sample.split_group for sample in test}
    expected = [
        sample.id
        for sample in factory.read_samples(without)
        if sample.split_group not in groups and not banned.intersection(products_of(sample))
    ]
    # What the test samples took is replaced from further down the order.
    assert [sample.id for sample in kept][: len(expected)] == expected


def products_of(sample: factory.Sample) -> Iterator[str]:
    for source_id in sample.provenance.source_ids:
        kind, *parts = source_id.split(":")
        if kind in ("product", "judgement"):
            yield ":".join(parts[-2:])
