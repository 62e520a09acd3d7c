"""Runs that are stopped, killed, finished already or left without their files."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factory.engines import LocalEngine
from factory.line import RunResult, run_task
from factory.recipe import load_recipe
from tests.catalogue import COVER, PROJECT, sized


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def run(task: str, out: Path, size: int = 30) -> RunResult:
    return run_task(sized(size, 0), task, out, LocalEngine())


def start(out: Path) -> subprocess.Popen[bytes]:
    """Begin to make the chosen tasks, one after another, as the command line does."""
    command = [sys.executable, "-m", "factory", "run", "recipes.yaml", "--limit", "20"]
    command += ["--model", "scripted"]
    command += [part for task in COVER for part in ("--task", task)]
    return subprocess.Popen(
        [*command, "--out", str(out)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_killed_again_and_again_every_type_and_source_makes_the_same_bytes(tmp_path: Path) -> None:
    undisturbed = start(tmp_path / "undisturbed")
    undisturbed.communicate(timeout=300)
    assert undisturbed.returncode == 0
    out = tmp_path / "killed"
    # In the first task, and soon after the first, second and third have been finished.
    for number in range(4):
        killed = start(out)
        while len(list(out.glob("*/manifest.json"))) < number or not list(out.glob("*/.work/*")):
            assert killed.poll() is None, "it ended before it was killed"
            time.sleep(0.005)
        time.sleep(0.03 * number)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=60)
        for folder in out.iterdir():
            if (folder / "manifest.json").is_file():
                assert contents(folder) == contents(tmp_path / "undisturbed" / folder.name)
    last = start(out)
    _, said = last.communicate(timeout=300)
    assert last.returncode == 0, said
    for task in COVER:
        assert contents(out / task) == contents(tmp_path / "undisturbed" / task)


@pytest.mark.parametrize("task", COVER)
def test_a_finished_run_is_left_alone_and_a_plan_is_enough_to_make_it_again(
    task: str, tmp_path: Path
) -> None:
    first = run(task, tmp_path)
    expected = contents(first.folder)
    before = {p.name: p.stat().st_mtime_ns for p in first.folder.iterdir() if p.is_file()}
    again = run(task, tmp_path)
    assert (first.fresh, again.fresh) == (True, False)
    assert again.manifest == first.manifest
    assert before == {p.name: p.stat().st_mtime_ns for p in first.folder.iterdir() if p.is_file()}
    for name in expected:
        (first.folder / name).unlink()
    assert run(task, tmp_path).fresh
    assert contents(first.folder) == expected


def test_the_recipe_that_all_these_run_is_the_packaged_one() -> None:
    assert set(COVER) <= set(load_recipe(PROJECT / "recipes.yaml").tasks)
