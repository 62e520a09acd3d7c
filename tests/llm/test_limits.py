"""How an endpoint's limits are found, and random refusals not taken for one."""

from __future__ import annotations

import asyncio
import random

import pytest

from factory.errors import BudgetExceededError
from factory.llm.budget import Budget
from factory.llm.limits import Gate, Rates


def settle(gate: Gate, requests: int, bears: float, share: float = 0.0) -> None:
    """Run requests through the gate: those past ``bears`` in flight are refused, others at random.

    Time stands still: as many are in flight as the gate allows.
    """
    draw = random.Random(5)  # noqa: S311

    async def run() -> None:
        for _ in range(requests // max(int(gate.limit), 1) + 1):
            now = int(gate.limit)
            for _ in range(now):
                await gate.enter()
            for number in range(now):
                gate.leave(limited=number >= bears or draw.random() < share)

    asyncio.run(run())


def test_random_refusals_do_not_lower_the_limit_for_good() -> None:
    gate = Gate(64)
    lowest = 64.0
    for _ in range(40):
        settle(gate, 200, bears=64, share=0.2)
        lowest = min(lowest, gate.limit)
    assert gate.limit >= 0.69 * 64
    assert lowest >= 0.69 * 64


@pytest.mark.parametrize("bears", [8, 20, 40])
def test_what_the_endpoint_bears_is_found(bears: int) -> None:
    gate = Gate(256)
    for _ in range(60):
        settle(gate, 300, bears=bears)
    assert gate.limit <= bears * 2.2
    assert gate.limit >= bears * 0.4


def test_the_limit_recovers_once_the_endpoint_does() -> None:
    gate = Gate(64)
    for _ in range(40):
        settle(gate, 200, bears=8)
    assert gate.limit < 30
    for _ in range(40):
        settle(gate, 200, bears=1000)
    assert gate.limit == 64


def test_no_more_are_in_flight_than_the_limit_allows() -> None:
    async def run() -> int:
        gate = Gate(5)
        most = active = 0

        async def one() -> None:
            nonlocal most, active
            await gate.enter()
            active += 1
            most = max(most, active)
            await asyncio.sleep(0)
            active -= 1
            gate.leave(limited=False)

        await asyncio.gather(*(one() for _ in range(50)))
        return most

    assert asyncio.run(run()) == 5


def test_one_that_leaves_the_queue_takes_no_place_with_it() -> None:
    async def run() -> None:
        gate = Gate(1)
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        waiting.cancel()
        gate.leave(limited=False)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(gate.enter(), 5)

    asyncio.run(run())


def test_requests_are_spaced_by_the_stated_rates() -> None:
    async def turns(rates: Rates, tokens: int) -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(4):
            await rates.wait(tokens)
        return loop.time() - started

    # Three gaps of 60 ms, then of 40 ms; the first goes at once.
    assert asyncio.run(turns(Rates(1000, None), 1)) >= 0.18
    assert asyncio.run(turns(Rates(None, 60_000), 40)) >= 0.12


def test_a_budget_is_not_passed_whatever_is_in_flight() -> None:
    async def run() -> float:
        budget = Budget(1.0)
        done = 0

        async def one() -> None:
            nonlocal done
            await budget.reserve(0.3)
            await asyncio.sleep(0)
            budget.settle(0.3, 0.2)
            done += 1

        results = await asyncio.gather(*(one() for _ in range(20)), return_exceptions=True)
        refused = [each for each in results if isinstance(each, BudgetExceededError)]
        assert len(refused) + done == 20
        assert done >= 4
        return budget.spent

    assert asyncio.run(run()) <= 1.0


def test_what_was_set_aside_and_not_paid_is_given_back() -> None:
    async def run() -> None:
        budget = Budget(1.0)
        await budget.reserve(0.9)
        waiting = asyncio.create_task(budget.reserve(0.9))
        await asyncio.sleep(0)
        assert not waiting.done()
        budget.settle(0.9, 0.0)
        await waiting

    asyncio.run(run())
