"""Build a paper's mixture from full-scale files, count it, and say what it cost.

    python benchmarks/mixtures.py nvidia_all --files /data/full --out /data/out
    python benchmarks/mixtures.py nvidia_all --files /data/full --out /data/out --model scripted

Files that are not there yet are made by the generators beside this script, one folder a source, in
upstream's schemas and sizes. The whole command ``run recipes.yaml --mixture NAME`` is timed: start,
reading, every check and the mixed file. A first run also converts large text files into the cache
(``--cold`` empties it before); the second and later runs find them there.

Sets that ask a language model are left out, unless ``--model`` says which.

Memory is the sum of the proportional set sizes of the process and its workers, once a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from factory.recipe import load_recipe

PROJECT = Path(__file__).parents[1]
#: The generator of each source's files, and what it is asked for.
MAKERS = {
    "esci": ("make_esci.py", ()),
    "amazon_m2": ("make_amazon_m2.py", ()),
    "amazon_reviews": ("make_amazon_reviews.py", ()),
    "ecinstruct": ("make_ecinstruct.py", ()),
    "mmlu": ("make_instructions.py", ()),
    "alpaca": ("make_instructions.py", ()),
}
#: Sources whose generator writes into one folder together, each into a folder of its own.
TOGETHER = {"mmlu": "mmlu", "alpaca": "alpaca"}


def make_files(folder: Path) -> dict[str, Path]:
    """Make what is not there; return the folder of each source."""
    places = {}
    for source, (script, arguments) in MAKERS.items():
        place = folder / ("instructions" if source in TOGETHER else source)
        if not place.is_dir():
            partial = place.with_name(f"{place.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            command = [sys.executable, str(PROJECT / "benchmarks" / script), "--out", str(partial)]
            subprocess.run([*command, *arguments], check=True, cwd=PROJECT)
            partial.rename(place)
        places[source] = place / TOGETHER[source] if source in TOGETHER else place
    return places


def without_models(mixture: str, path: Path) -> Path:
    """Write a recipe with ``<mixture>_by_rules``: the numbered sets that ask no model."""
    recipe = load_recipe(PROJECT / "recipes.yaml")
    spec = recipe.mixtures[mixture]
    asked = {
        paper: {
            number
            for name, task in recipe.tasks.items()
            if recipe.asks(name)
            for number in _numbers(getattr(task, paper))
        }
        for paper in ("nvidia", "eshop")
    }
    kept = {
        paper: {n: size for n, size in getattr(spec, paper).items() if n not in asked[paper]}
        for paper in ("nvidia", "eshop")
    }
    sizes = sum(sum(numbers.values()) for numbers in kept.values())
    text = json.dumps({"title": spec.title, "size": sizes, **kept})
    own = (PROJECT / "recipes.yaml").read_text(encoding="utf-8")
    path.write_text(f"{own}\nmixtures: {{{mixture}_by_rules: {text}}}\n", encoding="utf-8")
    return path


def _numbers(number: object) -> list[int]:
    return [] if number is None else number if isinstance(number, list) else [int(str(number))]


class Memory(threading.Thread):
    """The largest sum of the memory of a process and all its descendants, in MB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.peak = 0.0

    def run(self) -> None:
        """Look once a second until the process is gone: each look stops it for a moment."""
        while Path(f"/proc/{self._pid}").exists():
            self.peak = max(self.peak, sum(map(_pss, _family(self._pid))) / 1024)
            time.sleep(1)


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += _family(int(child))
        except OSError:
            continue
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def main() -> None:
    """Make the files, run the mixture, print its counts and its cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mixture", default="nvidia_all", nargs="?")
    parser.add_argument("--files", type=Path, required=True, help="where the full-scale files are")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--limit", type=int, help="at most so many samples a task, for linearity")
    parser.add_argument("--model", help="make the sets that ask a language model, too: scripted")
    parser.add_argument("--cold", action="store_true", help="empty the cache before the first run")
    arguments = parser.parse_args()
    places = make_files(arguments.files)
    cache = arguments.files / "cache"
    if arguments.cold:
        shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "factory", "run", "--json", "--fresh"]
    command += ["--out", str(arguments.out)]
    if arguments.model is None:
        recipe = without_models(arguments.mixture, arguments.files / "without-models.yaml")
        command += [str(recipe), "--mixture", f"{arguments.mixture}_by_rules"]
    else:
        command += ["recipes.yaml", "--mixture", arguments.mixture, "--model", arguments.model]
    # The paper trained on MMLU's own test part; its size cannot be reached without.
    command += ["--allow-test", "mmlu"]
    if arguments.limit:
        command += ["--limit", str(arguments.limit)]
    for source, place in places.items():
        command += ["--source", f"{source}={place}"]
    for number in range(arguments.runs):
        manifest, seconds, peak = timed(command, cache)
        if number == 0:
            print_counts(manifest)
        rows = manifest["files"]["train.jsonl"]["rows"]
        print(f"{rows:,} samples in {seconds:.1f} s, {peak:,.0f} MB", flush=True)


def timed(command: list[str], cache: Path) -> tuple[dict[str, Any], float, float]:
    """Run the command; return its manifest, its seconds and its peak memory in MB."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        env={**os.environ, "ESHOP_FACTORY_CACHE": str(cache)},
    ) as process:
        memory = Memory(process.pid)
        memory.start()
        printed, _ = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"the run failed with {process.returncode}")
    manifest: dict[str, Any] = json.loads(printed)["manifest"]
    return manifest, seconds, memory.peak


def print_counts(manifest: dict[str, Any]) -> None:
    """Print the samples of every task, and why some are missing."""
    for name, task in manifest["tasks"].items():
        note = task["shortfall"] or ("" if task["accepted"] >= task["wanted"] else "rows ran out")
        print(f"{name:45} {task['accepted']:>8,} of {task['wanted']:>8,} {note}")
    for each in manifest["absent"]:
        print(f"{each['paper']} {each['number']}: {each['size']:,} samples, no task yet")


if __name__ == "__main__":
    main()
