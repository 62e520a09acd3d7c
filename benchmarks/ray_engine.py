"""Every mixture on a cluster of several nodes on this machine, whose nodes and drivers are killed.

Run ``python benchmarks/ray_engine.py --out DIR`` in an environment with the extra ``ray``. Each
mixture is made by the local engine, then on 1, 2 and 4 nodes: undisturbed, with a node killed in
each third of the run, and with the driver killed (``kill -9``) half-way and started again. Models
are the scripted one. A row a mixture is printed with the checksum of all its files; it ends with 1
where one differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from factory.recipe import load_recipe, resolve_mixture

ROOT = Path(__file__).resolve().parents[1]
STORE = 100 << 20
WAYS = ("1", "2", "4", "killed", "restarted")


class Nodes:
    """A cluster whose head works on nothing, and nodes of one processor that come and go."""

    def __init__(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster  # type: ignore[import-not-found]

        self._cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": STORE}
        )
        self._nodes: list[Any] = []
        self.address: str = self._cluster.address

    def be(self, number: int) -> None:
        """Let so many nodes be there."""
        while len(self._nodes) > number:
            self._cluster.remove_node(self._nodes.pop())
        while len(self._nodes) < number:
            self._nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=STORE))

    def kill(self) -> None:
        """Kill the oldest node, as a power cut does."""
        self._cluster.remove_node(self._nodes.pop(0), allow_graceful=False)

    def end(self) -> None:
        """End the cluster."""
        self._cluster.shutdown()


def checksum(folder: Path) -> str:
    """Return a hash of all files of a mixture: their names and their bytes."""
    digest = blake2b(digest_size=6)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".work" not in path.parts:
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def begin(mixture: str, out: Path, limit: int, *more: str) -> subprocess.Popen[str]:
    """Start to make a mixture, as the command line does."""
    command = [sys.executable, "-m", "factory", "run", "recipes.yaml", "--mixture", mixture]
    command += ["--limit", str(limit), "--model", "scripted", "--out", str(out), "--json", *more]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def until(run: subprocess.Popen[str], reached: Callable[[], bool]) -> bool:
    """Wait until something holds of a run; return whether that was before its end."""
    while run.poll() is None:
        if reached():
            return True
        time.sleep(0.02)
    return False


def finish(run: subprocess.Popen[str]) -> None:
    """Wait for a run's end; end with what it said where it failed, or said more than its answer."""
    answer, said = run.communicate()
    if run.returncode or said:
        sys.exit(said or f"it ended with {run.returncode}")
    json.loads(answer)


def ways(
    nodes: Nodes, mixture: str, out: Path, limit: int, wanted: Collection[str]
) -> Iterator[tuple[str, Path]]:
    """Make a mixture in one way after another; yield what was done, and the folder."""
    tasks = len(resolve_mixture(load_recipe(ROOT / "recipes.yaml"), mixture).shares)
    cluster = ("--engine", "ray", "--address", nodes.address)

    def done(part: float, folder: Path) -> Callable[[], bool]:
        """Return whether this part of the tasks is finished."""
        return lambda: len(list((folder / mixture).glob("*/manifest.json"))) >= part * tasks

    finish(begin(mixture, out / "local", limit))
    yield "local", out / "local"
    for number in (1, 2, 4):
        if str(number) in wanted:
            nodes.be(number)
            finish(begin(mixture, out / f"nodes{number}", limit, *cluster))
            yield f"{number} node{'s' * (number > 1)}", out / f"nodes{number}"
    if "killed" in wanted:
        nodes.be(4)
        run = begin(mixture, out / "killed", limit, *cluster)
        killed = 0
        for part in (1 / 6, 3 / 6, 5 / 6):
            if until(run, done(part, out / "killed")):
                nodes.kill()
                killed += 1
        finish(run)
        yield f"4 nodes, {killed} killed", out / "killed"
    if "restarted" in wanted:
        nodes.be(2)
        run = begin(mixture, out / "restarted", limit, *cluster)
        met = until(run, done(0.5, out / "restarted"))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        finish(begin(mixture, out / "restarted", limit, *cluster))
        yield f"driver {'killed' if met else 'not met'}, restarted", out / "restarted"


def main() -> None:
    """Make every mixture in every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=5)
    parser.add_argument("--mixture", action="append", help="in place of all of the catalogue")
    parser.add_argument("--way", action="append", choices=WAYS, help="in place of all of them")
    asked = parser.parse_args()
    out = asked.out.resolve()
    os.environ["ESHOP_FACTORY_CACHE"] = str(out / "cache")
    nodes = Nodes()
    unlike = 0
    try:
        for mixture in asked.mixture or load_recipe(ROOT / "recipes.yaml").mixtures:
            sums: dict[str, str] = {}
            wanted = asked.way or WAYS
            for way, folder in ways(nodes, mixture, out / mixture, asked.limit, wanted):
                sums[way] = checksum(folder / mixture)
                print(f"{mixture:20} {way:28} {sums[way]}", flush=True)
                shutil.rmtree(folder)
            unlike += len(set(sums.values())) != 1
    finally:
        nodes.end()
    print("every checksum is the local engine's" if not unlike else f"{unlike} mixtures differ")
    sys.exit(bool(unlike))


if __name__ == "__main__":
    main()
