"""Verbs of the command line as a benchmark runs them: in processes of their own, by the clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: The model that is tuned.
BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"


def run_verbs(*verbs: Sequence[str], at_once: int | None = None) -> tuple[float, str | None]:
    """Run verbs, ``at_once`` of them (as many as there are processors), until all have ended.

    Of several, each computes on one thread: on two cores that others work on too, two threads that
    wait for each other took ten times the processor time of one.

    Returns the seconds that all of them took by the clock, and what the first said that failed:
    None where none did.
    """
    began = time.monotonic()
    with ThreadPoolExecutor(at_once or os.cpu_count()) as pool:
        threads = {} if len(verbs) == 1 else {"OMP_NUM_THREADS": "1"}
        ended = list(pool.map(lambda verb: _run(verb, threads), verbs))
    took = time.monotonic() - began
    return took, next((each.stderr or each.stdout for each in ended if each.returncode), None)


def _run(verb: Sequence[str], more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "factory", *verb]
    environment = {**os.environ, **more}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
