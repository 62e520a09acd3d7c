"""A run that faults are put to, and what must hold of it whatever happens.

A :class:`Bench` has what all trials share: the files of a shop, the port of the endpoint, and for
each job the bytes of a run that nothing disturbed. A :class:`Trial` is one job in a folder and a
cache of its own, started as often as it is stopped, by the command line and no other way.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from tests.catalogue import PROJECT

#: Requests in flight: what a kill may have paid for and lost.
WIDTH: Final = 12
#: Seconds that a process without a parent may take to notice.
_GRACE: Final = 10.0
_PATIENCE: Final = 300.0
_RECIPE: Final = """\
include: [catalogue]
models:
  default:
    model: m
    base_url: "http://127.0.0.1:{port}/v1"
    concurrency: {width}
    timeout: {timeout}
    price: {{prompt: 1, completion: 2}}
tasks:
  label_m2_types: {{size: {size}}}
mixtures:
  few:
    title: A few tasks
    size: 160
    test: 10
    held_out: [task15]
    tasks: {{task12: 80, write_bullets: 40, task13: 40}}
"""


class NotPossibleError(Exception):
    """This machine does not allow a fault: the message says what it lacks."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative: the signal), stderr, wall seconds."""

    code: int
    said: str
    seconds: float = 0.0


@dataclass
class Found:
    """What came of one trial.

    Attributes:
        injected: how many faults it met.
        broken: what did not hold; nothing where all did.
        notes: counts that the table adds up, such as answers that were paid for twice.
        words: what the commands said on stderr, for people.
    """

    injected: int = 0
    broken: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)

    def holds(self, condition: object, otherwise: str) -> None:
        """Write down what is broken where ``condition`` is not true."""
        if not condition:
            self.broken.append(otherwise)


class Bench:
    """What all trials share.

    Args:
        folder: where everything lies.
        shop: a folder of ESCI files.
        size: samples of the job that asks.
    """

    def __init__(self, folder: Path, shop: Path, size: int = 200) -> None:
        self.folder = folder
        self.shop = shop
        self.size = size
        self.port = _free_port()
        self._undisturbed: dict[str, Undisturbed] = {}
        self._trials = 0

    def recipe(self, timeout: float, width: int) -> Path:
        """Return a recipe that asks ``width`` at once, and waits ``timeout`` seconds for each."""
        path = self.folder / f"recipe-{timeout:g}-{width}" / "recipes.yaml"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = _RECIPE.format(port=self.port, width=width, timeout=timeout, size=self.size)
            path.write_text(text, encoding="utf-8")
        return path

    def trial(
        self,
        job: str,
        *,
        shop: Path | None = None,
        timeout: float = 30,
        width: int = WIDTH,
        root: Path | None = None,
    ) -> Trial:
        """Return a new trial of a job, which may have another shop, or lie on a disk of its own."""
        expected = self.undisturbed(job, shop)
        recipe = self.recipe(timeout, width)
        return self._trial(job, root or self.folder, shop or self.shop, recipe, expected)

    def _trial(
        self, job: str, root: Path, shop: Path, recipe: Path, expected: Undisturbed
    ) -> Trial:
        self._trials += 1
        return Trial(self, job, root / f"trial-{self._trials}", shop, recipe, expected)

    def undisturbed(self, job: str, shop: Path | None = None) -> Undisturbed:
        """Return what the job makes of the files as they are; it is made when first asked for."""
        shop = shop or self.shop
        content = blake2b(b"".join(path.read_bytes() for path in sorted(shop.iterdir())))
        name = f"{job} {shop} {content.hexdigest()}" if job == "rules" else job
        if name not in self._undisturbed:
            trial = self._trial(
                job, self.folder, shop, self.recipe(30, WIDTH), Undisturbed({}, 0, 0)
            )
            with self.endpoint(trial) if job == "asking" else _nothing():
                ended = trial.finish(trial.start())
            if ended.code:
                raise RuntimeError(f"the undisturbed run failed: {ended.said}")
            self._undisturbed[name] = Undisturbed(trial.files(), ended.seconds, trial.answered())
        return self._undisturbed[name]

    @contextmanager
    def endpoint(self, trial: Trial, fault: str = "hang", first: int = 0) -> Iterator[None]:
        """Serve answers for a trial, the first of which meet a fault, until the block ends."""
        process = self.serve(trial, fault, first)
        try:
            yield
        finally:
            stop(process)

    def serve(self, trial: Trial, fault: str = "hang", first: int = 0) -> subprocess.Popen[str]:
        """Start the endpoint, and return it when it listens."""
        options = {"port": self.port, "log": trial.log, "fault": fault, "first": first}
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.faults.endpoint"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("the endpoint did not start")
        return process


@dataclass(frozen=True)
class Undisturbed:
    """An undisturbed run: its files, how many seconds it took, how many answers it was given."""

    files: Mapping[str, bytes]
    seconds: float
    answers: int


