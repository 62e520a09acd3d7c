"""Rows of which no sample was made, whose columns a view of a user's own may name as it likes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import factory
from factory.line import RunResult
from factory.runs.selection import Selection, select
from factory.terminal.samples import print_story

ROW = {
    "key": "us:1", "reason": "too small", "scores": [1], "provenance": "a farm",
    "verdicts": "none", "lang": None, "source_ids": None,
}  # fmt: skip
ID = "0123456789abcdef"


@pytest.fixture
def folder(made: Callable[[str], RunResult], tmp_path: Path) -> Path:
    """Return a run that has rejected such a row."""
    folder = shutil.copytree(made("task12").folder, tmp_path / "edited")
    told = {"filter": "rows", "reason": "value-missing", "detail": "title"}
    line = {"id": ID, "task": "task12", "split": "train", **told, "record": json.dumps(ROW)}
    with (folder / "rejected.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return folder


def test_a_row_is_shown_whatever_its_columns_are_called(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = factory.load(folder)
    shown, story = run.show(1000, "rejected"), run.why(ID)
    for told in (repr(shown), shown._repr_html_(), repr(story), story._repr_html_()):
        assert "too small" in told
    print_story(story.told)
    assert "too small" in capsys.readouterr().out


def test_a_row_has_no_scores_and_no_wording(folder: Path) -> None:
    for selection in (Selection(scores={"judge": 1}), Selection(facets={"wording": ("a farm",)})):
        assert select(folder, "rejected", selection, limit=9).records == []
