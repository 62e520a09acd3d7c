"""One task on its way: what every step of its run needs to know, and what it may end with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from factory.engines import Engine
from factory.engines.storage import Storage
from factory.errors import SourceError
from factory.line.task import Task
from factory.outputs.run_folder import RunFolder
from factory.recipe import Recipe

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool

#: Called with (split, accepted, wanted, rejected) as the fold moves on; for a table that is made
#: first, the split has the table's name before it.
Progress = Callable[[str, int, int, int], None]


class NothingMadeError(SourceError):
    """No row of the source can feed the task: nothing is wrong, and there is nothing to write."""


@dataclass(frozen=True, slots=True)
class Ban:
    """What the test samples of other tasks show, and their split groups: kept out of training."""

    touched: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """Return a hash of it; empty where nothing is banned."""
        if not self.touched and not self.groups:
            return ""
        listed = "\x1f".join((*sorted(self.touched), "", *sorted(self.groups)))
        return blake2b(listed.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Job:
    """One task on its way: what every step of the run needs to know.

    ``index`` is the folder of the benchmarks' index, ``tables`` the folders of the label tables
    that the task needs, ``shards`` where facts lie that other machines read, if any do, under names
    that hold for the run ``named`` alone.
    """

    recipe: Recipe
    task: Task
    index: Path | None
    tables: tuple[Path, ...]
    folder: RunFolder
    connection: duckdb.DuckDBPyConnection
    engine: Engine
    models: ModelPool | None
    progress: Progress | None
    ban: Ban
    shards: Storage | None = None
    named: bytes = b""
