"""When a batch is sent: as soon as every row waits, and not before."""

from __future__ import annotations

import asyncio
import random

import pytest

from factory.llm.quiet import Quiet


@pytest.mark.parametrize("seed", range(8))
def test_a_round_holds_whatever_the_rows_could_still_ask(seed: int) -> None:
    """Rows that wait for each other, and rows of other lengths, make rounds as if side by side."""
    draw = random.Random(seed)  # noqa: S311
    lengths = [draw.randint(1, 4) for _ in range(40)]
    rounds: list[int] = []

    async def main() -> None:
        quiet = Quiet()
        loop = asyncio.get_running_loop()
        gathered: list[asyncio.Future[None]] = []
        shared: dict[int, asyncio.Future[None]] = {}
        under_way = len(lengths)

        def flush() -> None:
            if gathered:
                rounds.append(len(gathered))
                taken, gathered[:] = list(gathered), []
                loop.call_soon(lambda: [each.set_result(None) for each in taken])

        async def row(number: int) -> None:
            nonlocal under_way
            for turn in range(lengths[number]):
                for _ in range(draw.randint(0, 3)):
                    await asyncio.sleep(0)
                # Every other row waits for what an earlier one asks.
                if number % 2 and turn in shared and not shared[turn].done():
                    await quiet.wait(shared[turn])
                else:
                    shared[turn] = loop.create_future()
                    gathered.append(shared[turn])
                    await quiet.wait(shared[turn])
            under_way -= 1
            quiet.expect(under_way or 1)

        quiet.listen(flush)
        quiet.expect(under_way)
        await asyncio.wait_for(asyncio.gather(*map(row, range(len(lengths)))), 20)

    asyncio.run(main())
    assert len(rounds) == max(lengths)


def test_who_is_alone_is_not_waited_for() -> None:
    async def main() -> str:
        quiet = Quiet()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        quiet.listen(lambda: answer.done() or answer.set_result("sent"))
        return await quiet.wait(answer)

    assert asyncio.run(main()) == "sent"


def test_a_row_that_is_stopped_waits_no_longer() -> None:
    async def main() -> bool:
        quiet = Quiet()
        sent: list[bool] = []
        quiet.listen(lambda: sent.append(True))
        quiet.expect(2)
        loop = asyncio.get_running_loop()
        first = asyncio.create_task(quiet.wait(loop.create_future()))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        second = asyncio.create_task(quiet.wait(loop.create_future()))
        await asyncio.sleep(0)
        second.cancel()
        return bool(sent)

    assert not asyncio.run(main())
