"""When all rows under way wait for what only a batch can bring.

Requests are gathered until nothing more can be asked without an answer, and are then sent together.
That moment is counted, not guessed at: whoever drives rows says how many are under way, and every
wait that a batch alone can end is known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")


class Quiet:
    """Counts the rows under way and those that wait; tells its listeners when all do.

    Until it is told of rows, whoever asks is alone: what is gathered is sent at once.
    """

    def __init__(self) -> None:
        self._rows = 1
        self._numbers = count()
        #: In the order in which they were begun, which is nearly the order in which they end.
        self._waits: dict[int, asyncio.Future[Any]] = {}
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever all rows wait."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` no longer."""
        self._listeners.remove(listener)

    def expect(self, rows: int) -> None:
        """Say that so many rows are under way, and that none will be begun before one of them ends.

        A row that ends is still counted until the next call: what it makes room for comes first.
        """
        self._rows = rows
        self.look()

    async def wait(self, future: asyncio.Future[T]) -> T:
        """Return what comes of ``future``, for a row that can do nothing meanwhile."""
        number = next(self._numbers)
        self._waits[number] = future
        self.look()
        try:
            return await asyncio.shield(future)
        finally:
            del self._waits[number]

    def look(self) -> None:
        """Tell the listeners where all rows wait and none of them is about to go on."""
        if len(self._waits) < self._rows or any(each.done() for each in self._waits.values()):
            return
        for listener in tuple(self._listeners):
            listener()
