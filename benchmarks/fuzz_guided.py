"""Fuzz one target with atheris, which keeps the inputs that reach what none did before.

    python benchmarks/fuzz_guided.py yaml --inputs 100000 --seed 7 --json out.json

benchmarks/fuzz.py starts it with ``--engine atheris``; atheris has to be installed (pip install
atheris), and takes what it instruments when it is imported.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import atheris

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

#: What reads; to instrument the rest as well takes minutes, and guides nothing.
READERS = [
    *("factory.hub", "factory.llm.structured", "factory.llm.transport", "factory.recipe.text"),
    *("factory.serving", "factory.sources.address", "factory.sources.download"),
    *("factory.sources.hub", "factory.tasktypes", "factory.templates"),
]
with atheris.instrument_imports(include=READERS):
    from tests.fuzz.targets import TARGETS

from benchmarks.fuzz import Fuzzed, Outcome  # noqa: E402 - what is fuzzed is imported first


def main() -> None:
    """Give one target so many inputs; the outcome is written before the engine ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=list(TARGETS))
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--findings", type=Path, default=None)
    arguments = parser.parse_args()
    target = TARGETS[arguments.target]
    outcome = Outcome(target.name, target.title, "atheris", arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        fuzzed = Fuzzed(target, outcome, Path(folder), arguments.findings)

        def one_input(data: bytes) -> None:
            fuzzed(data)
            if outcome.inputs >= arguments.inputs or outcome.inputs % 1_000 == 0:
                said = [asdict(outcome) | {"rate": round(outcome.rate)}]
                arguments.json.write_text(json.dumps(said), encoding="utf-8")

        options = [f"-runs={arguments.inputs}", f"-seed={arguments.seed}", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, f"-max_len={target.longest}"], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
