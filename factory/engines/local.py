"""Shards of work in processes of this machine."""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from importlib import import_module
from multiprocessing.connection import Connection, wait
from typing import Any, Final, Generic, Self

from factory.engines.base import Result, Shard, pickled_error

_MOST_WORKERS: Final = 7
#: Below this many samples a worker would not have started before the work is done.
_WORTH_A_WORKER: Final = 4096
_PIPE_BYTES: Final = 1 << 20
# Imports come from where ours came from, never from the folder that we were started in.
_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv.pop(1).split(chr(0x1f)); "
    "from factory.engines.local import serve; serve(*sys.argv[1:])"
)


def rarely_look_for_cycles() -> None:
    """Let the garbage collector rest: what a run makes is freed by its reference counts.

    Looking for cycles among millions of strings, every 700 of them, takes a tenth of the time.
    """
    gc.set_threshold(100_000, 20, 20)


def spare_workers(samples: int) -> int:
    """Return how many worker processes are worth starting for so many samples on this machine."""
    if samples < _WORTH_A_WORKER:
        return 0
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux says how many of them are ours
        cores = os.cpu_count() or 1
    return min(cores - 1, _MOST_WORKERS)


class LocalEngine:
    """Runs shards in this process and in ``workers`` others on this machine.

    Workers are fresh interpreters (a fork of a process with DuckDB's threads in it may hang), so
    ``run`` must pickle. They start while this process still reads the source, and end with it, also
    when it is killed: their only door is a pipe, and it closes.

    ``preload`` is a module that shards will need: a worker imports it while nobody waits for it.

    This process speaks to them between shards of its own, without threads, which would only take
    turns with it. Without workers, shards run one after another here.

    ``storage`` has facts and candidates go over files, as a cluster's do.
    """

    def __init__(self, workers: int = 0, preload: str = "", storage: str | None = None) -> None:
        self.storage = storage
        self._workers: list[_Worker[Any, Any]] = [_Worker(preload) for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Generator[Result]:
        """Yield the results as they come; this process takes what the workers have no room for."""
        try:
            for shard in shards:
                if not any(worker.take(run, shard) for worker in self._workers):
                    yield run(shard)
                for worker in self._workers:
                    while worker.has_answer():
                        yield worker.answer()
            while busy := [worker for worker in self._workers if worker.waiting]:
                ready = wait([worker.answers for worker in busy])
                for worker in busy:
                    if worker.answers in ready:
                        yield worker.answer()
        finally:
            for worker in self._workers:
                worker.forget()


class _Worker(Generic[Shard, Result]):
    """One other process: shards go in by one pipe, results come out by another, in order.

    It is given more shards than it runs as long as they fit into the pipe, so that it never waits
    for this process, and never more, so that neither waits for the other to read.
    """

    def __init__(self, preload: str) -> None:
        requests, ours = os.pipe()
        our_answers, answers = os.pipe()
        # A plain child, not multiprocessing's: that one runs the caller's main module again.
        self._process = subprocess.Popen(  # noqa: S603  (this very interpreter)
            [
                *(sys.executable, "-P", "-c", _PROGRAM, "\x1f".join(sys.path)),
                *(preload, str(requests), str(answers)),
            ],
            pass_fds=(requests, answers),
            stdin=subprocess.DEVNULL,
        )
        # Held here too, the pipes would not close for us when the worker dies.
        os.close(requests)
        os.close(answers)
        self._requests = Connection(ours, readable=False)
        self.answers = Connection(our_answers, writable=False)
        self._room = _widened(ours)
        self._alive = True
        #: The function that it was sent last, and keeps: that may be large, and shards are many.
        self._known: Callable[[Shard], Result] | None = None
        #: What it was given and has not answered: the function, the shard, the message's size.
        self.waiting: deque[tuple[Callable[[Shard], Result], Shard, int]] = deque()

    def take(self, run: Callable[[Shard], Result], shard: Shard) -> bool:
        """Send a shard if there is room for it; return whether it was sent."""
        if not self._alive or len(self.waiting) > 2:
            return False
        message = pickle.dumps(
            (None if run == self._known else run, shard), pickle.HIGHEST_PROTOCOL
        )
        # A worker without work is reading: it takes a message of any size.
        if self.waiting and sum(size for _, _, size in self.waiting) + len(message) > self._room:
            return False
        try:
            self._requests.send_bytes(message)
        except OSError:
            self._alive = False
            return False
        except BaseException:
            self._alive = False  # half of a message is in the pipe
            raise
        self._known = run
        self.waiting.append((run, shard, len(message)))
        return True

    def has_answer(self) -> bool:
        """Return whether :meth:`answer` would answer at once."""
        return bool(self.waiting) and (not self._alive or self.answers.poll())

    def answer(self) -> Result:
        """Return the result of the oldest shard; a worker that is gone costs only time."""
        run, shard, _ = self.waiting.popleft()
        try:
            message = self.answers.recv_bytes()
        except (EOFError, OSError):
            self._alive = False
            return run(shard)
        except BaseException:
            self._alive = False  # Ctrl-C: half of an answer is in the pipe
            raise
        result = pickle.loads(message)  # noqa: S301  (our own process)
        if isinstance(result, BaseException):
            raise result
        answered: Result = result
        return answered

    def forget(self) -> None:
        """Let go of what nobody waits for any more; its answers are read and dropped."""
        while self._alive and self.waiting:
            self.waiting.popleft()
            try:
                self.answers.recv_bytes()
            except (EOFError, OSError):
                self._alive = False
        self.waiting.clear()

    def stop(self) -> None:
        """Let the worker end."""
        self._requests.close()
        self.answers.close()
        self._process.kill()
        self._process.wait()


def _widened(pipe: int) -> int:
    """Widen a pipe where the system can; return how many bytes fit for certain, with room left."""
    try:
        capacity = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (AttributeError, OSError):
        return 0
    return int(capacity) * 3 // 4


def serve(preload: str, requests_pipe: str, answers_pipe: str) -> None:
    """Be a worker: answer one shard after another until the other end is gone."""
    # Ctrl-C reaches the whole terminal; what it means is for the asking process to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rarely_look_for_cycles()
    _widened(int(answers_pipe))
    requests = Connection(int(requests_pipe), writable=False)
    answers = Connection(int(answers_pipe), readable=False)
    if preload:
        import_module(preload)
    run: Any = None
    while True:
        try:
            told, shard = pickle.loads(requests.recv_bytes())  # noqa: S301  (our own process)
        except (EOFError, OSError):  # it is gone, or was killed in the middle of a message
            return
        run = told or run
        try:
            message = pickle.dumps(run(shard), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001  (whatever it is, the asking process raises it)
            message = pickled_error(error)
        try:
            answers.send_bytes(message)
        except OSError:
            return
