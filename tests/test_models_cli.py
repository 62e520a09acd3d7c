"""Language models on the command line: priced, asked, counted, forgotten; the page's recipe."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import factory
from tests.catalogue import PROJECT

PAGE = (PROJECT / "docs" / "language-models.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))


def command(*arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "factory", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def as_json(*arguments: str) -> Any:
    return json.loads(command(*arguments, "--json"))


TASK1 = ("recipes.yaml", "--task", "task1", "--model", "scripted", "--limit", "12")


def test_a_plan_asks_nothing_and_says_what_would_be_asked() -> None:
    table, own = as_json("plan", *TASK1)
    assert [table["task"], own["task"]] == ["label_m2_types", "task1"]
    assert (table["samples"], own["samples"]) == (60, 12)
    assert table["requests"] >= 60
    assert table["known"] == 0
    assert table["cost"] == 0
    assert table["prompt_tokens"] > 50 * table["requests"]
    assert [each["part"] for each in table["parts"]] == ["label"]
    assert as_json("cache")["answers"] == []


def test_a_plan_counts_what_is_asked_once_for_a_whole_task() -> None:
    (own,) = as_json(
        "plan", "recipes.yaml", "--task", "choose_query_for_title", "--model", "scripted"
    )
    assert (own["samples"], own["requests"]) == (10_000, 1)
    assert own["prompt_tokens"] > 50


def test_a_plan_knows_what_the_ledger_has_and_what_an_endpoint_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("run", *TASK1, "--out", str(tmp_path / "out"))
    table, own = as_json("plan", *TASK1)
    assert table["known"] > 0.8 * table["requests"]
    assert own["prompt_tokens"] < 200
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    (table, *_) = as_json("plan", "recipes.yaml", "--task", "label_m2_types", "--limit", "100")
    assert table["model"] == "gpt-4o-mini"
    priced = (table["prompt_tokens"] * 0.15 + table["completion_tokens"] * 0.6) / 1e6
    assert table["cost"] == pytest.approx(priced)
    assert "the table of" in table["price"]


def test_measuring_a_judge_says_its_price_and_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    judge = ("judge", "recipes.yaml", "--task", "task12", "--samples", "12", "--dry-run")
    (quoted,) = as_json(*judge)
    assert (quoted["model"], quoted["requests"], quoted["known"]) == ("gpt-4o-mini", 12, 0)
    assert quoted["cost"] > 0
    said = command(*judge)
    assert re.search(r"task12 +judge +gpt-4o-mini +12 +0 ", said)
    assert "taken to be accepted" not in said
    assert as_json("cache")["answers"] == []


def test_a_run_tells_its_bill_and_the_cache_forgets_what_it_is_told(tmp_path: Path) -> None:
    said = command("run", *TASK1, "--out", str(tmp_path / "out"))
    assert re.search(r"task1: \d+ requests to scripted, [\d,]+ \+ [\d,]+ tokens", said)
    held = as_json("cache")
    assert [each["task"] for each in held["answers"]] == ["label_m2_types", "task1"]
    assert held["bytes"]["ledger.sqlite"] > 0
    removed = as_json("cache", "--prune", "--task", "task1")
    assert removed["removed"] == held["answers"][1]["requests"]
    assert [each["task"] for each in as_json("cache")["answers"]] == ["label_m2_types"]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("--model", "scriptet"), 2, "there is no model 'scriptet': did you mean 'scripted'?"),
        (("--model", "smollm2"), 1, "python -m factory fetch smollm2"),
        (("--budget", "-1", "--model", "scripted"), 2, "--budget"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    run = ("run", "recipes.yaml", "--task", "task1", "--limit", "2", "--out", str(tmp_path / "o"))
    assert complaint in command(*run, *arguments, code=code)


def test_a_budget_needs_a_price(tmp_path: Path) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text(
        "include: [catalogue]\n"
        "models: {default: {model: unheard-of, base_url: 'http://127.0.0.1:9/v1'}}\n",
        encoding="utf-8",
    )
    run = ("run", str(recipe), "--task", "task1", "--limit", "2", "--out", str(tmp_path / "out"))
    said = command(*run, "--budget", "1", code=3)
    assert "nobody knows what unheard-of costs" in said


def block(language: str, containing: str) -> str:
    """Return the page's block of code that holds a text."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (code,) = (each for each in found if containing in each)
    return str(code)


def test_the_recipe_of_the_page_works_as_it_stands(tmp_path: Path) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text(f"include: [catalogue]\n{block('yaml', 'slogans:')}", encoding="utf-8")
    for folder, text in (
        ("prompts", block("jinja", "block system")),
        ("templates", block("jinja", "extends")),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "slogan.j2").write_text(text, encoding="utf-8")
    out = str(tmp_path / "out")
    run = ("run", str(recipe), "--task", "slogans", "--limit", "20", "--model", "scripted")
    command(*run, "--out", out)
    samples = list(factory.read_samples(tmp_path / "out" / "slogans"))
    assert len(samples) == 20
    for sample in samples:
        assert 1 <= len(sample.output_field.split()) <= 12
        assert sample.input_field.startswith("Write a slogan")
