"""``diff`` on the command line, and that hostile text obeys nobody in its output."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.line import RunResult
from tests.runs.test_compare import edit
from tests.test_models_cli import as_json, command

HOSTILE = (
    "<script>alert(1)</script> \u202egnp.exe\u202c \x1b[2J\x00 \U0001f469\u200d\U0001f52c "
    + "long " * 1_000
)


@pytest.fixture
def runs(made: Callable[[str], RunResult], tmp_path: Path) -> tuple[Path, Path]:
    """Return two runs of which the second has a hostile prompt and one sample less."""
    first, second = made("task12").folder, tmp_path / "second"
    shutil.copytree(first, second)
    train = second / "train.jsonl"
    head, last = train.read_text(encoding="utf-8").splitlines()[:: len(_lines(train)) - 1]
    changed, gone = json.loads(head)["id"], json.loads(last)["id"]

    def change(record: dict[str, object]) -> dict[str, object] | None:
        if record["id"] == changed:
            record["input_field"] = f"{HOSTILE}{record['input_field']}"
        return None if record["id"] == gone else record

    edit(train, change)
    return first, second


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_two_runs_are_compared(runs: tuple[Path, Path]) -> None:
    first, second = map(str, runs)
    said = command("diff", first, second, "--limit", "1")

    assert "1  changed  the same row" in said
    assert "1  lost     only in the first run" in said
    assert "no change explains 1 changed, 1 lost" in said
    assert "python -m factory show" in said


def test_hostile_text_is_printed_and_not_obeyed(runs: tuple[Path, Path]) -> None:
    said = command("diff", *map(str, runs))

    assert "<script>" in said
    assert "\\u202e" in said
    assert "\\x1b" in said
    assert not {"\x1b", "\x00", "\u202e"} & set(said)


def test_the_same_for_machines(runs: tuple[Path, Path]) -> None:
    told = as_json("diff", *map(str, runs), "--limit", "1")

    assert told["counts"] == {"changed": 1, "lost": 1}
    assert told["unexplained"] == {"changed": 1, "lost": 1}
    assert [each["kind"] for each in told["examples"]] == ["changed", "lost"]
    assert told["examples"][0]["after"]["input_field"].startswith("<script>")


def test_a_run_and_itself_are_the_same(runs: tuple[Path, Path]) -> None:
    assert "the same samples" in command("diff", str(runs[0]), str(runs[0]))
