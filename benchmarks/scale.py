"""How the line's cost grows with its samples, and whether that can be told beforehand.

    python benchmarks/scale.py --files /data/full --out /data/out --sizes 10000 100000 1000000
    python benchmarks/scale.py --out /data/out --table

Two tasks with millions of keys (``benchmarks/scale/recipes.yaml``: every judged pair of ESCI, every
session of Amazon-M2) share each size, two samples of the one to three of the other; what they lack
at the largest sizes a third one gives. Each is a whole command in processes of its own, from start
to synced files. Its samples are then written again as Parquet shards and its lines removed, so that
the disk holds what comes next; ``--keep`` keeps them.

What is measured goes to ``measured.json`` in the folder ``--out`` as each run ends, and a run that
is in it is not made again: the sizes can be measured one at a time. Processor seconds are those of
the process and its workers, and hardly depend on what else the machine does, which seconds by the
clock do; memory is the largest sum of their proportional sets; bytes are what they asked the system
to read and write, whether or not a disk had to.

The model of processor time is a fixed cost and one a sample, a line through the runs of up to
``--fit`` samples. That of memory is what the largest of these took, whose windows of 32,768 keys
are full, and 72 bytes for each further sample, which is what the fold remembers of it; an export
remembers nothing. For every larger run what the models tell stands beside what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from mixtures import PROJECT, Memory, _family, make_files

RECIPE = PROJECT / "benchmarks" / "scale" / "recipes.yaml"
#: Each task with its source, and its share of a size in fifths; the last is for what others lack.
TASKS = {
    "relate_judged_pairs": ("esci", 2),
    "write_last_item": ("amazon_m2", 3),
    "write_next_item": ("amazon_m2", 0),
}
#: What the fold remembers of a sample (tests/line/test_accepted.py), in MB.
REMEMBERED = 72e-6


@dataclass(frozen=True)
class Measured:
    """What one command took.

    Attributes:
        task: the task; with ``export:`` before it where its samples were written as Parquet.
        samples: samples made.
        wall: seconds by the clock.
        cpu: processor seconds of the process and its workers.
        memory: the largest sum of their memory, in MB.
        read, written: bytes that they asked for and wrote.
        disk: bytes of the files that are left, the plan in ``.work`` among them.
        load: the machine's mean load at the end, over a minute.
    """

    task: str
    samples: int
    wall: float
    cpu: float
    memory: float
    read: int
    written: int
    disk: int
    load: float


class Traffic(threading.Thread):
    """The bytes that a process and its descendants have asked the system to read and to write."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._last: dict[int, tuple[int, int]] = {}

    def run(self) -> None:
        """Look once a second until the process is gone: what comes after the last look is lost."""
        while Path(f"/proc/{self._pid}").exists():
            for pid in _family(self._pid):
                try:
                    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
                except OSError:
                    continue
                counts = dict(line.split(": ") for line in lines)
                self._last[pid] = int(counts["rchar"]), int(counts["wchar"])
            time.sleep(1)

    @property
    def total(self) -> tuple[int, int]:
        """Return bytes read and bytes written."""
        return sum(each[0] for each in self._last.values()), sum(
            each[1] for each in self._last.values()
        )


