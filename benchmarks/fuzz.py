"""Give hostile inputs to everything that reads what others wrote, and print what came of it.

    python benchmarks/fuzz.py all --inputs 1000000 --seed 7       # the long form
    python benchmarks/fuzz.py yaml --inputs 20000 --seed 7        # one target
    python benchmarks/fuzz.py yaml --engine atheris --inputs 100000   # guided by coverage

The targets, and what counts as a finding, are in tests/fuzz/targets.py. ``--inputs`` is what a
cheap target gets; a dear one (whole recipes, adapters) gets a hundredth of it. The inputs of
``hypothesis`` and ``random`` follow from the seed; ``atheris`` (pip install atheris) guides them by
what they reach. Ends with 1 where there is a finding; each is kept in ``--findings`` as the bytes
that cause it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

ENGINES = ("random", "hypothesis", "atheris")
_DEAR = 100
_MEMORY = 8 << 30
_HYPOTHESIS_AT_ONCE = 5_000


@dataclass
class Outcome:
    """What came of one target: inputs given, seconds of a processor, each distinct finding once."""

    name: str
    title: str
    engine: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Inputs a second."""
        return self.inputs / self.seconds if self.seconds else 0.0


class Fuzzed:
    """Calls a target with one input after another, and remembers what came of it."""

    def __init__(self, target: Any, outcome: Outcome, folder: Path, kept: Path | None) -> None:
        self.target = target
        self.outcome = outcome
        self._folder = folder
        self._kept = kept

    def __call__(self, data: bytes) -> None:
        """Give ``data`` to the target; a finding is counted once for each place that raises it."""
        folder = self._folder / "input"
        if self.target.writes:
            folder.mkdir()
        begun = time.process_time()
        try:
            self.target.run(data, folder)
        except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
            self._found(f"{type(error).__name__} at {_place(error)}", str(error), data)
        finally:
            took = time.process_time() - begun
            self.outcome.inputs += 1
            self.outcome.seconds += took
            self.outcome.slowest = max(self.outcome.slowest, took)
            if took > self.target.seconds:
                self._found("slow", f"{took:.1f} s", data)
            if self.target.writes:
                shutil.rmtree(folder)

    def _found(self, what: str, said: str, data: bytes) -> None:
        known = self.outcome.findings.get(what)
        if known is None or len(data) < len(known["data"]) // 2:
            self.outcome.findings[what] = {"said": said[:300], "data": data.hex()}
            if self._kept is not None:
                self._kept.mkdir(parents=True, exist_ok=True)
                name = hashlib.blake2b(what.encode(), digest_size=6).hexdigest()
                (self._kept / f"{self.target.name}-{name}").write_bytes(data)


