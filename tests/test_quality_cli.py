"""What measures, on the command line: a judge against the truth, samples against people."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.test_models_cli import as_json, command

JUDGE = ("judge", "recipes.yaml", "--task", "task12", "--model", "scripted", "--samples", "30")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))


def test_a_judge_is_measured_printed_and_kept(tmp_path: Path) -> None:
    said = command(*JUDGE, "--threshold", "2", "--out", str(tmp_path / "out"))
    assert "30 samples, " in said
    assert "neighbours-exchanged" in said
    assert "task12: 30 requests to scripted" in said
    kept = json.loads((tmp_path / "out" / "task12" / "judge.json").read_text(encoding="utf-8"))
    (measured,) = as_json(*JUDGE, "--threshold", "2", "--out", str(tmp_path / "out"))
    assert kept["judges"] == {"scripted": measured}
    assert sum(measured["planted"].values()) < 30


def test_a_measurement_stands_beside_the_run_of_its_task(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "out"))
    command(*JUDGE, *out)
    command("run", "recipes.yaml", "--task", "task12", "--limit", "5", *out)
    command(*JUDGE, *out)
    again = command("run", "recipes.yaml", "--task", "task12", "--limit", "5", *out)
    assert "holds this run already" in again
    assert re.search(
        r"the judge scripted, at 4: right of what it keeps .* kept of what is right 0\.\d\d",
        command("show", str(tmp_path / "out" / "task12")),
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--task", "task1"), "a model takes part in its samples (write)"),
        (("--task", "task12", "--model", "scriptet"), "did you mean 'scripted'?"),
        (("--task", "task12", "--model", "scripted", "--model", "scripted"), "each model once"),
        (("--task", "task12", "--samples", "3"), "--samples"),
    ],
)
def test_a_judge_that_cannot_be_measured_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    said = command("judge", "recipes.yaml", *arguments, "--out", str(tmp_path), code=2)
    assert complaint in said
    assert said.count("\n") == 1


def test_people_review_a_run_and_show_says_what_they_found(tmp_path: Path) -> None:
    command("run", "recipes.yaml", "--task", "task12", "--limit", "8", "--out", str(tmp_path))
    folder, table = str(tmp_path / "task12"), tmp_path / "mine.csv"
    said = command("review", folder, "--samples", "4", "--out", str(table))
    assert f"python -m factory review {folder} --read {table}" in said
    text = table.read_text(encoding="utf-8-sig").replace('"","","', '"ok","","')
    table.write_text(text, encoding="utf-8")
    assert "1.00 (0.51 to 1.00) of 4" in command("review", folder, "--read", str(table))
    assert "people found ok: 1.00 (0.51 to 1.00) of 4 reviewed" in command("show", folder)
    assert as_json("review", folder, "--read", str(table))["ok"] == 4
    said = command("review", folder, "--out", str(table), code=2)
    assert "may have been filled in" in said
    assert "not a finished run" in command("review", str(tmp_path / "none"), code=2)


def test_the_story_of_a_judged_sample_says_what_it_cost(tmp_path: Path) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text(
        "include: [catalogue]\nmodels: {default: {engine: scripted}}\n"
        "tasks: {task12: {size: 2, filters: {judge: {threshold: 1}}}}\n",
        encoding="utf-8",
    )
    command("run", str(recipe), "--task", "task12", "--out", str(tmp_path))
    (sample, _) = as_json("show", str(tmp_path / "task12"))
    said = command("show", str(tmp_path / "task12"), "--why", sample["id"])
    assert f"judged for {sample['provenance']['judge_tokens']:,} tokens, $0.000000" in said
    assert "written for" not in said
