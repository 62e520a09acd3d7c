"""A folder that somebody edited, or made by another program, is refused in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.errors import OutputError, UsageError
from factory.line import RunResult
from factory.runs.folder import read_manifest, records_of


@pytest.fixture
def folder(made: Callable[[str], RunResult], tmp_path: Path) -> Path:
    return shutil.copytree(made("select_exact_matches").folder, tmp_path / "run")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": None}, "its 'format' is another kind of thing"),
        ({"recipe": None}, "its 'recipe' is another kind of thing"),
        ({"files": ["train.jsonl"]}, "its 'files' is another kind of thing"),
        ({"source": {"name": "esci"}}, "its 'source' lacks 'licence'"),
        ({"mixture": "v9b", "tasks": {"../other": {}}}, "'../other' is no folder in it"),
        ({"mixture": "v9b", "tasks": {".": {}}}, "'.' is no folder in it"),
        ({"mixture": "v9b", "tasks": [1]}, "its 'tasks' is another kind of thing"),
    ],
)
def test_a_manifest_of_another_make_is_refused(
    folder: Path, changed: dict[str, Any], said: str
) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changed), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_manifest(folder)
    assert str(caught.value) == f"{path}: not a manifest of this project: {said}"


@pytest.mark.parametrize("text", ["[1]", "[" * 100_000, "", '{"a": "\\ud800', "3"])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="not a manifest"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("split", "changed"),
    [
        ("train", {"input_field": None}),
        ("train", {"provenance": []}),
        ("train", {"lang": 3}),
        ("rejected", {"filter": None}),
        ("rejected", {"record": "[["}),
        ("rejected", {"record": "[]"}),
    ],
)
def test_an_edited_record_is_refused_by_file_and_line(
    folder: Path, split: str, changed: dict[str, Any]
) -> None:
    path = folder / f"{split}.jsonl"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    records[0] |= changed
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records), encoding="utf-8")
    with pytest.raises(OutputError) as caught:
        list(records_of(folder, split))
    assert str(caught.value).startswith(f"{path}:1: not a record of this project: ")
