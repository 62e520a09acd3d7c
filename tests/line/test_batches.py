"""The line in the Batch lane: the same bytes whatever fails or is killed, nothing sent twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.engines import LocalEngine
from factory.line import RunResult, run_task
from factory.llm.pool import ModelPool
from factory.recipe import load_recipe
from tests.catalogue import PROJECT
from tests.llm.batch_server import Faults, Seen, serve_batches

RECIPE = """\
include: [catalogue]
models:
  default:
    model: m
    base_url: "URL"
    lane: LANE
    batch: {poll: 0.05, requests: 50}
    price: PRICE
filters: FILTERS
tasks:
  label_m2_types: {size: 60}
  task1: {size: 8}
"""
FREE = "{prompt: 0, completion: 0}"
#: The port that a test's folder is served at: the next server of it is the same endpoint.
PORTS: dict[Path, int] = {}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")


def recipe_at(
    folder: Path, url: str, lane: str = "batch", price: str = FREE, filters: str = "{}"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = RECIPE.replace("URL", url).replace("LANE", lane).replace("PRICE", price)
    path = folder / "recipes.yaml"
    path.write_text(text.replace("FILTERS", filters), encoding="utf-8")
    return path


def run(
    folder: Path,
    faults: Faults | None = None,
    *,
    task: str = "label_m2_types",
    out: str = "out",
    **options: str,
) -> tuple[RunResult, Seen, ModelPool]:
    with serve_batches(faults, PORTS.get(folder, 0)) as seen:
        PORTS[folder] = int(seen.url.split(":")[2].removesuffix("/v1"))
        recipe = load_recipe(recipe_at(folder, seen.url, **options))
        with ModelPool(recipe.models, folder / "cache") as pool:
            return run_task(recipe, task, folder / out, LocalEngine(), models=pool), seen, pool


def content(result: RunResult) -> bytes:
    """Return the samples as they are in the file."""
    return (result.folder / "train.jsonl").read_bytes()


def sizes(seen: Seen) -> list[int]:
    """Return how many requests each batch had."""
    return [len(seen.requests(number)) for number in range(len(seen.batches))]


def test_the_bytes_are_those_of_the_direct_lane(tmp_path: Path) -> None:
    direct, alone, _ = run(tmp_path / "a", lane="direct")
    batched, seen, _ = run(tmp_path / "b")
    assert batched.accepted == 60
    assert content(batched) == content(direct)
    assert (batched.folder / "rejected.jsonl").read_bytes() == (
        direct.folder / "rejected.jsonl"
    ).read_bytes()
    assert (seen.direct, sum(sizes(seen))) == (0, alone.direct)
    assert set(seen.submitted.values()) == {1}


def test_a_change_of_lane_asks_nothing_and_is_no_other_run(tmp_path: Path) -> None:
    first, _, _ = run(tmp_path)
    again, seen, _ = run(tmp_path, lane="direct")
    assert not again.fresh
    elsewhere, seen, pool = run(tmp_path, lane="direct", out="elsewhere")
    assert content(elsewhere) == content(first)
    assert (seen.direct, seen.batches) == (0, [])
    assert sum(usage.asked for usage in pool.bill.values()) == 0


def test_no_more_is_asked_than_is_lacking(tmp_path: Path) -> None:
    result, seen, _ = run(tmp_path)
    dropped = sum(result.manifest["splits"]["train"]["rejected"].values())
    # All that is lacking goes up at once; then what replaces the rejected ones.
    assert sizes(seen)[:2] == [50, 10]
    assert sum(sizes(seen)) == 60 + dropped


def test_half_the_price_is_paid_and_stands_in_the_samples(tmp_path: Path) -> None:
    price = "{prompt: 1, completion: 2}"
    direct, _, alone = run(tmp_path / "a", lane="direct", price=price)
    batched, _, pool = run(tmp_path / "b", price=price)
    (paid,), (half,) = alone.bill.values(), pool.bill.values()
    assert half.cost == pytest.approx(paid.cost / 2)
    samples = zip(
        factory.read_samples(direct.folder), factory.read_samples(batched.folder), strict=True
    )
    for whole, cheaper in samples:
        assert cheaper.provenance.cost == pytest.approx(whole.provenance.cost / 2)
        assert cheaper.output_field == whole.output_field


JUDGE = "{judge: {models: [default], threshold: 1}}"


def test_a_judge_reads_what_was_written_in_the_batch_after_it(tmp_path: Path) -> None:
    direct, _, _ = run(tmp_path / "a", lane="direct", filters=JUDGE, task="task1")
    batched, seen, _ = run(tmp_path / "b", filters=JUDGE, task="task1")
    assert batched.accepted == direct.accepted
    assert content(batched) == content(direct)
    assert seen.direct == 0
    assert set(seen.submitted.values()) == {1}


def test_a_model_that_is_asked_directly_and_one_in_batches_take_turns(tmp_path: Path) -> None:
    direct, _, _ = run(tmp_path / "a", lane="direct", filters=JUDGE)
    models = "{judge: {models: [judge], threshold: 1}}"
    with serve_batches() as seen:
        path = recipe_at(tmp_path / "b", seen.url, filters=models)
        judge = f'  judge: {{model: m, base_url: "{seen.url}", price: {FREE}}}\nfilters:'
        path.write_text(path.read_text().replace("filters:", judge, 1), encoding="utf-8")
        recipe = load_recipe(path)
        with ModelPool(recipe.models, tmp_path / "cache") as pool:
            mixed = run_task(recipe, "label_m2_types", tmp_path / "o", LocalEngine(), models=pool)
    assert mixed.accepted == direct.accepted == 60
    assert seen.direct >= 60
    assert sum(sizes(seen)) >= 60


def odd(body: dict[str, Any]) -> int:
    return sum(json.dumps(body).encode()) % 7


def test_faults_change_no_byte(tmp_path: Path) -> None:
    undisturbed, _, _ = run(tmp_path / "a")

    def line(body: dict[str, Any], batch: int) -> Any:
        return {0: (429, "slow"), 1: "", 2: "{cut"}.get(odd(body)) if batch < 2 else None

    def call(_: str, number: int) -> str | None:
        return "drop" if number % 3 == 1 else None

    faults = Faults(line=line, call=call, status={2: ("expired", 0.5)})
    disturbed, seen, _ = run(tmp_path / "b", faults)
    assert len(seen.batches) > 3
    assert content(disturbed) == content(undisturbed)
    assert set(seen.answered.values()) == {1}


def test_a_refused_line_costs_its_own_row(tmp_path: Path) -> None:
    faults = Faults(line=lambda body, _: (400, "unsafe") if odd(body) == 0 else None)
    result, seen, _ = run(tmp_path, faults)
    assert result.accepted == 60
    rejected = (result.folder / "rejected.jsonl").read_text().splitlines()
    refused = [each for each in map(json.loads, rejected) if each["reason"] == "refused"]
    assert refused
    assert "HTTP 400: unsafe" in refused[0]["detail"]
    assert set(seen.submitted.values()) == {1}


def start(folder: Path, url: str, *arguments: str, **options: str) -> subprocess.Popen[bytes]:
    """Begin a run on the command line."""
    path = recipe_at(folder, url, **options)
    command = [sys.executable, "-m", "factory", "run", str(path), "--task", "label_m2_types"]
    return subprocess.Popen(
        [*command, "--out", str(folder / "out"), "--json", *arguments],
        cwd=PROJECT,
        env={**os.environ, "ESHOP_FACTORY_CACHE": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.002)


@pytest.mark.parametrize(
    "moment",
    ["GET /batches/{id}", "POST /batches", "POST /files", "GET /files/{id}/content"],
)
def test_killed_at_any_call_nothing_is_submitted_twice_and_the_bytes_are_the_same(
    tmp_path: Path, moment: str
) -> None:
    undisturbed, _, _ = run(tmp_path / "a")
    faults = Faults()
    killed: list[subprocess.Popen[bytes]] = []
    counted = {"n": 0}

    def call(name: str, _: int) -> None:
        # Killed while the call is being worked on: it is taken, and nobody hears of it.
        if name == moment and counted["n"] < 3:
            counted["n"] += 1
            if counted["n"] != 2:
                killed[-1].kill()
                killed[-1].wait(30)

    faults.call = call
    with serve_batches(faults) as seen:
        for _ in range(8):
            killed.append(start(tmp_path / "b", seen.url))
            printed, said = killed[-1].communicate(timeout=120)
            if killed[-1].returncode == 0:
                break
            assert killed[-1].returncode == -signal.SIGKILL, said
    assert len(killed) == 3
    assert json.loads(printed)[0]["manifest"]["splits"]["train"]["accepted"] == 60
    assert (tmp_path / "b/out/label_m2_types/train.jsonl").read_bytes() == content(undisturbed)
    assert set(seen.submitted.values()) == {1}


def test_an_interrupted_run_says_so_and_the_next_picks_the_batches_up(tmp_path: Path) -> None:
    faults = Faults(seconds=3600)
    with serve_batches(faults) as seen:
        waiting = start(tmp_path, seen.url)
        wait_for(lambda: seen.calls["GET /batches/{id}"] > 4)
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=30)
        assert waiting.returncode == 130
        assert b"The same command goes on from here" in said
        faults.seconds = 0
        again = start(tmp_path, seen.url)
        again.communicate(timeout=120)
        assert again.returncode == 0
        assert set(seen.submitted.values()) == {1}


def test_two_runs_at_a_time_wait_for_the_same_batches(tmp_path: Path) -> None:
    faults = Faults(seconds=3600)
    with serve_batches(faults) as seen:
        both = [start(tmp_path, seen.url, "--out", str(tmp_path / name)) for name in ("x", "y")]
        # One run has submitted, and looks; the other has had the time to.
        wait_for(lambda: seen.calls["GET /batches/{id}"] > 30)
        faults.seconds = 0
        for each in both:
            _, said = each.communicate(timeout=120)
            assert each.returncode == 0, said
        one, other = ((tmp_path / name / "label_m2_types/train.jsonl") for name in ("x", "y"))
        assert one.read_bytes() == other.read_bytes()
        assert set(seen.submitted.values()) == {1}


def test_a_budget_stops_before_it_is_passed_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    price = "{prompt: 1, completion: 2}"
    with serve_batches() as seen:
        stopped = start(tmp_path, seen.url, "--budget", "0.004", price=price)
        _, said = stopped.communicate(timeout=120)
        assert stopped.returncode == 3, said
        assert b"run again with a larger --budget" in said
        paid = sum(seen.answered.values())
        assert 0 < paid < 60
        again = start(tmp_path, seen.url, "--budget", "1", price=price)
        printed, said = again.communicate(timeout=120)
        assert again.returncode == 0, said
        assert set(seen.submitted.values()) == {1}
        assert json.loads(printed)[0]["manifest"]["splits"]["train"]["accepted"] == 60


def test_a_plan_quotes_half_the_price(tmp_path: Path) -> None:
    def quoted(lane: str) -> Any:
        path = recipe_at(tmp_path, "http://127.0.0.1:9/v1", lane, "{prompt: 1, completion: 2}")
        command = [sys.executable, "-m", "factory", "plan", str(path), "--task", "label_m2_types"]
        done = subprocess.run(
            [*command, "--json"],
            cwd=PROJECT,
            env={**os.environ, "ESHOP_FACTORY_CACHE": str(tmp_path / "cache")},
            capture_output=True,
            timeout=120,
            check=True,
        )
        return json.loads(done.stdout)[0]

    direct, batch = quoted("direct"), quoted("batch")
    assert (direct["lane"], batch["lane"]) == ("direct", "batch")
    assert batch["cost"] == pytest.approx(direct["cost"] / 2)
    assert batch["prompt_tokens"] == direct["prompt_tokens"]
    assert batch["price"] == "the recipe, halved in a batch"
