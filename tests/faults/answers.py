"""Faults of an endpoint: it hangs, answers wrongly or without end, or limits the rate for long."""

from __future__ import annotations

import random

from tests.faults.trial import WIDTH, Bench, Found, Trial

_SHORT = 0.5
_MANY = 256


def hanging(bench: Bench, draw: random.Random, times: int) -> Found:
    """Let requests hang, or drip, until their time is over."""
    found = Found()
    for _ in range(times):
        fault = draw.choice(("hang", "drip"))
        _withstand(bench, found, fault, draw.randint(3, 2 * WIDTH), timeout=_SHORT)
    return found


def never_answering(bench: Bench, draw: random.Random, times: int) -> Found:  # noqa: ARG001
    """Let every request hang: the run gives up after eight tries, and can be resumed."""
    found = Found()
    for _ in range(times):
        trial = _give_up(bench, found, "hang", "run again to go on")
        found.notes["paid twice"] += trial.paid_twice()
    return found


def wrong_status(bench: Bench, draw: random.Random, times: int) -> Found:
    """Answer with every status that may pass."""
    found = Found()
    for _ in range(times):
        _withstand(bench, found, "status", draw.randint(WIDTH, 5 * WIDTH))
    return found


def redirected(bench: Bench, draw: random.Random, times: int) -> Found:  # noqa: ARG001
    """Answer with statuses that no request of the API is answered with: the run ends at once."""
    found = Found()
    for _ in range(times):
        _give_up(bench, found, "redirect", "does not answer requests")
    return found


def wrong_body(bench: Bench, draw: random.Random, times: int) -> Found:
    """Answer 200 with HTML, nothing, other JSON, half of it, and bytes that are no text."""
    found = Found()
    for _ in range(times):
        _withstand(bench, found, "wrong", draw.randint(WIDTH, 3 * WIDTH))
    return found


def cut_connection(bench: Bench, draw: random.Random, times: int) -> Found:
    """Close connections within heads and bodies, or reset them."""
    found = Found()
    for _ in range(times):
        _withstand(bench, found, "cut", draw.randint(WIDTH, 3 * WIDTH))
    return found


def endless_body(bench: Bench, draw: random.Random, times: int) -> Found:
    """Answer with bodies and heads that do not end, plain and packed."""
    found = Found()
    for _ in range(times):
        _withstand(bench, found, "endless", draw.randint(3, WIDTH), timeout=10)
        _withstand(bench, found, "bomb", 2, timeout=10)
    return found


def rate_limits(bench: Bench, draw: random.Random, times: int) -> Found:  # noqa: ARG001
    """Answer 429 to the first requests, one after another."""
    found = Found()
    # Many at once: each waits for seconds after its tenth.
    _withstand(bench, found, "limit", times, width=_MANY)
    return found


def _withstand(
    bench: Bench,
    found: Found,
    fault: str,
    first: int,
    *,
    timeout: float = 30,
    width: int = WIDTH,
) -> None:
    """Let the first requests of a run meet a fault: it goes on by itself."""
    trial = bench.trial("asking", timeout=timeout, width=width)
    with bench.endpoint(trial, fault, first):
        ended = trial.finish(trial.start())
        found.injected += first
        found.holds(ended.code == 0, f"{fault}: exit {ended.code}: {ended.said}")
        trial.check(found, ended)
    trial.compare(found)
    found.notes["paid twice"] += trial.paid_twice()
    found.holds(not trial.paid_twice(), f"{fault}: {trial.paid_twice()} answers were paid twice")


def _give_up(bench: Bench, found: Found, fault: str, words: str) -> Trial:
    """Let all requests of a run meet a fault: it ends, and goes on when the fault is over."""
    trial = bench.trial("asking", timeout=_SHORT)
    with bench.endpoint(trial, fault, 1 << 30):
        ended = trial.finish(trial.start())
    found.injected += 1
    found.holds(ended.code == 1, f"{fault}: exit {ended.code}: {ended.said}")
    found.holds(words in ended.said, f"the message: {ended.said!r}")
    trial.check(found, ended)
    with bench.endpoint(trial):
        trial.resume(found)
    found.holds(not trial.paid_twice(), f"{fault}: {trial.paid_twice()} answers were paid twice")
    return trial
