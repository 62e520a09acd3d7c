"""What is confirmed is on the disk; what is there is never asked again."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from factory.errors import ModelError
from factory.llm.ledger import Entry, Ledger
from factory.llm.request import Answer


def entry(number: int, *, task: str = "t", cost: float = 0.5, text: str = "") -> Entry:
    answer = Answer(text or f"answer {number}", "stop", 10, 5, cost, 0.1)
    return Entry(number.to_bytes(16, "big"), "here", "m", task, 40, answer)


def put(ledger: Ledger, *entries: Entry) -> list[Exception | None]:
    done = threading.Event()
    said: list[Exception | None] = []

    def tell(failure: Exception | None) -> None:
        said.append(failure)
        if len(said) == len(entries):
            done.set()

    for each in entries:
        ledger.put(each, tell)
    assert done.wait(30)
    return said


def test_what_was_put_is_found_by_another_run(tmp_path: Path) -> None:
    with Ledger(tmp_path / "deep" / "ledger.sqlite") as ledger:
        entries = [entry(n) for n in range(700)]
        assert put(ledger, *entries) == [None] * 700
    with Ledger(tmp_path / "deep" / "ledger.sqlite") as ledger:
        found = ledger.find([each.key for each in entries] + [b"\xff" * 16])
        assert found == {each.key: each.answer for each in entries}
        assert ledger.find([]) == {}


def test_who_puts_is_told_where_the_file_lets_nobody_write_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(tmp_path / "l") as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "path", tmp_path / "gone" / "l")
            (failure,) = put(ledger, entry(1))
        assert isinstance(failure, sqlite3.Error)
        assert put(ledger, entry(1)) == [None]


def test_an_answer_asked_for_again_replaces_the_earlier_and_both_are_paid(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        put(ledger, entry(1, text="old"))
        put(ledger, entry(1, text="new"))
        found = ledger.find([entry(1).key])[entry(1).key]
        assert (found.text, found.cost) == ("new", 1.0)


def test_what_was_spent_is_told_by_task_and_model(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        put(ledger, entry(1), entry(2), entry(3, task="other", cost=2.0))
        other, first = ledger.spent()
        assert (first.task, first.requests, first.cost) == ("t", 2, 1.0)
        assert (first.prompt_tokens, first.completion_tokens, first.characters) == (20, 10, 80)
        assert (other.task, other.cost) == ("other", 2.0)


def test_pruning_forgets_what_is_named_and_nothing_else(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        put(ledger, entry(1), entry(2, task="other"))
        assert ledger.prune(model="nobody") == 0
        assert ledger.prune(older_than=3600) == 0
        assert ledger.prune(task="other") == 1
        assert set(ledger.find([entry(1).key, entry(2).key])) == {entry(1).key}
        assert ledger.prune() == 1
        assert list(ledger.keys()) == []


def test_two_runs_write_one_ledger_at_a_time_and_lose_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as one, Ledger(tmp_path / "l") as other:
        threads = [
            threading.Thread(target=put, args=(ledger, *(entry(n) for n in numbers)))
            for ledger, numbers in ((one, range(300)), (other, range(200, 500)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(one.keys())) == 500


KILLED = """
import sys, os, signal
from pathlib import Path
from tests.llm.test_ledger import entry
from factory.llm.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
number = 0
def confirmed(failure):
    global number
    print(number, flush=True)
    number += 1
    ledger.put(entry(number), confirmed)
ledger.put(entry(0), confirmed)
import time; time.sleep(60)
"""


def test_what_was_confirmed_survives_a_kill(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "l")], stdout=subprocess.PIPE, cwd=root
    )
    assert process.stdout is not None
    confirmed = [int(process.stdout.readline()) for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Ledger(tmp_path / "l") as ledger:
        keys = [entry(n).key for n in confirmed]
        assert set(ledger.find(keys)) == set(keys)


def test_a_ledger_of_another_version_and_a_file_that_is_none_are_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "newer") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ModelError, match="written by another version"):
        Ledger(tmp_path / "newer")
    (tmp_path / "text").write_text("this is no database, " * 100)
    with pytest.raises(ModelError, match="cannot be opened"):
        Ledger(tmp_path / "text")


def test_an_answer_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        put(ledger, entry(1))
        with sqlite3.connect(tmp_path / "l") as connection:
            connection.execute("DROP TABLE answers")
        connection.close()
        (failure,) = put(ledger, entry(2))
        assert isinstance(failure, sqlite3.OperationalError)


def test_who_puts_what_no_file_can_hold_is_told_and_others_go_on(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        (failure,) = put(ledger, entry(1, text="half a character: \ud800"))
        assert isinstance(failure, UnicodeEncodeError)
        assert put(ledger, entry(2)) == [None]


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as ledger:
        put(ledger, *(entry(n, text=f"answer {n} " * 100) for n in range(200)))
    # All but the first page, which says what the file is.
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(ModelError, match="move it away"), Ledger(path) as ledger:
        ledger.spent()
    with Ledger(path) as ledger:
        for read in (lambda: ledger.find([entry(1).key]), lambda: list(ledger.keys())):
            with pytest.raises(ModelError, match="move it away"):
                read()
        with pytest.raises(ModelError, match="move it away"):
            ledger.prune()