def main() -> int:
    """Fuzz what is asked for; print one table and, with ``--json``, write the same as JSON."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=["all", *TARGETS])
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", choices=ENGINES, default="random")
    parser.add_argument("--findings", type=Path, default=None)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--again", type=Path, default=None, help="one kept input, with its error")
    arguments = parser.parse_args()
    names = list(TARGETS) if arguments.target == "all" else [arguments.target]
    if arguments.again is not None:
        with tempfile.TemporaryDirectory() as folder:
            TARGETS[names[0]].run(arguments.again.read_bytes(), Path(folder))
        return 0
    outcomes = []
    for name in names:
        dear = TARGETS[name].dear and len(names) > 1
        inputs = max(arguments.inputs // (_DEAR if dear else 1), 1)
        if len(names) > 1 or arguments.engine == "atheris":
            outcomes.append(_in_a_process(name, inputs, arguments))
        else:
            outcomes.append(fuzz(name, inputs, arguments))
        print(_row(outcomes[-1]), file=sys.stderr, flush=True)
    print(_table(outcomes))
    if arguments.json is not None:
        said = [asdict(each) | {"rate": round(each.rate)} for each in outcomes]
        arguments.json.write_text(json.dumps(said, indent=1), encoding="utf-8")
    return int(any(each.findings for each in outcomes))


def fuzz(name: str, inputs: int, arguments: argparse.Namespace) -> Outcome:
    """Return what came of ``inputs`` inputs of one target, in this process."""
    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    outcome = Outcome(name, target.title, arguments.engine, arguments.seed)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))
    quick = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with tempfile.TemporaryDirectory(dir=quick) as folder, _elsewhere(Path(folder)):
        # What is imported and made once is no input's time.
        with contextlib.suppress(Exception), tempfile.TemporaryDirectory(dir=quick) as first:
            target.run(b"", Path(first))
        fuzzed = Fuzzed(target, outcome, Path(folder), arguments.findings)
        if arguments.engine == "hypothesis":
            _hypothesis(fuzzed, inputs, arguments.seed)
        else:
            for data in _random(inputs, arguments.seed, name, target.longest):
                fuzzed(data)
    return outcome


def _random(inputs: int, seed: int, name: str, longest: int) -> Iterator[bytes]:
    """Yield inputs that the seed alone decides: fresh bytes, and earlier ones changed."""
    draw = random.Random(f"{seed}/{name}")  # noqa: S311 - inputs, no secrets
    pool: list[bytes] = [b""]
    for number in range(inputs):
        if number % 3:
            data = draw.randbytes(draw.randrange(longest))
        else:
            data = bytearray(draw.choice(pool) or b"\0")
            for _ in range(draw.randrange(1, 5)):
                data[draw.randrange(len(data))] = draw.randrange(256)
            data = bytes(data)
        if len(pool) < 500:
            pool.append(data)
        elif not number % 50:
            pool[draw.randrange(500)] = data
        yield data


def _hypothesis(fuzzed: Fuzzed, inputs: int, seed: int) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    left, turn = inputs, 0
    while left > 0:
        before = fuzzed.outcome.inputs

        @seeded(seed * 1_000 + turn)
        @settings(
            max_examples=min(left, _HYPOTHESIS_AT_ONCE),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.binary(max_size=fuzzed.target.longest))
        def given_bytes(data: bytes) -> None:
            fuzzed(data)

        given_bytes()
        left -= max(fuzzed.outcome.inputs - before, 1)
        turn += 1


@contextlib.contextmanager
def _elsewhere(folder: Path) -> Iterator[None]:
    """Keep stores and caches out of the user's own, and the network out of reach."""
    before = dict(os.environ)
    os.environ |= {"ESHOP_FACTORY_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    os.environ["FACTORY_PROGRESS"] = "off"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _in_a_process(name: str, inputs: int, arguments: argparse.Namespace) -> Outcome:
    """Fuzz one target in a process of its own, so that none can end the others."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said.json"
        command = [sys.executable, str(Path(__file__).resolve()), name]
        if arguments.engine == "atheris":
            guided = PROJECT / "benchmarks" / "fuzz_guided.py"
            command = [sys.executable, str(guided), name]
        else:
            command += ["--engine", arguments.engine]
        command += ["--inputs", str(inputs), "--seed", str(arguments.seed), "--json", str(said)]
        if arguments.findings is not None:
            command += ["--findings", str(arguments.findings)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if said.is_file():
            (one,) = json.loads(said.read_text(encoding="utf-8"))
            one.pop("rate")
            return Outcome(**one)
    outcome = Outcome(name, "", arguments.engine, arguments.seed)
    last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
    outcome.findings[f"the process ended with {done.returncode}"] = {"said": last, "data": ""}
    return outcome


def _place(error: BaseException) -> str:
    """Return the innermost line of this project's own that raised: findings are told by it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if "/factory/" in each.filename] or list(frames)
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}"


def _row(outcome: Outcome) -> str:
    return (
        f"| {outcome.name} | {outcome.title} | {outcome.inputs:,} | {len(outcome.findings)} | "
        f"{outcome.rate:,.0f} | {outcome.slowest * 1000:,.0f} |"
    )


def _table(outcomes: list[Outcome]) -> str:
    lines = [
        "| target | what is read | inputs | findings | inputs/s | slowest (ms) |",
        "|---|---|---|---|---|---|",
        *map(_row, outcomes),
        f"| all | | {sum(each.inputs for each in outcomes):,} | "
        f"{sum(len(each.findings) for each in outcomes)} | | |",
    ]
    for each in outcomes:
        for what, found in each.findings.items():
            lines.append(f"\n{each.name}: {what}: {found['said']!r}\n    {found['data'][:200]}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
