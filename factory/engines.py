"""Where shards of work run. An engine is one method; every engine runs the same function.

The fold decides in draw order whatever order shards finish in, so engines need keep none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")


class Engine(Protocol):
    """Runs a function over shards."""

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[Result]:
        """Yield ``run(shard)`` for every shard, in any order, pulling shards as it goes."""


class LocalEngine:
    """Runs shards one after another in this process.

    Making a sample is plain Python under one interpreter lock, and DuckDB already uses every core
    for the relational part, so a second process would cost more in start-up and copies than it
    gives for tasks of tens of thousands of rows.
    """

    def map_shards(
        self, run: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[Result]:
        """Yield the results in the order of the shards."""
        return map(run, shards)
