"""Whether the work of a task grows as its samples do: processor seconds at several sizes.

    python benchmarks/linearity.py answer_question --source mmlu=/data/mmlu --allow-test mmlu

Each size is a run of the whole command in a process of its own, from start to synced files. What is
measured is processor time, of the process and its worker together: unlike the clock it says nearly
the same on a machine that does something else too. ``further`` is what each further sample costs
beside the size before, in milliseconds: equal ones mean a linear task. Memory is the largest sum
of both, looked at once a second.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from mixtures import Memory

PROJECT = Path(__file__).parents[1]


def measured(command: list[str]) -> tuple[float, float]:
    """Run the command; return the processor seconds and the MB that it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        memory = Memory(process.pid)
        memory.start()
    if process.returncode:
        sys.exit(f"the run failed with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, memory.peak


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task")
    parser.add_argument("--limits", type=int, nargs="+", default=[2000, 8000, 32_000])
    parser.add_argument("--source", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--allow-test", action="append", default=[], metavar="SOURCE")
    arguments = parser.parse_args()
    given = [each for source in arguments.source for each in ("--source", source)]
    given += [each for source in arguments.allow_test for each in ("--allow-test", source)]
    last: tuple[int, float] | None = None
    for limit in arguments.limits:
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "factory", "run", "recipes.yaml", "--json"]
            command += ["--task", arguments.task, "--limit", str(limit), "--out", out, *given]
            seconds, megabytes = measured(command)
        further = "" if last is None else f"{(seconds - last[1]) / (limit - last[0]) * 1e3:.3f} ms"
        print(f"{limit:>9,} {seconds:8.2f} s {further:>10} {megabytes:8,.0f} MB", flush=True)
        last = limit, seconds


if __name__ == "__main__":
    main()
