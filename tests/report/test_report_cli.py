"""``report`` on the command line: where the page is, and what is said of what is no run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory.report.overview import dollars, overview, size
from factory.runs.summary import Probe, summarise
from tests.report.folders import judged_run, task_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return task_run(tmp_path_factory.mktemp("out"), limit=20)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "factory", "report", *arguments]
    return subprocess.run(line, check=False, capture_output=True, text=True)


def test_the_page_is_written_and_named(run, tmp_path):
    said = command(str(run))
    assert said.returncode == 0
    assert said.stdout.startswith(f"{run / 'report.html'}: ")
    assert (run / "report.html").is_file()

    few = tmp_path / "few.html"
    told = json.loads(command(str(run), "--out", str(few), "--samples", "5", "--json").stdout)
    assert told["samples"] == 5 < told["of"]
    assert told["bytes"] == few.stat().st_size


def test_a_folder_that_is_no_run_is_one_line_and_code_2(tmp_path):
    said = command(str(tmp_path))

    assert said.returncode == 2
    assert said.stdout == ""
    assert len(said.stderr.strip().splitlines()) == 1
    assert "not a finished run" in said.stderr


def test_judges_and_people_have_their_tables(tmp_path):
    folder = judged_run(tmp_path / "out", tmp_path / "cache")
    share = {"hits": 9, "of": 10, "share": 0.9, "interval": [0.596, 0.982]}
    figures: dict[str, Any] = {"precision": share, "recall": share}
    figures["caught"] = {"hits": 0, "of": 0, "share": None, "interval": None}
    measured = {"judges": {"scripted": {"threshold": 4.0, "judges": {"scripted": figures}}}}
    (folder / "judge.json").write_text(json.dumps(measured), encoding="utf-8")
    (folder / "review.json").write_text(
        json.dumps(
            {"of": {}, "reviewed": 10, "ok": 9, "wrong": 1, "unclear": 0, "share_ok": share}
        ),
        encoding="utf-8",
    )
    said = overview(summarise(folder))
    tables = dict(said.panels[0].tables)

    rows = tables["How good the judges were measured to be"].rows
    assert rows == [("scripted", 4.0, *["0.90 (0.60 to 0.98) of 10"] * 2, "none")]
    assert tables["What people found"].rows == [(10, 9, 1, 0, "0.90 (0.60 to 0.98) of 10")]
    criteria = {row[0] for row in tables["What the judges said"].rows}
    assert criteria == {"answerable", "correct", "unambiguous", "grounded", "well formed"}
    assert any("review again" in remark for remark in said.remarks)
    assert any(tile.name == "Model tokens" for tile in said.tiles)


def test_a_cheat_is_told_of_where_enough_samples_were_probed(run):
    summary = summarise(run)

    def remarks(rows: int) -> list[str]:
        probe = Probe("most_alike", 0.9, 0.2, rows, True)
        (task,) = summary.tasks
        changed = replace(summary, tasks=(replace(task, probes=(probe,)),))
        return [each for each in overview(changed).remarks if "most alike" in each]

    assert len(remarks(30)) == 1
    assert remarks(9) == []


def test_amounts_are_told_as_people_read_them():
    assert [dollars(cost) for cost in (0.0, 0.00123, 12.5)] == ["$0.00", "$0.0012", "$12.50"]
    assert [size(n) for n in (0, 999, 1500, 2_500_000)] == ["0 B", "999 B", "1.5 kB", "2.5 MB"]
