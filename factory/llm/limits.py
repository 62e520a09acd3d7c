"""How fast an endpoint may be asked: what it bears, and what was agreed with it.

Past a provider's limit, asking for less at once loses nothing: as many are answered. 429s that come
at random take their share however little is asked, and asking for less loses answers. So a lower
limit is a trial, and is taken back where fewer were answered. (Plain additive increase and
multiplicative decrease takes random 429s for its own doing, and falls to a request at a time.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

#: The share of rate-limited requests above which fewer are tried, and below which more.
_TOO_MANY: Final = 0.1
_FEW: Final = 0.02
_LOWERED: Final = 0.7
_RAISED: Final = 1.5
#: A trial has cost answers where fewer than this part of those before it came.
_KEPT: Final = 0.85
#: Windows for which a limit that a trial could not improve is left alone.
_HELD: Final = 10
_SMALLEST_WINDOW: Final = 24
_LEAST: Final = 2.0


class Gate:
    """Bounds the requests in flight, by what the endpoint says of them.

    Attributes:
        limit: how many may be in flight now; at most ``most``.
    """

    def __init__(self, most: int) -> None:
        self.limit = float(most)
        self._most = float(most)
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._finished = 0
        self._limited = 0
        self._trial: tuple[float, float] | None = None
        self._held = 0

    async def enter(self) -> None:
        """Wait for a place."""
        if self._active < self.limit and not self._waiting:
            self._active += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given the place as it left
                self._active -= 1
                self._wake()
            raise

    def leave(self, *, limited: bool) -> None:
        """Give the place back, and say whether the endpoint answered 429."""
        self._active -= 1
        self._finished += 1
        self._limited += limited
        if self._finished >= max(self.limit, _SMALLEST_WINDOW):
            self._judge(self._limited / self._finished)
            self._finished = self._limited = 0
        self._wake()

    def _judge(self, share: float) -> None:
        answered = self.limit * (1 - share)
        if self._trial is not None:
            before, earlier = self._trial
            self._trial = None
            if answered < earlier * _KEPT:
                self.limit = before
                self._held = _HELD
                return
        if self._held:
            self._held -= 1
        elif share > _TOO_MANY and self.limit > _LEAST:
            self._trial = (self.limit, answered)
            self.limit = max(self.limit * _LOWERED, _LEAST)
            return
        if share < _FEW and self.limit < self._most:
            self.limit = min(self.limit * _RAISED, self._most)

    def _wake(self) -> None:
        while self._waiting and self._active < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self._active += 1
                place.set_result(None)


class Rates:
    """Requests and tokens a minute, as the recipe states them: each waits for its own turn.

    Turns are spaced evenly: a burst at the start of a minute is what providers refuse.
    """

    def __init__(self, requests: int | None, tokens: int | None) -> None:
        self._every = 60 / requests if requests else 0.0
        self._token = 60 / tokens if tokens else 0.0
        self._next_request = 0.0
        self._next_token = 0.0

    async def wait(self, tokens: int) -> None:
        """Wait for the turn of a request of about ``tokens`` tokens, the answer's included."""
        if not (self._every or self._token):
            return
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next_request, self._next_token)
        self._next_request = turn + self._every
        self._next_token = turn + self._token * tokens
        if turn > now:
            await asyncio.sleep(turn - now)

    def correct(self, reserved: int, used: int) -> None:
        """Give back the turns of tokens that were reserved and not used."""
        self._next_token -= self._token * (reserved - used)
