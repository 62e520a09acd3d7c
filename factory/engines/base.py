"""What an engine is, and how an error travels between two processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")


class Engine(Protocol):
    """Runs a function over shards.

    Attributes:
        storage: where shards lie that other machines read; empty for the run's own folder, None
            where shards are handed over and every file of this machine is at hand.
    """

    storage: str | None

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Generator[Result]:
        """Yield ``run(shard)`` for every shard, in any order, pulling shards as it goes.

        The caller may close it early.
        """


def pickled_error(error: Exception) -> bytes:
    """Return an error as bytes that give it back; one that cannot travel becomes its words."""
    try:
        message = pickle.dumps(error)
        pickle.loads(message)  # noqa: S301  (our own bytes: some errors pickle and do not return)
    except Exception:  # noqa: BLE001  (an error's own pickling may raise anything)
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return message
