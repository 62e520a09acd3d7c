"""Where shards of work run. An engine is one method; every engine runs the same function.

The fold decides in draw order whatever order shards finish in, so engines need keep none.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Final, Protocol, Self, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_MOST_WORKERS: Final = 7
#: Below this many samples a worker would not have started before the work is done.
_WORTH_A_WORKER: Final = 4096


class Engine(Protocol):
    """Runs a function over shards."""

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[Result]:
        """Yield ``run(shard)`` for every shard, in any order, pulling shards as it goes."""


def spare_workers(samples: int) -> int:
    """Return how many worker processes are worth starting for so many samples on this machine."""
    if samples < _WORTH_A_WORKER:
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, _MOST_WORKERS)


class LocalEngine:
    """Runs shards in this process and in ``workers`` others on this machine.

    Workers are fresh interpreters (a fork of a process with DuckDB's threads in it may hang), so
    ``run`` must pickle. They start while this process still reads the source, and end with it, also
    when it is killed: their only door is a pipe, and it closes.

    Without workers, shards run one after another in this process.
    """

    def __init__(self, workers: int = 0) -> None:
        self._workers = [_Worker() for _ in range(workers)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers) if workers else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[Result]:
        """Yield the results as they come; this process takes what the workers leave."""
        waiting: set[Future[Result]] = set()
        for shard in shards:
            # Two a worker: one that it runs and one that is on its way.
            if self._threads is not None and len(waiting) < 2 * len(self._workers):
                waiting.add(self._threads.submit(self._run_elsewhere, run, shard))
            else:
                yield run(shard)
            for done in [future for future in waiting if future.done()]:
                waiting.remove(done)
                yield done.result()
        for done in as_completed(waiting):
            yield done.result()

    def _run_elsewhere(self, run: Callable[[Shard], Result], shard: Shard) -> Result:
        worker = self._idle.get()
        try:
            answer = worker.ask(run, shard)
        except (EOFError, OSError):
            # The worker is gone (out of memory, say): its shard is not.
            return run(shard)
        finally:
            self._idle.put(worker)
        if isinstance(answer, BaseException):
            raise answer
        result: Result = answer
        return result


class _Worker:
    """One other process, asked over a pipe."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        # Held here too, the pipe would not close for us when the worker dies.
        theirs.close()

    def ask(self, run: Callable[[Any], Any], shard: Any) -> Any:
        """Return ``run(shard)``, or the exception that it raised."""
        self._pipe.send((run, shard))
        return self._pipe.recv()

    def stop(self) -> None:
        """Let the worker end."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _serve(pipe: Connection) -> None:
    """Answer one shard after another until the other end is gone."""
    # Ctrl-C reaches the whole terminal; what it means is for the asking process to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import factory.line.build  # noqa: F401  (the shards need it; here nobody waits for it yet)

    while True:
        try:
            run, shard = pipe.recv()
        except EOFError:
            return
        try:
            answer = run(shard)
            message = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001  (whatever it is, the asking process raises it)
            message = _pickled(error)
        pipe.send_bytes(message)


def _pickled(error: Exception) -> bytes:
    try:
        message = pickle.dumps(error)
        pickle.loads(message)  # noqa: S301  (our own bytes: some errors pickle and do not return)
    except Exception:  # noqa: BLE001  (an error's own pickling may raise anything)
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return message
