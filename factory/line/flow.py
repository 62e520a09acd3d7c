"""Which row is asked next: as many as the fold still lacks, in draw order, round by round.

If all rows under way of a stratum were accepted, none was asked for in vain: no more are started
than the fold still lacks of it. Rows wait for that; and where a task goes in rounds, for all before
their round to be decided. What waits at the end of a window goes on with the next.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from factory.line.fold import Fold, Outcome
from factory.line.quotas import Stratum


class Flow:
    """The rows of one split on their way to a model, over all windows.

    Args:
        fold: decides; says what is still needed, and how far it has come.
        round_size: how many keys of the draw order see the same accepted samples; None where none
            are looked at.
    """

    def __init__(self, fold: Fold, round_size: int | None) -> None:
        self._fold = fold
        self._round_size = round_size
        self._strata: Mapping[int, Stratum] = {}
        self._rows: Iterator[Mapping[str, Any]] = iter(())
        self._ordinals: deque[int] = deque()
        self._held: dict[Stratum, deque[Mapping[str, Any]]] = {}
        #: When each stratum in ``_held`` came there: the first has the first turn.
        self._turns: dict[Stratum, int] = {}
        self._turn = count()
        #: All strata that lack more samples than are under way for them: thousands may be needed,
        #: so none is looked at unless something of it changed.
        self._roomy: set[Stratum] = set()
        #: By turn, the strata in ``_held`` that have room; by their round before, those whose round
        #: has not begun. What is so no longer stays until it comes to the top.
        self._ready: list[tuple[int, Stratum]] = []
        self._later: list[tuple[int, int, Stratum]] = []
        self._launched: list[tuple[int, Stratum]] = []
        self._undecided: Counter[Stratum] = Counter()
        self._silent: list[Outcome] = []
        for stratum in fold.needed:
            self._look_at(stratum)

    @property
    def waits(self) -> bool:
        """Whether a row waits whose stratum still lacks samples."""
        return any(map(self._fold.needed.get, self._held))

    def begin(self, strata: Mapping[int, Stratum], rows: Iterable[Mapping[str, Any]]) -> None:
        """Go on with a window: the stratum of each of its ordinals, and its rows in draw order."""
        self._strata = strata
        self._rows = iter(rows)
        self._ordinals = deque(sorted(strata))

    def take(self) -> Mapping[str, Any] | None:
        """Return the first row whose stratum lacks more samples than are under way for it."""
        self._look_at_what_changed()
        if (facts := self._take_held()) is not None:
            return facts
        while self._roomy:
            row = next(self._rows, None)
            if row is None:
                self._pass_silent(float("inf"))
                return None
            ordinal = row["ordinal"]
            self._pass_silent(ordinal)
            if self._ordinals and self._ordinals[0] == ordinal:  # else the view repeats a key
                self._ordinals.popleft()
            stratum = self._strata[ordinal]
            if stratum in self._roomy and self._is_begun(ordinal):
                return self._launch(row, stratum)
            self._hold(row, stratum)
        return None

    def take_silent(self) -> list[Outcome]:
        """Return the outcomes of keys that were found to give no row: they hold the rest up."""
        silent, self._silent = self._silent, []
        return silent

    def earlier(self, ordinal: int) -> Sequence[str]:
        """Return the instructions that were accepted before the round of a key."""
        return self._fold.told_before(self._round_of(ordinal))

    def _look_at_what_changed(self) -> None:
        """See which strata have room since the fold decided more."""
        while self._launched and self._launched[0][0] < self._fold.front:
            _, stratum = heapq.heappop(self._launched)
            self._undecided[stratum] -= 1
            self._look_at(stratum)
        while self._fold.changed:
            self._look_at(self._fold.changed.pop())
        while self._later and self._later[0][0] <= self._fold.front:
            _, turn, stratum = heapq.heappop(self._later)
            heapq.heappush(self._ready, (turn, stratum))

    def _look_at(self, stratum: Stratum) -> None:
        """Put down whether a stratum has room now."""
        if self._undecided[stratum] >= self._fold.needed.get(stratum, 0):
            self._roomy.discard(stratum)
        elif stratum not in self._roomy:
            self._roomy.add(stratum)
            if stratum in self._held:
                heapq.heappush(self._ready, (self._turns[stratum], stratum))

    def _take_held(self) -> Mapping[str, Any] | None:
        """Return a row that waited: of the strata that have room, the one that waits longest."""
        while self._ready:
            turn, stratum = heapq.heappop(self._ready)
            if stratum not in self._roomy or self._turns.get(stratum) != turn:
                continue
            ordinal = self._held[stratum][0]["ordinal"]
            if not self._is_begun(ordinal):
                heapq.heappush(self._later, (self._round_of(ordinal), turn, stratum))
                continue
            facts = self._held[stratum].popleft()
            self._launch(facts, stratum)
            if not self._held[stratum]:
                del self._held[stratum], self._turns[stratum]
            elif stratum in self._roomy:
                heapq.heappush(self._ready, (turn, stratum))
            return facts
        return None

    def _hold(self, row: Mapping[str, Any], stratum: Stratum) -> None:
        """Let a row wait until its stratum has room and its round has begun."""
        if stratum not in self._held:
            self._held[stratum] = deque()
            self._turns[stratum] = next(self._turn)
            if stratum in self._roomy:
                heapq.heappush(self._ready, (self._turns[stratum], stratum))
        self._held[stratum].append(row)

    def _round_of(self, ordinal: int) -> int:
        """Return the first ordinal of the round that a key is in."""
        return ordinal - (ordinal - 1) % (self._round_size or 1)

    def _is_begun(self, ordinal: int) -> bool:
        """Return whether all is decided that the round of a key looks at."""
        return self._round_size is None or self._fold.front >= self._round_of(ordinal)

    def _launch(self, facts: Mapping[str, Any], stratum: Stratum) -> Mapping[str, Any]:
        self._undecided[stratum] += 1
        heapq.heappush(self._launched, (facts["ordinal"], stratum))
        self._look_at(stratum)
        return facts

    def _pass_silent(self, ordinal: float) -> None:
        while self._ordinals and self._ordinals[0] < ordinal:
            self._silent.append(Outcome(self._ordinals.popleft(), ()))
