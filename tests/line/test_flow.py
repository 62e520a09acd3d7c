"""Which row is asked next, whatever is decided meanwhile; and what it costs to say so."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from factory.line.flow import Flow
from factory.line.fold import Candidate, Fold, Objection, Outcome
from factory.line.quotas import Stratum
from tests.line.counted import calls_of
from tests.line.test_fold import candidate

Row = Mapping[str, Any]


class Nowhere:
    """A sink that keeps nothing."""

    def accept(self, candidate: Candidate) -> None:
        """Let a sample go."""

    def reject(self, candidate: Candidate, objection: Objection) -> None:
        """Let a dropped candidate go."""


class Searching:
    """What a flow is to do, as its rule says it: every stratum looked at for every row."""

    def __init__(self, fold: Fold, round_size: int | None) -> None:
        self.fold, self.round_size = fold, round_size
        self.held: dict[Stratum, deque[Row]] = {}
        self.launched: list[tuple[int, Stratum]] = []

    def begin(self, strata: Mapping[int, Stratum], rows: list[Row]) -> None:
        self.strata, self.rows = strata, iter(rows)

    def has_room(self, stratum: Stratum) -> bool:
        self.launched = [each for each in self.launched if each[0] >= self.fold.front]
        under_way = sum(each == stratum for _, each in self.launched)
        return under_way < self.fold.needed.get(stratum, 0)

    def may_go(self, row: Row, stratum: Stratum) -> bool:
        size = self.round_size or 1
        begun = self.fold.front >= row["ordinal"] - (row["ordinal"] - 1) % size
        return self.has_room(stratum) and (self.round_size is None or begun)

    def take(self) -> Row | None:
        for stratum, held in self.held.items():
            if self.may_go(held[0], stratum):
                row = held.popleft()
                if not held:
                    del self.held[stratum]
                self.launched.append((row["ordinal"], stratum))
                return row
        while any(map(self.has_room, self.fold.needed)):
            row_or_none = next(self.rows, None)
            if row_or_none is None:
                return None
            stratum = self.strata[row_or_none["ordinal"]]
            if self.may_go(row_or_none, stratum):
                self.launched.append((row_or_none["ordinal"], stratum))
                return row_or_none
            self.held.setdefault(stratum, deque()).append(row_or_none)
        return None


def outcome(ordinal: int, random: Random) -> Outcome:
    """Return what comes of a key: often a sample, at times one that takes back another's place."""
    drawn = random.random()
    if drawn < 0.15:
        return Outcome(ordinal, ())
    if drawn < 0.3:
        return Outcome(ordinal, (candidate(f"{ordinal}", filter="judge"),))
    asked = bytes([random.randrange(6)]) if drawn < 0.6 else b"%d" % (100 + ordinal)
    each = candidate(f"{ordinal}", asked=asked, answered=bytes([random.randrange(2)]))
    return Outcome(ordinal, (each,))


def taken(
    kind: type[Flow] | type[Searching], seed: int, strata: int, keys: int, round_size: int | None
) -> list[int]:
    """Return the ordinals that are taken, in their order, while others end as chance has it."""
    random = Random(seed)  # noqa: S311
    of = {number: (f"s{random.randrange(strata)}",) for number in range(1, keys + 1)}
    quotas = {(f"s{number}",): random.randrange(4) for number in range(strata)}
    fold = Fold(quotas, Nowhere(), patience=random.choice([None, 3]))
    flow = kind(fold, round_size)
    order: list[int] = []
    width = random.randrange(1, keys + 1)
    under_way: list[int] = []
    for first in range(1, keys + 1, width):
        window = {number: of[number] for number in range(first, min(first + width, keys + 1))}
        fold.extend(window.items(), {})
        rows = [{"ordinal": number} for number in window if random.random() < 0.9]
        flow.begin(window, rows)
        silent = sorted(window.keys() - {row["ordinal"] for row in rows})
        for number in silent:
            fold.offer(Outcome(number, ()))
        while True:
            row = flow.take() if len(under_way) < 5 else None
            if row is not None:
                order.append(row["ordinal"])
                under_way.append(row["ordinal"])
                continue
            if not under_way:
                break
            ended = under_way.pop(random.randrange(len(under_way)))
            fold.offer(outcome(ended, random))
    return order


@settings(max_examples=400)
@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.integers(1, 60),
    st.sampled_from([None, None, 2, 5, 20]),
)
def test_rows_come_as_if_every_stratum_was_looked_at_for_each(seed, strata, keys, round_size):
    assert taken(Flow, seed, strata, keys, round_size) == taken(
        Searching, seed, strata, keys, round_size
    )


def test_what_a_row_costs_does_not_grow_with_the_strata() -> None:
    """Each stratum's second and third key wait until the one before is decided, and dropped."""

    def calls(strata: int) -> int:
        of = {number: (f"s{(number - 1) // 3}",) for number in range(1, 3 * strata + 1)}
        fold = Fold(dict.fromkeys(of.values(), 1), Nowhere())
        flow = Flow(fold, None)

        def work() -> None:
            fold.extend(of.items(), {})
            flow.begin(of, [{"ordinal": number} for number in of])
            under_way: deque[int] = deque()
            while not fold.full:
                while (row := flow.take()) is not None:
                    under_way.append(row["ordinal"])
                number = under_way.popleft()
                each = candidate(f"{number}", filter="" if number % 3 == 0 else "judge")
                fold.offer(Outcome(number, (each,)))

        return calls_of(work)

    assert calls(400) < 3 * calls(200)
