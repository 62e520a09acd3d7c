"""Faults of what a run reads: files that change or break under it, and the clock."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import duckdb

from tests.conftest import EXAMPLES, PRODUCTS
from tests.faults.trial import Bench, Found

#: Columns of texts that a task of rules reads.
_READ = {EXAMPLES: ("query", "product_id", "esci_label"), PRODUCTS: ("product_id", "product_title")}
_FEWEST_BYTES = 200


def changed_source(bench: Bench, draw: random.Random, times: int) -> Found:
    """Put other files into the place of the source's at a random instant of the run."""
    found = Found()
    other = _other_shop(bench)
    for _ in range(times):
        shop = _own_shop(bench)
        change = draw.choice((_replace, _write_over, _touch))
        trial = bench.trial("rules", shop=shop)
        before = after = trial.expected
        process = trial.start()
        time.sleep(draw.uniform(0.15, 0.95) * before.seconds)
        change(shop, other)
        ended = trial.finish(process)
        found.injected += 1
        if change is not _touch:
            after = bench.undisturbed("rules", shop)
        if change is _touch:
            found.holds(ended.code == 0, f"only touched: exit {ended.code}: {ended.said}")
        elif ended.code:
            found.notes["told"] += 1
            found.holds(ended.code == 1, f"exit {ended.code}: {ended.said}")
            told = str(shop) in ended.said and "changed while" in ended.said
            found.holds(told, f"the message: {ended.said!r}")
        trial.check(found, ended, other=after)
        if ended.code == 0 and change is not _touch:
            # It had read all it reads, or nothing yet: the whole of one state, and none of a mix.
            made = trial.files()
            found.holds(made in (before.files, after.files), "a mix of two states of the source")
            found.notes["whole of one state"] += 1
        else:
            trial.resume(found)
    return found


def _own_shop(bench: Bench) -> Path:
    """Return a copy of the bench's shop, sound, at an address that manifests may hold."""
    folder = bench.folder / "own-shop"
    shutil.rmtree(folder, ignore_errors=True)
    return shutil.copytree(bench.shop, folder)


def _other_shop(bench: Bench) -> Path:
    """Return a shop of the same files with other titles and one judgement in five fewer."""
    folder = bench.folder / "other-shop"
    if not folder.is_dir():
        folder.mkdir()
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (FROM '{bench.shop / EXAMPLES}' WHERE query_id % 5 <> 0) "
                f"TO '{folder / EXAMPLES}' (FORMAT parquet, ROW_GROUP_SIZE 4096)"
            )
            connection.execute(
                "COPY (SELECT * REPLACE ('Other ' || product_title AS product_title) "
                f"FROM '{bench.shop / PRODUCTS}') "
                f"TO '{folder / PRODUCTS}' (FORMAT parquet, ROW_GROUP_SIZE 4096)"
            )
    return folder


def _replace(shop: Path, other: Path) -> None:
    """Rename other files over the shop's, as a careful writer does."""
    for name in (EXAMPLES, PRODUCTS):
        shutil.copy(other / name, shop / f"{name}.new")
    for name in (EXAMPLES, PRODUCTS):
        (shop / f"{name}.new").replace(shop / name)


def _write_over(shop: Path, other: Path) -> None:
    """Write into the shop's very files, as ``cp`` does."""
    for name in (PRODUCTS, EXAMPLES):
        shutil.copyfile(other / name, shop / name)


def _touch(shop: Path, other: Path) -> None:  # noqa: ARG001
    for name in (EXAMPLES, PRODUCTS):
        os.utime(shop / name)


def corrupt_page(bench: Bench, draw: random.Random, times: int) -> Found:
    """Overwrite a data page of a source's Parquet file; afterwards put the file back."""
    found = Found()
    for _ in range(times):
        shop = _own_shop(bench)
        trial = bench.trial("rules", shop=shop)
        name = draw.choice((EXAMPLES, PRODUCTS))
        sound = (shop / name).read_bytes()
        place, length = _page(shop / name, draw)
        spoiled = draw.randbytes(length)
        (shop / name).write_bytes(sound[:place] + spoiled + sound[place + length :])
        ended = trial.finish(trial.start())
        found.injected += 1
        found.holds(ended.code == 1, f"{name} at {place}: exit {ended.code}: {ended.said}")
        found.holds(name in ended.said, f"the message: {ended.said!r}")
        trial.check(found, ended)
        (shop / name).write_bytes(sound)
        trial.resume(found)
    return found


def _page(path: Path, draw: random.Random) -> tuple[int, int]:
    """Return where a data page of a column of text that is read lies: from which byte, how many."""
    with duckdb.connect() as connection:
        columns = connection.execute(
            "SELECT path_in_schema, coalesce(dictionary_page_offset, data_page_offset), "
            f"total_compressed_size FROM parquet_metadata('{path}') ORDER BY ALL"
        ).fetchall()
    pages = [
        (start, size)
        for column, start, size in columns
        if column in _READ[path.name] and size >= _FEWEST_BYTES
    ]
    start, size = draw.choice(pages)
    # Past its header, which says how long it is.
    return start + 60, size - 60


def stepped_clock(bench: Bench, draw: random.Random, times: int) -> Found:
    """Run with a wall clock that steps by up to a year, either way, every few looks at it."""
    found = Found()
    clock = str(Path(__file__).parent / "clock")
    for turn in range(times):
        job = ("asking", "rules", "mixture")[turn % 3]
        trial = bench.trial(job)
        trial.environment = {
            "FAULTS_CLOCK": str(draw.getrandbits(32)),
            "PYTHONPATH": os.pathsep.join([clock, *_python_path()]),
        }
        with bench.endpoint(trial, "date", 12):
            ended = trial.finish(trial.start())
            found.injected += 1
            found.holds(ended.code == 0, f"exit {ended.code}: {ended.said}")
            # A second is asked for in all; a wait of minutes would be the clock's.
            limit = 60 + 3 * trial.expected.seconds
            found.holds(ended.seconds < limit, f"it took {ended.seconds:.0f} s")
            trial.check(found, ended)
        trial.compare(found)
        found.holds(not trial.paid_twice(), f"{trial.paid_twice()} answers were paid twice")
        found.notes["paid twice"] += trial.paid_twice()
    return found


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