def measure(task: str, samples: int, command: Sequence[str], made: Path, cache: Path) -> Measured:
    """Run a command whose files appear in the folder ``made``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    environment = {**os.environ, "ESHOP_FACTORY_CACHE": str(cache)}
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.DEVNULL, env=environment
    ) as process:
        watchers = memory, traffic = Memory(process.pid), Traffic(process.pid)
        for watcher in watchers:
            watcher.start()
    wall = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"the run failed with {process.returncode}: {' '.join(command)}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    manifest = json.loads((made / "manifest.json").read_text()) if samples == 0 else {}
    samples = samples or manifest["splits"]["train"]["accepted"]
    disk = sum(each.stat().st_size for each in made.glob("**/[!.]*") if each.is_file())
    read, written = traffic.total
    return Measured(
        *(task, samples, round(wall, 2), round(cpu, 2), round(memory.peak, 1)),
        *(read, written, disk, round(os.getloadavg()[0], 1)),
    )


def run_size(size: int, places: dict[str, Path], out: Path, cache: Path, *, keep: bool) -> None:
    """Make ``size`` samples of the tasks, and each task's Parquet; those measured are left out.

    What a task's source does not give is asked of the next one.
    """
    lacking = 0
    for task, (source, fifths) in TASKS.items():
        wanted = size * fifths // 5 + lacking
        if not wanted:
            continue
        name = f"{task} {wanted}"
        folder = out / task
        if name not in load(out):
            shutil.rmtree(folder, ignore_errors=True)
            command = [sys.executable, "-m", "factory", "run", str(RECIPE), "--task", task]
            command += ["--limit", str(wanted), "--source", f"{source}={places[source]}"]
            command += ["--out", str(out), "--json"]
            save(out, name, measure(task, 0, command, folder, cache))
        lacking = wanted - load(out)[name].samples
        export = f"export:{name}"
        if export not in load(out) and (folder / "train.jsonl").is_file():
            made = load(out)[name].samples
            shards = out / "parquet" / task
            shutil.rmtree(shards, ignore_errors=True)
            command = [sys.executable, "-m", "factory", "export", str(folder)]
            command += ["--format", "samples", "--to", "parquet", "--out", str(shards)]
            save(out, export, measure(f"export:{task}", made, command, shards, cache))
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def load(out: Path) -> dict[str, Measured]:
    """Return what was measured so far, by task and size."""
    path = out / "measured.json"
    if not path.is_file():
        return {}
    return {name: Measured(**each) for name, each in json.loads(path.read_text()).items()}


def save(out: Path, name: str, measured: Measured) -> None:
    """Add a measurement to the file, and print it."""
    everything = {**load(out), name: measured}
    text = json.dumps({name: asdict(each) for name, each in everything.items()}, indent=1)
    (out / "measured.json").write_text(f"{text}\n")
    print_row(measured)


def print_row(each: Measured) -> None:
    """Print one measurement as a row of a Markdown table."""
    print(
        f"| {each.task} | {each.samples:,} | {each.wall:,.0f} | {each.cpu:,.1f} "
        f"| {each.memory:,.0f} | {each.read / 1e9:,.2f} | {each.written / 1e9:,.2f} "
        f"| {each.disk / 1e6:,.0f} | {each.samples / each.cpu:,.0f} | {each.load:.1f} |",
        flush=True,
    )


def print_table(rows: Iterable[Measured], most: int) -> None:
    """Print all measurements, the model of each task, and how far it is off beyond ``most``."""
    print(
        "| command | samples | s | CPU s | MB | GB read | GB written | MB left | a CPU s | load |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    ordered = sorted(rows, key=lambda each: (each.task, each.samples))
    for each in ordered:
        print_row(each)
    print("\n| command | what | fixed | a million samples | samples | told | measured | off by |")
    print("|---|---|---|---|---|---|---|---|")
    for task in dict.fromkeys(each.task for each in ordered):
        own = [each for each in ordered if each.task == task]
        known = [each for each in own if each.samples <= most]
        if len(known) < 2:
            continue
        slope, fixed = np.polyfit([each.samples for each in known], [each.cpu for each in known], 1)
        base = known[-1]
        for each in own[len(known) :]:
            remembered = 0.0 if task.startswith("export:") else REMEMBERED
            further = (each.samples - base.samples) * remembered
            for unit, (start, a_sample), told, found in (
                ("CPU s", (fixed, slope), fixed + slope * each.samples, each.cpu),
                ("MB", (base.memory, remembered), base.memory + further, each.memory),
            ):
                print(
                    f"| {task} | {unit} | {start:,.1f} | {a_sample * 1e6:,.0f} | {each.samples:,} "
                    f"| {told:,.0f} | {found:,.0f} | {(told - found) / found:+.0%} |"
                )


def main() -> None:
    """Measure the sizes that are not measured yet, then print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=Path, help="where the full-scale files are, or are made")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--fit", type=int, default=100_000, help="the model's largest runs")
    parser.add_argument("--keep", action="store_true", help="keep the lines of the last size")
    parser.add_argument("--table", action="store_true", help="only print what was measured")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    if not arguments.table:
        if arguments.files is None:
            parser.error("--files is needed where something is to be measured")
        out.mkdir(parents=True, exist_ok=True)
        places = make_files(arguments.files)
        for size in arguments.sizes:
            run_size(size, places, out, arguments.files / "cache", keep=arguments.keep)
    print_table(load(out).values(), arguments.fit)


if __name__ == "__main__":
    main()
