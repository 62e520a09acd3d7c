"""Tasks that derive from one whose rows a model writes: the parent's questions are asked first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web

import factory
from factory.engines import LocalEngine
from factory.generators import RECORD_MAPS
from factory.line import RunResult, run_task
from factory.line.quote import quote
from factory.llm import asker as asking
from factory.llm.pool import ModelPool
from factory.recipe import load_recipe
from tests.llm.server import Seen, error, serve

PROMPT = """\
{% block system %}You write for a shop.{% endblock %}
{% block user %}Product: {{ text | quoted }} Write a slogan. JSON: {"text": "..."}{% endblock %}
"""
RECIPE = """\
include: [catalogue]
models:
  default: {model: m, base_url: "URL", concurrency: 8, price: {prompt: 1, completion: 2}}
tasks:
  slogans:
    title: Write a slogan
    source: esci
    rows: products_to_label
    generate:
      - {by: write, with: {prompt: slogan.j2, slot: target, min_words: 3, max_words: 8}}
    type: text
    template: write_from_slogan.j2
    size: SIZE
    track: understanding-shopping-concepts
  titles:
    title: Write the title of a slogan
    derive: {from: slogans, operator: reverse, map: swap, with: {wanted: text}}
    type: text
    template: write_from_slogan.j2
    size: SIZE
  choices:
    title: Choose the title of a slogan
    derive:
      from: slogans
      operator: recombine
      map: fit_choice
      with: {left: target, right: text, unlike: text}
    type: multiple_choice
    template: choose_title.j2
    size: SIZE
"""
TEMPLATES = {
    "write_from_slogan.j2": '{% extends "text.j2" %}{% block prompt_a %}'
    "Write it: {{ target | length }}.{% endblock %}",
    "choose_title.j2": '{% extends "multiple_choice.j2" %}{% block prompt_a %}'
    "Which title has the slogan {{ left }}?{% endblock %}",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0")
    monkeypatch.setattr(asking, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(asking, "_JITTER", 0.01)


def recipe_at(folder: Path, url: str, size: int = 20) -> Path:
    for name, text in {"prompts/slogan.j2": PROMPT}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "templates").mkdir(exist_ok=True)
    for name, text in TEMPLATES.items():
        (folder / "templates" / name).write_text(text, encoding="utf-8")
    path = folder / "recipes.yaml"
    path.write_text(RECIPE.replace("URL", url).replace("SIZE", str(size)), encoding="utf-8")
    return path


def run(folder: Path, seen: Seen, *tasks: str, size: int = 20) -> list[tuple[RunResult, int]]:
    """Make ``tasks`` one after another; with each, how many requests it made."""
    recipe = load_recipe(recipe_at(folder, seen.url, size))
    made = []
    for task in tasks:
        before = seen.requests
        with ModelPool(recipe.models, folder / "cache") as pool:
            out = folder / f"out{size}"
            result = run_task(recipe, task, out, LocalEngine(), models=pool)
        made.append((result, seen.requests - before))
    return made


def test_a_derived_task_asks_what_its_parent_asks(tmp_path: Path) -> None:
    with serve() as seen:
        (alone, asked), (again, known) = run(tmp_path, seen, "titles", "slogans")
    assert asked >= 20
    # What the parent needs of its own was asked already, for the same keys in the same order.
    assert known <= 4
    parents = {s.split_group: s for s in factory.read_samples(again.folder)}
    for sample in factory.read_samples(alone.folder):
        parent = parents[sample.split_group]
        assert sample.slots["given"] == parent.output_field
        assert sample.output_field == parent.slots["text"]
        provenance = sample.provenance
        assert (provenance.generator, provenance.model) == ("reverse:swap write", "m")
        assert provenance.parent == "slogans"
        assert provenance.tokens == parent.provenance.tokens
        assert provenance.cost == parent.provenance.cost > 0
        assert provenance.prompt_hash == parent.provenance.prompt_hash


def test_each_record_of_a_combined_sample_is_asked_for_once(tmp_path: Path) -> None:
    with serve() as seen:
        ((made, _),) = run(tmp_path, seen, "choices")
        assert seen.paid_twice == 0
        # Neighbours in draw order share their partners.
        partners = RECORD_MAPS["recombine", "fit_choice"].partners
        assert len(seen.answered) < 20 * (1 + partners)
    for sample in factory.read_samples(made.folder):
        assert len(sample.provenance.source_ids) == 4
        assert sample.provenance.tokens > 0
        assert sample.slots["positive"] == sample.options[int(sample.gold)]


def faulty(number: int, body: bytes) -> web.StreamResponse | None:
    """Refuse every seventh request for good, and every fifth at its first try."""
    if sum(body) % 7 == 0:
        return error(400, "unsafe")
    return error(429, retry_after="0.01") if number % 5 == 0 else None


def test_faults_and_kills_change_no_byte(tmp_path: Path) -> None:
    def refused(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        return error(400, "unsafe") if sum(body) % 7 == 0 else None

    with serve(refused) as seen:
        ((undisturbed, _),) = run(tmp_path / "a", seen, "choices")
    with serve(faulty, latency=0.002) as seen:
        # Stopped on the way and made larger: what was answered is not asked again.
        run(tmp_path / "b", seen, "choices", size=5)
        ((disturbed, _),) = run(tmp_path / "b", seen, "choices")
        assert seen.paid_twice == 0
    content = [(r.folder / "train.jsonl").read_bytes() for r in (undisturbed, disturbed)]
    assert content[0] == content[1]
    rejected = (undisturbed.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    reasons = {(r["filter"], r["reason"]) for r in map(json.loads, rejected)}
    assert ("parent", "refused") in reasons


def test_a_plan_counts_what_the_parent_is_asked(tmp_path: Path) -> None:
    recipe = load_recipe(recipe_at(tmp_path, "http://127.0.0.1:9/v1"))
    (quoted,) = quote(recipe, ["titles"], tmp_path / "cache")
    assert quoted.task == "titles"
    assert quoted.requests >= 20


def test_a_derived_task_reads_the_tables_that_its_root_needs(tmp_path: Path) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(
        "include: [catalogue]\ntasks:\n  child:\n    title: Name the type of an explanation\n"
        "    derive: {from: task1, operator: reverse, map: swap, with: {wanted: product_type}}\n"
        "    type: text\n    template: write_product_of_query.j2\n    size: 5\n",
        encoding="utf-8",
    )
    recipe = load_recipe(path).with_changes(limit=20, model="scripted")
    assert recipe.tasks["child"].needs == ["label_m2_types"]
    result = run_task(recipe, "child", tmp_path / "out", LocalEngine())
    assert result.accepted == 5
    assert (tmp_path / "out" / "label_m2_types" / "train.jsonl").is_file()
