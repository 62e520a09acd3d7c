"""What was pushed loads: ``datasets.load_dataset`` with the real client against the same Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.hub.push import PushOptions, push
from tests.hub.asking import Hub
from tests.hub.conftest import carded

Runs = Callable[[str], Path]

# Another process, as another person would: datasets reads the Hub's address when it is imported.
LOAD = """\
import json, sys
import datasets
name, config, revision = (each or None for each in sys.argv[1:4])
loaded = datasets.load_dataset(name, config, revision=revision)
print(json.dumps({
    "configs": datasets.get_dataset_config_names(name, revision=revision),
    "rows": {split: part.to_list() for split, part in loaded.items()},
}))
"""


def loaded(tmp_path: Path, config: str = "", revision: str = "") -> dict[str, Any]:
    """Load ``ann/set`` with an empty cache."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, "ann/set", config, revision],
        env={**os.environ, "HF_HOME": str(tmp_path / "another-home"), "HF_DATASETS_OFFLINE": "0"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_loads_from_the_hub(hub: Hub, run: Runs, tmp_path: Path) -> None:
    hub.large_from = 2000
    folder = carded(run("task12"))
    push(folder, "ann/set", PushOptions(with_rejected=True))
    found = loaded(tmp_path)

    assert set(found["rows"]) == {"train"}
    assert [row["id"] for row in found["rows"]["train"]] == ids(folder / "train.jsonl")


@pytest.mark.parametrize("config", ["", "task12"])
def test_a_mixture_loads_whole_and_by_task(
    hub: Hub, run: Runs, tmp_path: Path, config: str
) -> None:
    folder = carded(run("free"), "task12", "select_exact_matches")
    push(folder, "ann/set")
    found = loaded(tmp_path, config)

    assert hub.asked("GET /datasets/ann/set/resolve/.*train.jsonl")
    assert {"task12", "select_exact_matches"} < set(found["configs"])
    assert [row["id"] for row in found["rows"]["train"]] == ids(folder / config / "train.jsonl")


@pytest.mark.usefixtures("hub")
def test_a_pull_request_loads_before_it_is_merged(run: Runs, tmp_path: Path) -> None:
    push(carded(run("task12")), "ann/set")
    folder = carded(run("free"), "task12", "select_exact_matches")
    pushed = push(folder, "ann/set", PushOptions(pull_request=True))
    found = loaded(tmp_path, revision=pushed.revision)

    assert [row["id"] for row in found["rows"]["train"]] == ids(folder / "train.jsonl")
