"""What stands on a terminal while a run goes on, and that nothing does where there is none."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factory.llm.asker import Usage
from factory.llm.pool import ModelPool
from factory.terminal.bars import TrainingDisplay
from factory.terminal.displays import RunDisplay, spending
from tests.catalogue import PROJECT
from tests.llm.server import serve

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_terminal(folder: Path, *arguments: str, columns: int = 100) -> tuple[str, str, int]:
    """Run a command whose stderr is a terminal; return what stood there, stdout and the code."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": str(columns),
        "ESHOP_FACTORY_CACHE": str(folder / "cache"),
    }
    for name in ("NO_COLOR", "FACTORY_PROGRESS"):
        environment.pop(name, None)
    with subprocess.Popen(
        [sys.executable, "-m", "factory", *arguments],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        pieces: dict[int, list[bytes]] = {ours: [], process.stdout.fileno(): []}
        open_ones = set(pieces)
        while open_ones:
            for each in select.select(list(open_ones), [], [], 120)[0]:
                try:
                    read = os.read(each, 1 << 16)
                except OSError:  # what a terminal gives once nobody writes any more
                    read = b""
                pieces[each].append(read)
                if not read:
                    open_ones.discard(each)
        code = process.wait()
        screen, said = (b"".join(each).decode() for each in pieces.values())
    os.close(ours)
    return screen, said, code


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return tmp_path / "recipes.yaml"


def write(recipe: Path, url: str) -> None:
    recipe.write_text(
        "include: [catalogue]\nmodels: {default: {model: m, base_url: '" + url + "', concurrency: "
        "4, price: {prompt: 100, completion: 200}}}\n",
        encoding="utf-8",
    )


def test_a_run_that_asks_shows_its_rate_its_requests_and_its_cost(
    tmp_path: Path, recipe: Path
) -> None:
    run = ("run", str(recipe), "--task", "task1", "--limit", "6", "--out", str(tmp_path / "out"))
    with serve(latency=0.05) as server:
        write(recipe, server.url)
        screen, said, code = on_terminal(tmp_path, *run, "--budget", "9.50")
    assert code == 0
    plain = _SEQUENCE.sub("", screen)
    # The table that it needs is made first, and shown like the task itself.
    assert re.search(r"task1 label_m2_types train +\S+ +\d+/30 +\d+ dropped", plain)
    assert re.search(r"task1 train +\S+ +\d+/6 +\d+ dropped .* left", plain)
    told = re.findall(r"([\d.]+) rows/s, ([\d,]+) requests, .*tokens, \$([\d.]+) of \$9\.50", plain)
    requests = [int(number.replace(",", "")) for _, number, _ in told]
    assert requests == sorted(requests)
    assert len(set(requests)) > 2
    assert requests[-1] == server.requests
    assert any(float(rate) > 0 for rate, *_ in told)
    costs = [float(cost) for *_, cost in told]
    assert costs == sorted(costs)
    assert 0 < costs[-1] < 9.5
    # What is left on the screen in the end is nothing: the result went elsewhere.
    assert "\x1b" not in said
    assert "rows/s" not in said
    assert re.search(r"\d samples in", said)


def test_nothing_but_the_result_where_there_is_no_terminal_or_json_is_asked_for(
    tmp_path: Path,
) -> None:
    run = ("run", "recipes.yaml", "--task", "task1", "--model", "scripted", "--limit", "4")
    out = ("--out", str(tmp_path / "out"))
    done = subprocess.run(
        [sys.executable, "-m", "factory", *run, *out],
        cwd=PROJECT,
        env={**os.environ, "ESHOP_FACTORY_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stderr == ""
    assert "rows/s" not in done.stdout
    screen, said, code = on_terminal(tmp_path, *run, "--out", str(tmp_path / "again"), "--json")
    assert (screen, code) == ("", 0)
    assert said.startswith("[")


def test_a_task_that_asks_nobody_shows_its_bar_and_no_spending(tmp_path: Path) -> None:
    run = ("run", "recipes.yaml", "--task", "task12", "--limit", "20")
    screen, _, code = on_terminal(tmp_path, *run, "--out", str(tmp_path / "out"), columns=80)
    plain = _SEQUENCE.sub("", screen)
    assert code == 0
    assert "task12 train" in plain
    assert "requests" not in plain


def test_a_narrow_terminal_keeps_the_numbers_and_leaves_out_the_bar(tmp_path: Path) -> None:
    run = ("run", "recipes.yaml", "--mixture", "v9b", "--limit", "20")
    for columns in (60, 80, 120):
        out = ("--out", str(tmp_path / str(columns)))
        screen, _, code = on_terminal(tmp_path, *run, *out, columns=columns)
        assert code == 0
        plain = _SEQUENCE.sub("", screen).replace("\r", "\n")
        assert max(map(len, plain.splitlines())) <= columns
        # All tasks together, then the one in hand.
        assert re.search(r"v9b +\S* *\d+/80 ", plain)
        assert re.search(r" 20/20 +\d+ dropped .*left", plain)
        assert ("━" in plain) == (columns > 60)


def test_a_log_gets_a_line_now_and_then(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FACTORY_PROGRESS")
    with ModelPool({}, tmp_path, budget=None) as pool:
        pool.bill["task12", "m"] = Usage(rows=3, asked=1000, prompt_tokens=9000)
        with RunDisplay("task12", silent=False, models=pool, first_line=0.05) as display:
            while not (first := capfd.readouterr().err):
                time.sleep(0.01)
            display.update("train", 0, 4000, 1)
            time.sleep(0.01)
            display.update("train", 500, 4000, 20)
            time.sleep(1)
    out, err = capfd.readouterr()
    later = err.splitlines()
    assert (out, first) == ("", "task12: reading its source\n")
    assert 2 <= len(later) <= 5  # each waits twice as long as the one before
    assert re.fullmatch(
        r"task12 train: 500 of 4,000, 20 dropped, [\d,.]+ a second, \d+ min \d\d s left; "
        r"[\d.]+ rows/s, 1,000 requests, 9,000 \+ 0 tokens, \$0\.0000",
        later[0],
    )


def test_a_short_run_and_a_silent_one_leave_a_log_empty(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for silent, first, wanted in ((False, 5.0, ""), (True, 0.01, ""), (False, 0.01, "off")):
        monkeypatch.setenv("FACTORY_PROGRESS", wanted)
        with RunDisplay("task12", silent=silent, first_line=first) as display:
            display.update("train", 1, 2, 0)
            time.sleep(0.05)
    assert capfd.readouterr() == ("", "")


def test_the_line_of_spending_sums_over_tasks_and_models(tmp_path: Path) -> None:
    with ModelPool({}, tmp_path, budget=None) as pool:
        assert spending(pool, 0) == "0.0 rows/s, 0 requests, 0 + 0 tokens, $0.0000"
        pool.bill["a", "m"] = Usage(rows=3, known=2, asked=1000, failures=4, prompt_tokens=9000)
        pool.bill["b", "m"] = Usage(rows=3, asked=500, prompt_tokens=1000, completion_tokens=70)
        pool.budget.spent = 0.125
        pool.budget.limit = 2.5
        assert spending(pool, 12.34) == (
            "12.3 rows/s, 1,500 requests, 2 known, 4 tried again, 10,000 + 70 tokens, "
            "$0.1250 of $2.50"
        )
        pool.awaited.stands("a", 3, 50_000)
        pool.awaited.stands("b", 0, 70)
        assert spending(pool, 0).endswith(", waiting for 2 batches: 3 of 50,070 done")
        pool.awaited.ended("b")
        assert spending(pool, 0).endswith(", waiting for 1 batch: 3 of 50,000 done")


def test_a_training_run_tells_each_loss_in_a_log_unless_nobody_wants_any(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for silent, wanted in ((False, ""), (True, ""), (False, "off")):
        monkeypatch.setenv("FACTORY_PROGRESS", wanted)
        with TrainingDisplay(silent=silent) as display:
            display.update(10, 1000, 1.25)
    assert capfd.readouterr() == ("", "step 10 of 1,000: loss 1.2500\n")
