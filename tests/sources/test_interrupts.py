"""Ctrl-C and SIGTERM during a query, whichever of DuckDB's threads does its work."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from factory.line.asking import _told_of_interrupts
from factory.sources.interrupts import interruptible

#: Without the thread that listens, one in four of these is heard: the main thread has work by
#: chance alone. Undisturbed, each takes minutes.
QUERIES = """\
import signal, threading
import duckdb
from factory.sources.interrupts import interruptible

def begin(number):
    threading.Timer(0.4, signal.raise_signal, [number]).start()
    connection.execute("SELECT count(*) FROM range(400000) AS a(n), range(400000) AS b(m) "
                       "WHERE hash(n, m) % 7 = 3")

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.default_int_handler)
heard = 0
with duckdb.connect() as connection:
    connection.execute("SET threads = 4")
    for number in (signal.SIGINT, signal.SIGTERM) * 3:
        try:
            with interruptible(connection):
                begin(number)
        except (KeyboardInterrupt, RuntimeError):
            heard += 1
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
assert signal.set_wakeup_fd(-1) == -1
assert threading.active_count() == 1
print(heard)
"""


def test_a_query_that_the_main_thread_sleeps_through_is_interrupted(tmp_path: Path) -> None:
    script = tmp_path / "queries.py"
    script.write_text(QUERIES, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.stdout, ended.stderr) == ("6\n", "")


@pytest.fixture
def wakeup() -> Iterator[None]:
    """Let the process be as one that nobody has told of signals yet, and leave it so."""
    before = signal.set_wakeup_fd(-1)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for each, handler in handlers.items():
        signal.signal(each, handler)
    signal.set_wakeup_fd(before)


def told() -> int:
    """Return the file that is told of signals."""
    now = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(now)
    return now


@pytest.mark.usefixtures("wakeup")
def test_a_loop_that_asks_models_gives_the_place_back() -> None:
    with duckdb.connect() as connection, interruptible(connection):
        ours = told()
        loop = asyncio.new_event_loop()
        with _told_of_interrupts(loop, lambda: None):
            assert told() not in (ours, -1)
        assert told() == ours
    assert told() == -1


@pytest.mark.usefixtures("wakeup")
def test_who_is_told_of_signals_already_stays_so() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    with duckdb.connect() as connection, interruptible(connection):
        assert told() == write
    assert told() == write
    signal.set_wakeup_fd(-1)
    os.close(read)
    os.close(write)


@pytest.mark.usefixtures("wakeup")
def test_signals_that_somebody_else_handles_are_not_ours() -> None:
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with duckdb.connect() as connection, interruptible(connection):
        assert told() == -1
