"""Many rows asked about at once, where all of them are known beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from factory.llm.quiet import Quiet

Row = TypeVar("Row")
Result = TypeVar("Result")


async def ask_at_once(
    rows: Sequence[Row],
    ask: Callable[[Row], Awaitable[Result]],
    *,
    most: int,
    quiet: Quiet,
    watch: Callable[[int, int], None] | None = None,
) -> list[Result]:
    """Return what ``ask`` returns for each row, in their order, ``most`` of them under way.

    ``quiet`` is told how many are; ``watch`` how many are done, of how many. The first error ends
    all that is under way and is raised.
    """
    found: dict[int, Result] = {}
    waiting = iter(range(len(rows)))
    under_way = min(most, len(rows))

    async def work() -> None:
        nonlocal under_way
        for number in waiting:
            found[number] = await ask(rows[number])
            if watch is not None:
                watch(len(found), len(rows))
        under_way -= 1
        quiet.expect(under_way or 1)

    quiet.expect(under_way)
    workers = [asyncio.create_task(work()) for _ in range(under_way)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        quiet.expect(1)
    return [found[number] for number in range(len(rows))]
