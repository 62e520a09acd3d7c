"""The kinds of fault, and how many of each a run of all of them injects."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.faults import answers, disks, inputs, kills
from tests.faults.trial import Bench, Found


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: what it is, in a few words.
        inject: puts faults to runs and returns what came of it.
        long, short: how many, in the long form and in the tests.
        kills: whether ``long`` is a share of the kills that are asked for, in percent.
    """

    name: str
    inject: Callable[[Bench, random.Random, int], Found]
    long: int
    short: int
    kills: bool = False

    def how(self) -> str:
        """Return how it is injected, in one sentence."""
        return (self.inject.__doc__ or "").partition("\n")[0]


KINDS: Final = (
    Kind("kill -9 of the run", kills.kill_driver, 35, 1, kills=True),
    Kind("kill -9 of a run that asks a model", kills.kill_asking, 25, 1, kills=True),
    Kind("kill -9 of a mixture", kills.kill_mixture, 20, 1, kills=True),
    Kind("kill -9 of the workers", kills.kill_worker, 10, 1, kills=True),
    Kind("kill -9 of the endpoint", kills.kill_endpoint, 10, 1, kills=True),
    Kind("SIGTERM", kills.terminate, 8, 1),
    Kind("SIGINT", kills.interrupt, 8, 1),
    Kind("two runs in one folder", kills.two_at_once, 6, 1),
    Kind("disk full", disks.full_disk, 8, 1),
    Kind("no file may grow", disks.file_limit, 8, 1),
    Kind("the ledger's disk full", disks.full_cache, 5, 1),
    Kind("read-only cache", disks.read_only_cache, 2, 1),
    Kind("slow disk", disks.slow_disk, 3, 1),
    Kind("source changed under the run", inputs.changed_source, 10, 1),
    Kind("corrupt Parquet page", inputs.corrupt_page, 10, 1),
    Kind("clock steps", inputs.stepped_clock, 5, 1),
    Kind("endpoint hangs", answers.hanging, 4, 1),
    Kind("endpoint never answers", answers.never_answering, 1, 0),
    Kind("wrong status", answers.wrong_status, 4, 1),
    Kind("redirects and empty answers", answers.redirected, 2, 1),
    Kind("wrong body", answers.wrong_body, 4, 1),
    Kind("connection cut", answers.cut_connection, 4, 1),
    Kind("endless body", answers.endless_body, 2, 1),
    Kind("rate limits in a row", answers.rate_limits, 10_000, 100),
)
