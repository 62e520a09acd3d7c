"""Faults that end processes: of the run, of its workers, of the endpoint; and a second run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from factory.engines import spare_workers
from tests.faults.trial import WIDTH, Bench, Ended, Found, NotPossibleError, Trial, members, stop

#: A kill that comes later than the undisturbed run's end is none.
_LATEST = 0.95
_STARTED = 0.05


def kill_driver(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Kill -9 the run, which makes its samples by program, at random instants."""
    return _stop_again_and_again(bench, draw, kills, "rules", signal.SIGKILL)


def kill_mixture(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Kill -9 the run of a mixture that is exported too."""
    return _stop_again_and_again(bench, draw, kills, "mixture", signal.SIGKILL)


def kill_asking(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Kill -9 the run while it asks a model."""
    return _stop_again_and_again(bench, draw, kills, "asking", signal.SIGKILL)


def terminate(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Send SIGTERM to the run, as a scheduler or a container's end does."""
    job = draw.choice(("rules", "asking", "mixture"))
    return _stop_again_and_again(bench, draw, kills, job, signal.SIGTERM)


def interrupt(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Send SIGINT to the run and all its processes, as Ctrl-C in a terminal does."""
    job = draw.choice(("rules", "asking", "mixture"))
    return _stop_again_and_again(bench, draw, kills, job, signal.SIGINT)


#: What a signal makes the run end with; Python before it has come to the program ends by it.
_CODES = {
    signal.SIGKILL: (-signal.SIGKILL,),
    signal.SIGTERM: (130, -signal.SIGTERM),
    signal.SIGINT: (130, -signal.SIGINT),
}


def _stop_again_and_again(
    bench: Bench, draw: random.Random, kills: int, job: str, how: signal.Signals
) -> Found:
    """Stop one run ``kills`` times, each at a random instant of its undisturbed length."""
    undisturbed = bench.undisturbed(job)
    found = Found()
    trial = bench.trial(job)
    endpoint = bench.serve(trial) if job == "asking" else None
    lost = 0
    try:
        while found.injected < kills:
            process = trial.start()
            # Much of a short run is an interpreter's start: the kills lie where work is done.
            time.sleep(draw.uniform(_STARTED, _LATEST) * undisturbed.seconds)
            if process.poll() is not None:
                trial.check(found, trial.finish(process))
                trial = _another(bench, trial, job, found, endpoint)
                endpoint = bench.serve(trial) if job == "asking" else None
                lost = 0
                continue
            if how is signal.SIGINT:
                os.killpg(process.pid, how)
            else:
                process.send_signal(how)
            ended = trial.finish(process)
            if ended.code == 0:  # it had all but ended
                continue
            found.injected += 1
            found.holds(ended.code in _CODES[how], f"{how.name}: exit {ended.code}: {ended.said}")
            _check_words(found, ended)
            trial.check(found, ended)
            if job == "asking":
                before, lost = lost, trial.answered() - trial.kept()
                found.holds(lost - before <= WIDTH, f"{lost - before} paid answers were lost")
        _another(bench, trial, job, found, endpoint, more=False)
    finally:
        if endpoint is not None:
            stop(endpoint)
    return found


def _another(
    bench: Bench,
    trial: Trial,
    job: str,
    found: Found,
    endpoint: subprocess.Popen[str] | None,
    *,
    more: bool = True,
) -> Trial:
    """Bring a trial to its end; return a new one where there are ``more`` kills to come."""
    lost = trial.answered() - trial.kept() if endpoint else 0
    trial.resume(found)
    if endpoint is not None:
        twice = trial.paid_twice()
        found.notes["paid twice"] += twice
        found.notes["in flight when stopped"] += lost
        found.holds(twice <= lost, f"{twice} answers paid twice, {lost} were in flight")
        stop(endpoint)
    return bench.trial(job) if more else trial


def _check_words(found: Found, ended: Ended) -> None:
    if ended.code == 130:
        lines = ended.said.splitlines()
        found.holds(
            len(lines) == 1 and "goes on from here" in lines[0],
            f"exit {ended.code}: {ended.said!r}",
        )


def kill_worker(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Kill -9 the worker processes of a run, which goes on without them."""
    undisturbed = bench.undisturbed("rules")
    found = Found()
    if not spare_workers(1 << 20) or not Path("/proc").is_dir():
        raise NotPossibleError("there are no workers on one core, or no /proc to find them in")
    while found.injected < kills:
        trial = bench.trial("rules")
        process = trial.start()
        while not (workers := _workers(process)) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.5) * undisturbed.seconds)
        for pid in workers:
            if pid in _workers(process):
                os.kill(pid, signal.SIGKILL)
                found.injected += 1
        ended = trial.finish(process)
        found.holds(ended.code == 0, f"exit {ended.code}: {ended.said}")
        trial.check(found, ended)
        trial.compare(found)
    return found


def _workers(process: subprocess.Popen[str]) -> list[int]:
    return [pid for pid in members(process.pid) if pid != process.pid]


def kill_endpoint(bench: Bench, draw: random.Random, kills: int) -> Found:
    """Kill -9 the endpoint while a run asks it, and start it again within two seconds."""
    undisturbed = bench.undisturbed("asking")
    found = Found()
    trial = bench.trial("asking")
    endpoint = bench.serve(trial)
    process = trial.start()
    try:
        while found.injected < kills:
            time.sleep(draw.uniform(_STARTED, _LATEST) * undisturbed.seconds)
            if process.poll() is not None:
                _check_finished(trial, trial.finish(process), found)
                trial = bench.trial("asking")
                stop(endpoint)
                endpoint = bench.serve(trial)
                process = trial.start()
                continue
            stop(endpoint)
            found.injected += 1
            time.sleep(draw.uniform(0, 1.5))
            endpoint = bench.serve(trial)
        _check_finished(trial, trial.finish(process), found)
    finally:
        stop(endpoint)
    return found


def _check_finished(trial: Trial, ended: Ended, found: Found) -> None:
    found.holds(ended.code == 0, f"exit {ended.code}: {ended.said}")
    trial.check(found, ended)
    lost = trial.answered() - trial.kept()
    trial.compare(found)
    # An answer that was sent into a connection that died with the endpoint never came.
    found.notes["paid twice"] += trial.paid_twice()
    found.notes["in flight when stopped"] += lost
    most = WIDTH * max(found.injected, 1)
    found.holds(trial.paid_twice() <= most, f"{trial.paid_twice()} answers were paid twice")


def two_at_once(bench: Bench, draw: random.Random, times: int) -> Found:
    """Start the same run twice in one folder, within a fifth of a second."""
    found = Found()
    for _ in range(times):
        job = draw.choice(("rules", "mixture"))
        trial = bench.trial(job)
        first = trial.start()
        time.sleep(draw.uniform(0, 0.2))
        second = trial.start()
        ends = [trial.finish(first), trial.finish(second)]
        found.injected += 1
        codes = sorted(ended.code for ended in ends)
        # Where one was done before the other came to the folder, that one leaves it as it is.
        found.holds(codes in ([0, 1], [0, 0]), f"exits {codes}: {[e.said for e in ends]}")
        for ended in ends:
            if ended.code == 1:
                found.notes["refused"] += 1
                said = "another run is writing here" in ended.said
                found.holds(said, f"the loser says {ended.said!r}")
            trial.check(found, ended)
        trial.resume(found)
    return found
