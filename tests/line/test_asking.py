"""The line of tasks that ask models: the same bytes whatever the endpoint does, paid once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import factory
from factory.engines import LocalEngine
from factory.errors import BudgetExceededError, ModelError, RecipeError
from factory.line import RunResult, run_task
from factory.llm import asker as asking
from factory.llm.pool import ModelPool
from factory.recipe import load_recipe
from tests.catalogue import PROJECT
from tests.llm.server import Fault, Seen, error, serve

SECRET = "sk-planted-key-0123456789"  # noqa: S105  (planted)
#: Rows in flight.
WIDTH = 12
RECIPE = """\
include: [catalogue]
models:
  default: {model: m, base_url: "URL", concurrency: 12, price: {prompt: 1, completion: 2}}
tasks:
  label_m2_types: {size: SIZE}
  task1: {size: 8}
"""


#: The port that a test's folder is served at.
PORTS: dict[Path, int] = {}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr(asking, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(asking, "_JITTER", 0.01)


def recipe_at(folder: Path, url: str, size: int = 60, **changes: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = RECIPE.replace("URL", url).replace("SIZE", str(size))
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "recipes.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def run(
    folder: Path,
    fault: Fault | None = None,
    *,
    task: str = "label_m2_types",
    size: int = 60,
    cache: str = "cache",
    budget: float | None = None,
    fresh: bool = False,
) -> tuple[RunResult, Seen]:
    with serve(fault, latency=0.002, port=PORTS.get(folder, 0)) as seen:
        # The next server of this folder is the same endpoint.
        PORTS[folder] = int(seen.url.split(":")[2].removesuffix("/v1"))
        recipe = load_recipe(recipe_at(folder, seen.url, size))
        with _pool(recipe.models, folder / cache, budget, fresh) as pool:
            return run_task(recipe, task, folder / "out", LocalEngine(), models=pool), seen


def _pool(models: Any, cache: Path, budget: float | None, fresh: bool) -> ModelPool:
    return ModelPool(models, cache, budget=budget, fresh=fresh)


def content(result: RunResult) -> bytes:
    """Return the samples as they are in the file."""
    return (result.folder / "train.jsonl").read_bytes()


def faults(seed: int, **shares: float) -> Fault:
    draw = random.Random(seed)  # noqa: S311

    def fault(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        for status, share in shares.items():
            if draw.random() < share:
                if status == "cut":
                    return web.Response(text='{"choices": [{"mess')
                return error(int(status.removeprefix("e")), retry_after="0.01")
        return None

    return fault


def test_samples_say_who_wrote_them_and_what_it_took(tmp_path: Path) -> None:
    result, seen = run(tmp_path)
    samples = list(factory.read_samples(result.folder))
    assert len(samples) == 60
    assert seen.most_in_flight <= 12
    for sample in samples:
        provenance = sample.provenance
        assert (provenance.generator, provenance.model) == ("label", "m")
        assert provenance.tokens > 0
        assert provenance.cost == pytest.approx(provenance.cost)
        assert provenance.prompt_hash
        assert json.loads(str(sample.gold))[0]["kind"] == "type"


def test_little_more_is_asked_than_is_needed(tmp_path: Path) -> None:
    _, seen = run(tmp_path)
    rejected = (tmp_path / "out/label_m2_types/rejected.jsonl").read_bytes().count(b"\n")
    assert seen.requests <= 60 + rejected + 40


def test_a_table_is_made_before_the_task_that_needs_it(tmp_path: Path) -> None:
    result, seen = run(tmp_path, task="task1", size=40)
    assert (tmp_path / "out" / "label_m2_types" / "manifest.json").is_file()
    table = {s.output_field for s in factory.read_samples(tmp_path / "out" / "label_m2_types")}
    for sample in factory.read_samples(result.folder):
        assert any(sample.slots["product_type"] in row for row in table)
    asked = seen.requests
    again, seen = run(tmp_path, task="task1", size=40)
    assert asked > 0
    assert seen.requests == 0
    assert content(again) == content(result)


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_change_no_byte_and_lose_no_row(tmp_path: Path, seed: int) -> None:
    undisturbed, _ = run(tmp_path / "a")
    disturbed, seen = run(tmp_path / "b", faults(seed, e429=0.1, e500=0.1, cut=0.05))
    assert seen.requests > 60
    assert content(disturbed) == content(undisturbed)
    assert seen.paid_twice == 0


def test_a_request_that_is_due_again_later_leaves_its_place_to_another(tmp_path: Path) -> None:
    times: list[float] = []

    def fault(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        times.append(time.monotonic())
        return error(503, retry_after="1") if number < WIDTH else None

    _, seen = run(tmp_path, fault)
    assert seen.requests > 2 * WIDTH
    assert times[WIDTH] - times[0] < 0.9, "nobody was asked while all places rested"


def test_a_refused_request_costs_its_own_row(tmp_path: Path) -> None:
    def fault(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        return error(400, "unsafe") if sum(body) % 7 == 0 else None

    result, _ = run(tmp_path, fault)
    assert result.accepted == 60
    refused = [
        record
        for line in (result.folder / "rejected.jsonl").read_text().splitlines()
        if (record := json.loads(line))["reason"] == "refused"
    ]
    assert refused
    assert {record["filter"] for record in refused} == {"generate.label"}
    assert "HTTP 400: unsafe" in refused[0]["detail"]


def test_an_endpoint_that_stops_answering_leaves_a_run_to_be_resumed(tmp_path: Path) -> None:
    undisturbed, _ = run(tmp_path / "a")

    def tired(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        return error(401, f"revoked {SECRET}") if number >= 30 else None

    with pytest.raises(ModelError, match="does not answer requests") as failed:
        run(tmp_path / "b", tired)
    assert SECRET not in str(failed.value)
    assert not (tmp_path / "b/out/label_m2_types/train.jsonl").exists()
    resumed, _ = run(tmp_path / "b")
    assert content(resumed) == content(undisturbed)


def test_a_budget_stops_the_run_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with serve() as seen:
        recipe = load_recipe(recipe_at(tmp_path, seen.url))
        with (
            _pool(recipe.models, tmp_path / "cache", 0.003, False) as pool,
            pytest.raises(BudgetExceededError, match="run again with a larger --budget"),
        ):
            run_task(recipe, "label_m2_types", tmp_path / "out", LocalEngine(), models=pool)
        paid = sum(seen.answered.values())
        assert 0 < paid < 60
        with _pool(recipe.models, tmp_path / "cache", 1.0, False) as pool:
            result = run_task(
                recipe, "label_m2_types", tmp_path / "out", LocalEngine(), models=pool
            )
        assert result.accepted == 60
        assert seen.paid_twice == 0


def test_an_edited_prompt_asks_again_and_nothing_else_does(tmp_path: Path) -> None:
    with serve() as seen:
        path = recipe_at(tmp_path, seen.url)
        packaged = PROJECT / "factory/templates/prompts/label_product_type.j2"
        prompts = tmp_path / "prompts"
        prompts.mkdir()
        (prompts / packaged.name).write_text(packaged.read_text(encoding="utf-8"))

        runs = count()

        def again(size: int) -> tuple[int, int]:
            """Return how many requests a run made, and how many rows it decided on."""
            before = seen.requests
            recipe = load_recipe(recipe_at(tmp_path, seen.url, size))
            with _pool(recipe.models, tmp_path / "cache", None, False) as pool:
                out = tmp_path / f"out{next(runs)}"
                made = run_task(recipe, "label_m2_types", out, LocalEngine(), models=pool)
            counts = made.manifest["splits"]["train"]
            rows = counts["accepted"] + sum(counts["rejected"].values())
            return seen.requests - before, rows

        assert path.is_file()
        asked, rows = again(60)
        assert asked == rows >= 60
        assert again(60) == (0, rows)
        # A few more samples ask for the rows that they need, and for no other.
        more, rows_of_more = again(63)
        assert more == rows_of_more - rows
        (prompts / packaged.name).write_text(
            packaged.read_text(encoding="utf-8").replace("one to four words", "one or two words")
        )
        assert again(60)[0] >= 60


def test_no_secret_in_any_file(tmp_path: Path) -> None:
    run(tmp_path, faults(3, e429=0.1))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        assert SECRET.encode() not in path.read_bytes()


def test_killed_at_ten_moments_the_bytes_are_the_same_and_nothing_is_paid_twice(
    tmp_path: Path,
) -> None:
    draw = random.Random(0)  # noqa: S311
    size = 350
    undisturbed, _ = run(tmp_path / "a", size=size)
    with serve(latency=0.03) as seen:
        path = recipe_at(tmp_path / "b", seen.url, size=size)
        command = [sys.executable, "-m", "factory", "run", str(path), "--task", "label_m2_types"]
        command += ["--out", str(tmp_path / "b" / "out"), "--json"]
        environment = {**os.environ, "ESHOP_FACTORY_CACHE": str(tmp_path / "b" / "cache")}
        answered = []

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE)

        for _ in range(10):
            process = start()
            before = seen.requests
            while seen.requests == before and process.poll() is None:
                time.sleep(0.005)
            time.sleep(draw.random() * 0.1)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL, "it was done before it was killed"
            answered.append(seen.requests - before)
        process = start()
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert json.loads(printed)[0]["manifest"]["splits"]["train"]["accepted"] == size
        assert (tmp_path / "b/out/label_m2_types/train.jsonl").read_bytes() == content(undisturbed)
        assert seen.paid_twice <= WIDTH * len(answered)
        assert seen.requests - seen.paid_twice >= size > max(answered)


STEP = "tasks:\n  mine:\n    title: T\n    source: amazon_m2\n    rows: products_to_label\n"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("{by: wirte}", r"recipes\.yaml:\d+: .*there is no step 'wirte': did you mean 'write'"),
        ("{by: write, model: gpt}", "there is no model 'gpt'"),
        ("{by: write, with: {prompt: nothing.j2}}", "there is no prompt 'nothing.j2'"),
        ("{by: write, with: {prompt: ../../x.j2}}", "is no name of a prompt"),
        (
            "{by: write, with: {prompt: explain_product_type.j2}}",
            "reads 'product_type', which no row has",
        ),
        ("{by: write, with: {prompt: label_product_type.j2, max_words: -1}}", "max_words"),
    ],
)
def test_a_step_that_cannot_work_is_told_before_anything_runs(
    tmp_path: Path, step: str, complaint: str
) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(
        f"include: [catalogue]\n{STEP}    generate: [{step}]\n    type: generation\n"
        "    template: explain_product_type.j2\n    size: 5\n"
        "    track: understanding-shopping-concepts\n",
        encoding="utf-8",
    )
    with pytest.raises(RecipeError, match=complaint):
        run_task(load_recipe(path), "mine", tmp_path / "out", LocalEngine())


def test_facts_that_repeat_a_key_are_told_of_a_task_that_asks(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "twice.sql").write_text(
        "-- needs products: product_id, locale, title\n"
        "-- keys\nSELECT min(product_id) AS key, min(product_id) AS split_group, 'us' AS locale "
        "FROM products\n"
        "-- facts\nSELECT key, locale, title AS text, ['product:us:' || key] AS source_ids "
        "FROM (SELECT chosen.key, chosen.locale, title FROM chosen "
        "JOIN (SELECT DISTINCT title FROM products LIMIT 2) ON true)\n",
        encoding="utf-8",
    )
    with serve() as seen:
        changed = {"label_m2_types: {size: 3}": "label_m2_types: {size: 3, rows: twice}"}
        recipe = load_recipe(recipe_at(tmp_path, seen.url, 3, **changed))
        with (
            _pool(recipe.models, tmp_path / "cache", None, False) as pool,
            pytest.raises(RecipeError, match="'facts' gives more than one row for a key"),
        ):
            run_task(recipe, "label_m2_types", tmp_path / "out", LocalEngine(), models=pool)


def test_nothing_is_asked_about_a_row_of_which_no_sample_can_come(tmp_path: Path) -> None:
    for folder, name, text in (
        (
            "data",
            "products.csv",
            "product_id,title,locale,brand\n"
            + "".join(
                f"p{n},A hose of {n} metres,us,{'Acme' if n % 5 else ''}\n" for n in range(50)
            ),
        ),
        (
            "views",
            "branded.sql",
            "-- Titles and brands.\n\n-- needs products: product_id, locale, title, brand\n\n"
            "-- keys\nSELECT product_id AS key, product_id AS split_group, product_id, locale\n"
            "FROM products\n\n-- facts\nSELECT key, chosen.locale, title AS text, brand, "
            "['product:' || key] AS source_ids\n"
            "FROM chosen JOIN products USING (product_id, locale)\n",
        ),
        (
            "templates",
            "slogan.j2",
            '{% extends "generation.j2" %}\n{% block prompt_slogan %}\n'
            "Write a slogan of {{ brand }} for this product: {{ text }}\n{% endblock %}\n",
        ),
        (
            "prompts",
            "slogan.j2",
            "{% block system %}\nYou write.\n{% endblock %}\n{% block user %}\n"
            "{{ text | quoted }}\n{% endblock %}\n",
        ),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    with serve() as seen:
        path = tmp_path / "recipes.yaml"
        path.write_text(
            f"""\
models:
  default: {{model: m, base_url: "{seen.url}", concurrency: 4}}
sources:
  shop: {{adapter: tables, path: data}}
tasks:
  slogans:
    title: Write a slogan
    source: shop
    rows: branded
    generate: [{{by: write, with: {{prompt: slogan.j2, slot: target}}}}]
    type: generation
    template: slogan.j2
    size: 50
    track: understanding-shopping-concepts
""",
            encoding="utf-8",
        )
        recipe = load_recipe(path)
        with _pool(recipe.models, tmp_path / "cache", None, False) as pool:
            made = run_task(recipe, "slogans", tmp_path / "out", LocalEngine(), models=pool)
    lines = (made.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(line)["reason"] == "value-missing" for line in lines) == 10
    said = [json.loads(body)["messages"][1]["content"] for body in seen.bodies]
    assert {int(each.split(" of ")[1].split()[0]) for each in said} == {
        n for n in range(50) if n % 5
    }
