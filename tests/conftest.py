"""What every test may use: the bundled shop, larger and re-ordered copies of it, small recipes."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, settings

from factory.engines import LocalEngine
from factory.line import RunResult, run_task
from tests.catalogue import PROJECT, sized

# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C.
if (
    signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes is the machine's and what else it does: no test is about that.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

SHARED = PROJECT.parent / "shared"
EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"
BUNDLED = PROJECT / "factory" / "sources" / "samples" / "esci"


@pytest.fixture
def recipe_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes recipes.yaml with changes: ``task12__size=5`` and so on.

    Changes of a task are laid over the included one.
    """

    def write(**changes: object) -> Path:
        data = yaml.safe_load((PROJECT / "recipes.yaml").read_text(encoding="utf-8"))
        for name, value in changes.items():
            if "__" in name:
                task, _, key = name.partition("__")
                data.setdefault("tasks", {}).setdefault(task, {})[key] = value
            else:
                data[name] = value
        path = tmp_path / "recipe" / "recipes.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep stores and the ledger of answers out of the user's own cache."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESHOP_FACTORY_CACHE", str(shared / "cache"))
        # On a busy machine a run may last so long that it tells how far it is.
        patch.setenv("FACTORY_PROGRESS", "off")
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunResult]:
    """Return a function that gives the run of one task on the bundled shop, made once for all.

    Several workers of pytest-xdist share the runs: whoever asks first makes it, the others wait.
    """
    root = tmp_path_factory.getbasetemp()
    shared = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "every-task"
    shared.mkdir(exist_ok=True)
    recipe = sized()

    @cache
    def run(task: str) -> RunResult:
        folder = shared / task
        with ExitStack() as stack:
            # The tables that a task needs are made with it, in folders that other tasks share.
            for name in sorted({task, *recipe.tasks[task].needs}):
                lock = stack.enter_context((shared / f"{name}.lock").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "manifest.json").is_file():
                return run_task(recipe, task, shared, LocalEngine())
            manifest = json.loads((folder / "manifest.json").read_bytes())
            return RunResult(folder, manifest, fresh=False)

    return run


def copy_shop(folder: Path, copies: int = 1, order: str = "original") -> Path:
    """Write the bundled shop ``copies`` times over, under other ids, into ``folder``.

    ``order`` is ``original`` or ``shuffled``: the same rows, elsewhere in the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by = "ORDER BY md5(x::VARCHAR)" if order == "shuffled" else ""
    number = f"(SELECT unnest(range({copies})) AS n)"
    suffix = "CASE WHEN n = 0 THEN '' ELSE '-' || n END"
    with duckdb.connect() as connection:
        connection.execute(f"""
            COPY (SELECT * FROM (
                SELECT example_id + n * 1000000 AS example_id, query || {suffix} AS query,
                    query_id + n * 1000000 AS query_id, product_id || {suffix} AS product_id,
                    product_locale, esci_label, small_version, large_version, split
                FROM '{BUNDLED / EXAMPLES}', {number}) AS x {by})
            TO '{folder / EXAMPLES}' (FORMAT parquet, ROW_GROUP_SIZE 4096)""")
        connection.execute(f"""
            COPY (SELECT * FROM (
                SELECT product_id || {suffix} AS product_id,
                    product_title || {suffix} AS product_title,
                    product_description, product_bullet_point, product_brand, product_color,
                    product_locale
                FROM '{BUNDLED / PRODUCTS}', {number}) AS x {by})
            TO '{folder / PRODUCTS}' (FORMAT parquet, ROW_GROUP_SIZE 4096)""")
    return folder


@pytest.fixture(scope="session")
def large_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of ESCI files ten times the bundled shop, for runs that take a while."""
    return copy_shop(tmp_path_factory.mktemp("large") / "esci", copies=10)
