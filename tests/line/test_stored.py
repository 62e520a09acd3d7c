"""Shards that go over storage: the same bytes, and what is finished is not made again."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.engines import LocalEngine
from factory.engines.storage import Storage
from factory.errors import OutputError, UsageError
from factory.filters import write_index
from factory.line import compile_task, run_task
from factory.line.build import SampleBuilder
from factory.line.facts import read_facts
from factory.line.stored import (
    StoredBuilder,
    StoredShard,
    made_of,
    read_stored,
    store_facts,
    stored_builder,
)
from factory.line.task import with_benchmarks
from factory.recipe import load_recipe
from tests.catalogue import catalogue, sized
from tests.conftest import copy_shop

#: Every way that facts take: rows, what a mapper makes of them, records that are combined.
TASKS = ("task15", "judge_answerability", "match_description_across_languages", "check_answer_line")


DECONTAMINATED = """\
include: [catalogue]
benchmarks: {seen: {file: seen.txt}}
filters: {decontamination: {against: [seen]}}
tasks:
  task12: {size: 60}
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_shop(tmp_path_factory.mktemp("shop") / "esci", copies=3)


def stopping(after: int) -> Any:
    """Return a progress that stops the run at its so-and-so-many-eth shard, as Ctrl-C does."""
    told: Iterator[int] = iter(range(after))

    def progress(*_: object) -> None:
        if next(told, None) is None:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("task", TASKS)
def test_facts_over_storage_make_the_same_bytes_and_leave_nothing_behind(
    task: str, tmp_path: Path
) -> None:
    recipe = sized(12, 3)
    handed = run_task(recipe, task, tmp_path / "handed", LocalEngine())
    stored = run_task(recipe, task, tmp_path / "stored", LocalEngine(storage="memory://shards"))
    assert contents(stored.folder) == contents(handed.folder)
    files, root = Storage("memory://shards")._opened
    assert not files.find(root)


def test_a_run_that_was_stopped_takes_finished_shards_from_their_markers(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = sized(1500, 0).with_changes(paths={"esci": str(shop)})
    whole = run_task(recipe, "task12", tmp_path / "whole", LocalEngine())
    engine = LocalEngine(storage=str(tmp_path / "storage"))
    with pytest.raises(KeyboardInterrupt):
        run_task(recipe, "task12", tmp_path / "stopped", engine, progress=stopping(3))
    finished = sorted((tmp_path / "storage").rglob("*.made.parquet"))
    assert len(finished) == 4
    # One was hit by a fault of the disk: it is known, and made again.
    damaged = bytearray(finished[0].read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    finished[0].write_bytes(damaged)
    facts = min((tmp_path / "storage").rglob("*.facts.parquet"))
    facts.write_bytes(b"")
    built: list[int] = []
    packed = SampleBuilder.packed

    def counted(self: SampleBuilder, rows: Any) -> Any:
        rows = list(rows)
        built.append(len(rows))
        return packed(self, rows)

    monkeypatch.setattr(SampleBuilder, "packed", counted)
    again = run_task(recipe, "task12", tmp_path / "stopped", engine)
    assert contents(again.folder) == contents(whole.folder)
    made = whole.manifest["splits"]["train"]
    shards = -(-(made["accepted"] + sum(made["rejected"].values())) // 256)
    assert len(built) == shards - len(finished) + 1
    assert not list((tmp_path / "storage").rglob("*.parquet"))


def test_another_seed_finds_no_markers_of_the_first(tmp_path: Path) -> None:
    engine = LocalEngine(storage="")
    with pytest.raises(KeyboardInterrupt):
        run_task(sized(60, 0), "task12", tmp_path / "a", engine, progress=stopping(0))
    left = tmp_path / "a" / "task12" / ".work" / "shards"
    assert list(left.glob("*.made.parquet"))
    other = sized(60, 0, seed=8)
    again = run_task(other, "task12", tmp_path / "a", engine, fresh=True)
    assert contents(again.folder) == contents(
        run_task(other, "task12", tmp_path / "b", LocalEngine()).folder
    )
    assert not left.exists()


def test_what_parquet_does_not_give_back_travels_as_text(tmp_path: Path) -> None:
    facts = """
        SELECT key, split_group, 170141183460469231731687303715884105727::HUGEINT AS huge,
            [1::HUGEINT, NULL] AS listed, {'a': 2::UHUGEINT, 'b': 'x, "y"'} AS record,
            INTERVAL 3 DAY AS days, '101'::BIT AS bits, 1.50::DECIMAL(9, 3) AS price,
            DATE '2026-11-27' AS day, MAP {'k': 1} AS pairs, NULL AS nothing, 0.1::DOUBLE AS tenth,
            'a'::ENUM ('a', 'b') AS letter, TIMESTAMP_NS '2026-11-27 01:02:03.000000004' AS at
        FROM chosen
    """
    task = compile_task(catalogue(), "task12")
    view = replace(task.view, facts=facts)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE chosen AS SELECT 7 + n AS ordinal, 'k' || n AS key, 'g' AS split_group "
            "FROM range(300) AS t(n)"
        )
        rows = [row for shard in read_facts(view, connection, grouped=False) for row in shard]
        shards = list(
            store_facts(
                *(view, connection, Storage(str(tmp_path / "shards")), b"run"),
                aside=tmp_path,
                grouped=False,
            )
        )
    read = [row for shard in shards for row in read_stored(shard)]
    assert len(shards) == 2
    assert read == rows
    assert [[type(v) for v in row.values()] for row in read] == [
        [type(v) for v in row.values()] for row in rows
    ]


def test_a_machine_with_other_versions_does_not_take_part(tmp_path: Path) -> None:
    recipe = catalogue()
    task = compile_task(recipe, "task12")
    builder = SampleBuilder(recipe, task, "train")
    other = StoredBuilder(builder, {**made_of(builder), "jinja2": "2.0"})
    shard = StoredShard(Storage(str(tmp_path)), "name", (), (), None)
    with pytest.raises(UsageError, match=r"has jinja2 3.*the driver has 2\.0"):
        other.packed(shard)


def test_the_index_of_benchmarks_comes_along_where_machines_see_no_folder_of_the_driver(
    tmp_path: Path,
) -> None:
    (tmp_path / "recipe.yaml").write_text(DECONTAMINATED, encoding="utf-8")
    (tmp_path / "seen.txt").write_text("one line of a benchmark that nothing here repeats\n")
    recipe = load_recipe(tmp_path / "recipe.yaml")
    index = write_index(recipe.benchmarks, tmp_path / "index", recipe.folder)
    task = with_benchmarks(compile_task(recipe, "task12"), index)
    folder = Storage("memory://index")
    stored = stored_builder(SampleBuilder(recipe, task, "train", index), folder, index)
    travelled = pickle.dumps(stored)
    shutil.rmtree(index)
    there = pickle.loads(travelled)  # noqa: S301
    assert there.made_of == stored.made_of == made_of(there.builder)
    assert str(tmp_path) not in there.builder.task.filters[-1]._folder


def test_a_shard_that_a_machine_cannot_see_says_so(tmp_path: Path) -> None:
    shard = StoredShard(Storage(str(tmp_path)), "name", ("ordinal",), ("BIGINT",), None)
    with pytest.raises(OutputError, match=r"a shard cannot be read .*can every machine see it\?"):
        read_stored(shard)
