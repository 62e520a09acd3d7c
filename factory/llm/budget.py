"""What may be spent: each request's worst case is set aside before it is sent."""

from __future__ import annotations

import asyncio

from factory.errors import BudgetExceededError


class Budget:
    """An amount in US dollars that a run does not pass.

    The worst case of a request is a token for each byte of its prompt and the longest answer; what
    it really cost is settled afterwards. A request that does not fit waits while others may still
    give something back.

    Attributes:
        spent: what was paid in this run.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._reserved = 0.0
        self._open = 0
        self._settled = asyncio.Condition()

    async def reserve(self, worst: float) -> None:
        """Set ``worst`` aside; raises :class:`BudgetExceededError` where it can never fit."""
        if self.limit is None:
            return
        async with self._settled:
            while self.spent + self._reserved + worst > self.limit:
                if not self._open:
                    raise BudgetExceededError(
                        f"${self.spent:.4f} of ${self.limit:.4f} are spent, and the next request "
                        f"may cost ${worst:.4f}: nothing is lost; run again with a larger --budget "
                        "to go on"
                    )
                await self._settled.wait()
            self._reserved += worst
            self._open += 1

    async def settle(self, worst: float, cost: float) -> None:
        """Give back what was set aside, and count what was paid (0 where nothing was)."""
        self.spent += cost
        if self.limit is None:
            return
        async with self._settled:
            self._open -= 1
            # Counted, not summed: what is left of adding and taking away floats is not nothing.
            self._reserved = self._reserved - worst if self._open else 0.0
            self._settled.notify_all()
