"""A cluster of several nodes on this machine: the same bytes, also when nodes die."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.engines import LocalEngine
from factory.errors import RecipeError
from factory.line import run_mixture, run_task
from factory.recipe import Recipe, load_recipe
from tests.catalogue import PROJECT, sized
from tests.conftest import copy_shop

pytest.importorskip("ray", reason="the extra 'ray' is not installed")
# Ray leaves sockets and files to the end of the process.
pytestmark = pytest.mark.filterwarnings("default")

STORE = 100 << 20


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".work" not in path.parts
    }


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Start a head that works on nothing, and a node that does."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": STORE}
    )
    cluster.add_node(num_cpus=1, object_store_memory=STORE)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def engine(cluster: Any) -> Iterator[Any]:
    from factory.engines.ray import RayEngine

    with RayEngine(cluster.address) as engine:
        yield engine


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    shop = copy_shop(tmp_path_factory.mktemp("shop") / "esci", copies=2)
    return sized(900, 5).with_changes(paths={"esci": str(shop)})


def test_a_node_that_is_killed_on_the_way_changes_no_byte(
    cluster: Any, engine: Any, recipe: Recipe, tmp_path: Path
) -> None:
    expected = run_task(recipe, "task12", tmp_path / "local", LocalEngine())
    doomed = cluster.add_node(num_cpus=1, object_store_memory=STORE)
    killed: list[int] = []

    def progress(split: str, accepted: int, *_: object) -> None:
        if split == "train" and not killed:
            killed.append(accepted)
            cluster.remove_node(doomed, allow_graceful=False)

    found = run_task(recipe, "task12", tmp_path / "ray", engine, progress=progress)
    assert 0 < killed[0] < found.accepted
    assert contents(found.folder) == contents(expected.folder)


MIXTURE = """\
include: [catalogue]
mixtures:
  small:
    title: A small mixture
    test: 6
    tasks: {task12: 40, task15: 30, write_query_for_product: 30}
"""


def test_a_mixture_is_the_same_on_the_cluster(engine: Any, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(MIXTURE, encoding="utf-8")
    small = load_recipe(tmp_path / "recipe.yaml")
    expected = run_mixture(small, "small", tmp_path / "local", LocalEngine())
    found = run_mixture(small, "small", tmp_path / "ray", engine)
    assert contents(found.folder) == contents(expected.folder)


def doubled(number: int) -> int:
    if number == 13:
        raise RecipeError("thirteen is not doubled; leave it out")
    return number * 2


def test_results_come_in_any_order_and_no_more_is_pulled_than_is_worked_on(engine: Any) -> None:
    pulled: list[int] = []

    def shards() -> Iterator[int]:
        for number in range(1000):
            pulled.append(number)
            yield number + 100

    results = engine.map_shards(doubled, shards())
    assert next(results) % 2 == 0
    results.close()
    assert len(pulled) < 20
    assert sorted(engine.map_shards(doubled, range(5))) == [0, 2, 4, 6, 8]


def test_an_error_of_a_shard_arrives_as_it_was_raised(engine: Any) -> None:
    with pytest.raises(RecipeError, match=r"^thirteen is not doubled; leave it out$"):
        list(engine.map_shards(doubled, range(20)))


def died(number: int) -> int:
    """Die in whatever process of the cluster runs it."""
    if os.environ.get("RAY_WORKER_DIES") != "not here":
        os._exit(1)
    return number


def test_a_shard_that_kills_every_process_of_the_cluster_runs_here(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_WORKER_DIES", "not here")
    monkeypatch.setattr(engine, "_task", engine._task.options(max_retries=1))
    assert list(engine.map_shards(died, [1])) == [1]


def test_where_no_processor_is_left_this_process_goes_on_alone(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._ray, "cluster_resources", dict)
    monkeypatch.setattr(engine, "_counted", float("-inf"))
    monkeypatch.setattr(engine._ray, "wait", lambda tasks, **_: ([], tasks))
    assert sorted(engine.map_shards(doubled, range(4))) == [0, 2, 4, 6]


def test_an_address_without_a_cluster_says_so_in_one_line(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "factory", "run", "recipes.yaml", "--task", "task12"]
    done = subprocess.run(
        [*run, "--out", str(tmp_path), "--engine", "ray", "--address", "127.0.0.1:1"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: --address 127.0.0.1:1: no cluster answers there")