class Trial:
    """One job in a folder and a cache of its own.

    Attributes:
        out, cache: where it writes.
        expected: what its job makes where nothing happens.
        log: what the endpoint was paid for.
        environment: added to each command's.
    """

    def __init__(
        self,
        bench: Bench,
        job: str,
        folder: Path,
        shop: Path,
        recipe: Path,
        expected: Undisturbed,
    ) -> None:
        self._bench = bench
        self.expected = expected
        self._job = job
        self._shop = shop
        self.folder = folder
        self.out, self.cache, self.log = folder / "out", folder / "cache", folder / "paid.txt"
        folder.mkdir(parents=True)
        self.log.touch()
        self.environment: dict[str, str] = {}
        self._groups: list[int] = []
        self._arguments = {
            "rules": ["--task", "task12", "--source", f"esci={shop}"],
            "asking": ["--task", "label_m2_types"],
            "mixture": ["--mixture", "few", "--format", "messages", "--model", "scripted"],
        }[job]
        self._arguments = ["run", str(recipe), *self._arguments, "--json", "--out", str(self.out)]

    def start(self, *, prefix: Sequence[str] = (), **options: object) -> subprocess.Popen[str]:
        """Start the command in a session of its own; ``options`` are those of Popen."""
        process: subprocess.Popen[str] = subprocess.Popen(
            [*prefix, sys.executable, "-m", "factory", *self._arguments],
            cwd=PROJECT,
            env={
                **os.environ,
                "ESHOP_FACTORY_CACHE": str(self.cache),
                "FACTORY_PROGRESS": "off",
                "OPENAI_API_KEY": "none",
                **self.environment,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,  # type: ignore[call-overload]
        )
        self._groups.append(process.pid)
        return process

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Wait for the command's end."""
        began = time.monotonic()
        try:
            _, said = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return Ended(-999, f"it did not end within {_PATIENCE:g} s")
        return Ended(process.returncode, said, time.monotonic() - began)

    def files(self) -> dict[str, bytes]:
        """Return the files that a reader of the output folder sees, by their paths in it."""
        return {
            str(path.relative_to(self.out)): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file() and not any(part == ".work" for part in path.parts)
        }

    def check(self, found: Found, ended: Ended, *, other: Undisturbed | None = None) -> None:
        """Write down what does not hold after a fault, however the command ended.

        ``other`` is what another shop's run makes, where the shop has changed.
        """
        found.words.append(ended.said.strip())
        where = f"exit {ended.code}"
        for word in ("Traceback", "a defect of this program"):
            found.holds(word not in ended.said, f"{where}: {word}: {ended.said[-600:]}")
        if ended.code in (1, 2, 3):
            lines = ended.said.splitlines()
            found.holds(
                len(lines) == 1 and lines[0].startswith('{"error"'),
                f"{where}: no single error: {ended.said[:600]!r}",
            )
        left = self.living()
        until = time.monotonic() + _GRACE
        while left and time.monotonic() < until:
            time.sleep(0.02)
            left = self.living()
        found.holds(not left, f"{where}: processes were left: {left}")
        found.notes["orphans"] += len(left)
        expected = [self.expected, *([other] if other else [])]
        if not self.out.exists():
            return
        for name, content in self.files().items():
            whole = any(each.files.get(name) == content for each in expected)
            found.holds(whole, f"{where}: {name} is none of the undisturbed run's")
        if ended.code >= 0:
            half = [str(path) for path in self.out.rglob("*.partial")]
            found.holds(not half, f"{where}: half-written: {half}")

    def resume(self, found: Found) -> None:
        """Run the command again, and write down where that is not what nothing would have made."""
        ended = self.finish(self.start())
        found.holds(ended.code == 0, f"resumed: exit {ended.code}: {ended.said[-600:]}")
        self.compare(found)

    def compare(self, found: Found) -> None:
        """Write down where a run that ended well is not what nothing would have made."""
        expected = self._bench.undisturbed(self._job, self._shop).files
        made = self.files()
        differ = sorted(name for name in {*expected, *made} if expected.get(name) != made.get(name))
        found.holds(not differ, f"other bytes than undisturbed: {differ}")
        half = [str(path) for path in self.folder.rglob("*.partial*")]
        found.holds(not half, f"half-written files are left: {half}")

    def living(self) -> list[int]:
        """Return the processes of all sessions of this trial that live, beside zombies."""
        return [pid for group in self._groups for pid in members(group)]

    def answered(self) -> int:
        """Return how many answers the endpoint gave."""
        return len(self._paid())

    def paid_twice(self) -> int:
        """Return how many answers it gave to what it had answered before."""
        paid = self._paid()
        return len(paid) - len(set(paid))

    def _paid(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").split()

    def kept(self) -> int:
        """Return how many answers are in the ledger."""
        path = self.cache / "ledger.sqlite"
        if not path.is_file():
            return 0
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            try:
                ((rows,),) = connection.execute("SELECT count(*) FROM answers")
            except sqlite3.OperationalError:  # killed before it had its tables
                return 0
        return int(rows)


def stop(endpoint: subprocess.Popen[str]) -> None:
    """Kill -9 an endpoint, if it lives."""
    endpoint.kill()
    endpoint.wait()
    if endpoint.stdout is not None:
        endpoint.stdout.close()


def members(group: int) -> list[int]:
    """Return the processes of a process group that live, but for zombies, which only await reaping.

    Nothing where the system has no /proc.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything; state, parent and group come after it.
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state not in "ZX":
            found.append(int(path.parent.name))
    return sorted(found)


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@contextmanager
def _nothing() -> Iterator[None]:
    yield
