"""Shards of work as tasks of a Ray cluster: the extra ``ray``.

Ray does one thing here: it runs a function over shards on whatever machines there are. Nothing is
joined, sorted or grouped in it, and nothing is decided there.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import socket
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final, Self

from factory.engines.base import Result, Shard, pickled_error
from factory.engines.local import rarely_look_for_cycles
from factory.errors import MissingExtraError, UsageError

#: Tasks in flight for each processor of the cluster: one runs while the next is on its way.
_EACH: Final = 2
#: A shard is begun again so many times when its machine or its process dies; then it runs here.
_RETRIES: Final = 8
#: Seconds after which it is looked whether the cluster has grown, or has nothing left to run on.
_LOOK_AGAIN: Final = 5.0
#: Seconds that shards nobody waits for may take to end.
_TO_END: Final = 5.0
#: Seconds that a cluster may take to answer its door.
_DOOR: Final = 5.0
#: Unless told otherwise Ray reports how it is used, warns of its own future, and prints what it
#: makes of a machine's death between the lines of a run's answer.
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
}


class RayEngine:
    """Runs shards as tasks of a Ray cluster, a bounded number at a time.

    The function travels once to each process, by the object store. A shard whose machine dies is
    begun again elsewhere; where the cluster has no processor left, this process goes on alone. So
    machines that die cost time and nothing else.

    Args:
        address: ``auto`` or ``HOST:PORT`` of a running cluster that this machine is a node of;
            ``local`` starts one on this machine, and ends it at :meth:`close`. A program that
            called ``ray.init`` itself is left with the cluster that it has.
        storage: where shards lie that the machines of the cluster read (any address of fsspec);
            empty for the folder of each run.

    Raises:
        MissingExtraError: Ray is not installed.
        UsageError: no cluster answers at the address, or one that cannot be joined.
    """

    def __init__(self, address: str = "local", storage: str = "") -> None:
        self.storage: str | None = storage
        self._ray = _imported()
        self._ours = not self._ray.is_initialized()
        if self._ours:
            self._join(address)
        self._task = self._ray.remote(num_cpus=1, max_retries=_RETRIES)(answered)
        self._cores = 0
        self._counted = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster; one that was started for this engine ends."""
        if self._ours:
            self._ray.shutdown()

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Generator[Result]:
        """Yield the results as they come; no more shards are pulled than are soon worked on."""
        # Imports come from where ours come from, wherever a process was started.
        function = pickle.dumps((sys.path, pickle.dumps(run)), pickle.HIGHEST_PROTOCOL)
        name = blake2b(function, digest_size=16).digest()
        # In a list it does not travel with every task: a process fetches what it has not.
        known = [self._ray.put(function)]
        waiting: dict[Any, Shard] = {}
        try:
            for shard in shards:
                waiting[self._task.remote(name, known, shard)] = shard
                while len(waiting) >= max(_EACH * self._processors(), 1):
                    yield from self._finished(run, waiting)
            while waiting:
                yield from self._finished(run, waiting)
        finally:
            with suppress(self._ray.exceptions.RayError):
                for reference in waiting:
                    self._ray.cancel(reference)
                if waiting:
                    # What they write must not appear when the run has cleared up behind them.
                    self._ray.wait(list(waiting), num_returns=len(waiting), timeout=_TO_END)

    def _finished(
        self, run: Callable[[Shard], Result], waiting: dict[Any, Shard]
    ) -> Generator[Result]:
        """Yield the results of what has finished, once something has."""
        alone = not self._processors()
        ready, _ = self._ray.wait(list(waiting), num_returns=1, timeout=0 if alone else _LOOK_AGAIN)
        if ready:
            ready, _ = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
        elif alone:
            # The shard would wait for ever for a machine to run on.
            reference = next(iter(waiting))
            self._ray.cancel(reference)
            yield run(waiting.pop(reference))
        for reference in ready:
            shard = waiting.pop(reference)
            try:
                yield self._answer(reference)
            except self._ray.exceptions.RayError:
                # Its machine died, and the next one, ...: that costs time and nothing else.
                yield run(shard)

    def _answer(self, reference: Any) -> Any:
        """Return the result of a task, or raise its error; a RayError where it could not run."""
        try:
            done, answer = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            # The function itself hands errors over: it was not even reached.
            raise UsageError(_unlike(error)) from error
        if not done:
            raise pickle.loads(answer)  # noqa: S301  (our own process)
        return answer

    def _processors(self) -> int:
        """Return how many processors the cluster has, looked up now and then."""
        now = time.monotonic()
        if now - self._counted > _LOOK_AGAIN:
            self._cores = int(self._ray.cluster_resources().get("CPU", 0))
            self._counted = now
        return self._cores

    def _join(self, address: str) -> None:
        if ":" in address:
            _knock(address)
        try:
            self._ray.init(
                address,
                include_dashboard=False if address == "local" else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, RuntimeError, ValueError, AssertionError) as error:
            raise UsageError(
                f"--address {address}: the cluster cannot be joined ({_last_line(error)}): start "
                "a node of it on this machine with 'ray start', or leave --address out"
            ) from error


#: The function that this process was given last, by its name.
_given: dict[bytes, Callable[[Any], Any]] = {}


def answered(name: bytes, known: list[Any], shard: Any) -> tuple[bool, Any]:
    """Return whether a shard was run, with its result or with the error as bytes.

    This is the task: it runs in the processes of the cluster.
    """
    try:
        if name not in _given:
            rarely_look_for_cycles()
            _given.clear()
            paths, function = pickle.loads(_imported().get(known[0]))  # noqa: S301  (our driver)
            sys.path += [path for path in paths if path not in sys.path]
            try:
                _given[name] = pickle.loads(function)  # noqa: S301  (our driver)
            except (AttributeError, ImportError) as error:
                raise UsageError(_unlike(error)) from error
        return True, _given[name](shard)
    except Exception as error:  # noqa: BLE001  (whatever it is, the asking process raises it)
        return False, pickled_error(error)


def _imported() -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise MissingExtraError("ray", "ray", "the engine ray") from error


def _knock(address: str) -> None:
    """Raise where nothing listens at ``HOST:PORT``; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_DOOR).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(
            f"--address {address}: no cluster answers there ({error}): 'ray start --head' starts "
            "one and prints its address"
        ) from error


def _unlike(error: BaseException) -> str:
    return (
        f"a machine of the cluster cannot run this ({_last_line(error)}): install the same "
        "eshop-factory, and what else it imports, on every one of them"
    )


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
