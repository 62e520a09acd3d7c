"""Faults of disks: full, slow, read-only. They need rights to mount, or a tracer."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.trial import WIDTH, Bench, Found, NotPossibleError

_LARGE = "256m"
_DELAY_MICROSECONDS = 20_000
_WRITES = "fsync,fdatasync,rename,renameat,renameat2,unlink,mkdir"


@contextmanager
def disk(path: Path, size: str) -> Iterator[Path]:
    """Mount a disk of ``size`` (as mount writes it) at ``path`` until the block ends."""
    path.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        raise NotPossibleError("mounting a disk is not allowed here")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def remount(path: Path, options: str) -> None:
    """Change a mounted disk."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(path)], check=True)


def _kilobytes(trial_bytes: int, draw: random.Random) -> str:
    return f"{max(int(trial_bytes * draw.uniform(0.02, 0.98)) >> 10, 64)}k"


def full_disk(bench: Bench, draw: random.Random, times: int) -> Found:
    """Run on a disk of a random size that is too small, then make room."""
    found = Found()
    while found.injected < times:
        job = draw.choice(("rules", "mixture"))
        files = bench.undisturbed(job).files
        # The plan and what is written aside are beside the files of the run.
        size = _kilobytes(sum(map(len, files.values())), draw)
        with disk(bench.folder / f"disk-{draw.getrandbits(48):x}", size) as root:
            trial = bench.trial(job, root=root)
            ended = trial.finish(trial.start())
            if ended.code:
                found.injected += 1
                found.holds(ended.code == 1, f"exit {ended.code}: {ended.said}")
                told = "no space left on the disk" in ended.said and str(root) in ended.said
                found.holds(told, f"the message: {ended.said!r}")
            trial.check(found, ended)
            remount(root, f"size={_LARGE}")
            trial.resume(found)
    return found


def full_cache(bench: Bench, draw: random.Random, times: int) -> Found:
    """Ask a model with the ledger of answers on a disk that fills."""
    found = Found()
    for _ in range(times):
        size = f"{draw.randrange(120, 330, 4)}k"
        with disk(bench.folder / f"disk-{draw.getrandbits(48):x}", size) as root:
            trial = bench.trial("asking")
            trial.cache = root / "cache"
            with bench.endpoint(trial):
                ended = trial.finish(trial.start())
                if ended.code:
                    found.injected += 1
                    found.holds(ended.code == 1, f"exit {ended.code}: {ended.said}")
                    told = str(root) in ended.said and "space" in ended.said
                    found.holds(told, f"the message: {ended.said!r}")
                trial.check(found, ended)
                remount(root, f"size={_LARGE}")
                lost = trial.answered() - trial.kept()
                found.holds(lost <= WIDTH, f"{lost} paid answers were lost")
                trial.resume(found)
            found.notes["paid twice"] += trial.paid_twice()
            found.notes["in flight when stopped"] += lost
            found.holds(trial.paid_twice() <= lost, f"{trial.paid_twice()} paid twice")
    return found


def file_limit(bench: Bench, draw: random.Random, times: int) -> Found:
    """Run where no file may grow past a random size (``ulimit -f``)."""
    found = Found()
    while found.injected < times:
        job = draw.choice(("rules", "mixture"))
        largest = max(map(len, bench.undisturbed(job).files.values()))
        most = max(int(largest * draw.random()), 1000)

        def small(most: int = most) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        trial = bench.trial(job)
        ended = trial.finish(trial.start(preexec_fn=small))
        if ended.code:
            found.injected += 1
            found.holds(ended.code == 1, f"exit {ended.code}: {ended.said}")
            told = str(trial.folder) in ended.said
            found.holds(told, f"the message: {ended.said!r}")
        trial.check(found, ended)
        trial.resume(found)
    return found


def read_only_cache(bench: Bench, draw: random.Random, times: int) -> Found:
    """Run with a cache that cannot be written: what needs none of it is made all the same."""
    found = Found()
    for _ in range(times):
        for job, needs in (("rules", False), ("asking", True)):
            with disk(bench.folder / f"disk-{draw.getrandbits(48):x}", _LARGE) as root:
                trial = bench.trial(job)
                trial.cache = root / "cache"
                remount(root, "ro")
                with bench.endpoint(trial):
                    ended = trial.finish(trial.start())
                    found.injected += 1
                    found.holds(ended.code == int(needs), f"exit {ended.code}: {ended.said}")
                    if needs:
                        told = "ESHOP_FACTORY_CACHE" in ended.said and str(root) in ended.said
                        found.holds(told, f"the message: {ended.said!r}")
                        found.holds(not trial.answered(), "something was asked")
                    trial.check(found, ended)
                    remount(root, "rw")
                    trial.resume(found)
    return found


def slow_disk(bench: Bench, draw: random.Random, times: int) -> Found:
    """Run with every sync, rename and removal of a file 20 milliseconds late."""
    tracer = shutil.which("strace")
    if (
        tracer is None
        or subprocess.run([tracer, "true"], check=False, capture_output=True).returncode
    ):
        raise NotPossibleError("there is no strace here, or it may trace nothing")
    found = Found()
    late = [tracer, "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={_WRITES}"]
    late += ["-e", f"inject={_WRITES}:delay_exit={_DELAY_MICROSECONDS}"]
    for _ in range(times):
        job = draw.choice(("rules", "asking", "mixture"))
        trial = bench.trial(job)
        with bench.endpoint(trial):
            ended = trial.finish(trial.start(prefix=late))
            found.injected += 1
            found.holds(ended.code == 0, f"exit {ended.code}: {ended.said}")
            trial.check(found, ended)
        trial.compare(found)
        found.notes["paid twice"] += trial.paid_twice()
        found.holds(not trial.paid_twice(), f"{trial.paid_twice()} answers were paid twice")
    return found
