"""What long reading has made is kept whole, is of the files that name it, or is not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from factory.errors import SourceError
from factory.sources import store
from factory.sources.fingerprint import changed, fingerprint
from factory.sources.store import open_store
from tests.catalogue import PROJECT


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(store, "_IN_MEMORY_UP_TO", 0)
    return tmp_path / "cache" / "stores"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n2\n")
    return path


def opened(source: Path, between: str = "") -> int:
    """Open a store of the file, which is written over with ``between`` while it is filled."""
    with duckdb.connect() as connection:

        def fill(database: str) -> None:
            connection.execute(f"CREATE TABLE {database}.kept AS FROM read_csv('{source}')")
            if between:
                source.write_text(between)

        open_store(connection, "kept_rows", [fingerprint(source)], "form", fill)
        ((rows,),) = connection.execute("SELECT count(*) FROM kept_rows.kept").fetchall()
        return int(rows)


def test_files_that_change_while_they_are_read_are_kept_under_nobodys_name(
    cache: Path, source: Path
) -> None:
    with pytest.raises(SourceError, match=r"rows\.csv' changed while it was read"):
        opened(source, between="a\n1\n2\n3\n")
    assert list(cache.iterdir()) == []
    assert opened(source) == 3


FILLING = """\
import sys, time
from factory.sources import store
from tests.sources.test_store import opened
store._IN_MEMORY_UP_TO = 0
store.changed = lambda files: print("filled", flush=True) or time.sleep(60)
opened(__import__("pathlib").Path(sys.argv[1]))
"""


def test_what_a_killed_run_had_begun_goes_and_what_another_is_writing_stays(
    cache: Path, source: Path
) -> None:
    def begin() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", FILLING, str(source)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    killed, writing = begin(), begin()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert len(list(cache.glob("*.partial"))) == 2
    assert opened(source) == 2
    assert sorted(path.suffix for path in cache.iterdir()) == [".duckdb", ".lock", ".partial"]
    writing.kill()
    writing.communicate()


def test_a_cache_that_cannot_be_written_is_one_line_that_names_it(
    cache: Path, source: Path
) -> None:
    cache.parent.mkdir()
    cache.write_text("a file in the place of the folder")
    with pytest.raises(SourceError, match=r"cannot write .*ESHOP_FACTORY_CACHE"):
        opened(source)


def test_a_file_that_was_only_touched_is_the_same(source: Path) -> None:
    read = fingerprint(source)
    assert changed([read]) is None
    os.utime(source, (time.time() + 10, time.time() + 10))
    assert changed([read]) is None
    source.write_text("a\n1\n3\n")
    assert changed([read]) == read
    source.unlink()
    assert changed([read]) == read
