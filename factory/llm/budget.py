"""What may be spent: each request's worst case is set aside before it is sent."""

from __future__ import annotations

import asyncio
from collections import deque

from factory.errors import BudgetExceededError
from factory.llm.quiet import Quiet


class Budget:
    """An amount in US dollars that a run does not pass.

    The worst case of a request is a token for each byte of its prompt and the longest answer; what
    it really cost is settled afterwards. A request that does not fit waits while others may still
    give something back; those that wait go on in the order in which they came.

    Args:
        limit: in US dollars; None for none.
        quiet: told of what waits here: a batch that is gathered must be sent for it.

    Attributes:
        spent: what was paid in this run.
    """

    def __init__(self, limit: float | None, quiet: Quiet | None = None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._quiet = quiet or Quiet()
        self._reserved = 0.0
        self._open = 0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()

    async def reserve(self, worst: float) -> None:
        """Set ``worst`` aside; raises :class:`BudgetExceededError` where it can never fit."""
        if self.limit is None:
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((worst, place))
        self._admit()
        if place.done():
            place.result()
            return
        try:
            await self._quiet.wait(place)
        except asyncio.CancelledError:
            if place.done():  # it was let in as it left
                self.settle(worst, 0.0)
            place.cancel()
            raise

    def settle(self, worst: float, cost: float) -> None:
        """Give back what was set aside, and count what was paid (0 where nothing was)."""
        self.spent += cost
        if self.limit is None:
            return
        self._open -= 1
        # Counted, not summed: what is left of adding and taking away floats is not nothing.
        self._reserved = self._reserved - worst if self._open else 0.0
        self._admit()

    def _admit(self) -> None:
        if self.limit is None:
            return
        while self._waiting:
            worst, place = self._waiting[0]
            if not place.done():
                if self.spent + self._reserved + worst <= self.limit:
                    self._reserved += worst
                    self._open += 1
                    place.set_result(None)
                elif self._open:
                    return
                else:
                    place.set_exception(
                        BudgetExceededError(
                            f"${self.spent:.4f} of ${self.limit:.4f} are spent, and the next "
                            f"request may cost ${worst:.4f}: nothing is lost; run again with a "
                            "larger --budget to go on"
                        )
                    )
            self._waiting.popleft()
