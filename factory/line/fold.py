"""Acceptance: which candidates become samples, decided in draw order whatever order they finish in.

Workers run ahead and finish in any order; only the closed prefix decides. So the exact count, the
duplicates and the quotas come out alike on any engine, with any number of workers, and after any
number of kills.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from factory.filters import NearDuplicateIndex, Novelty
from factory.line.accepted import Accepted
from factory.line.quotas import Stratum


class Candidate(NamedTuple):
    """What the fold needs of one finished sample: narrow, so that millions fit.

    Attributes:
        id: the sample's identity, 16 hexadecimal digits.
        content: hash (8 bytes) of what it says; two samples of one content are duplicates.
        asked, answered: hashes (8 and 6 bytes) of what it asks and of its answer; two samples that
            ask the same and answer differently contradict each other. ``asked`` is empty where
            nothing was made.
        subject: what the sample is about, where a view allows each subject once; else empty.
        groups: its split groups: what may never be in two splits.
        touches: the ids of the products, queries and reviews that it shows.
        filter: the filter or step that dropped it; empty where all kept it.
        reason, detail: why it was dropped.
        sketch: its slots as words, where near duplicates are looked for; else empty.
        told: the instruction whose novelty is asked for; else empty.
        made: its language, its wording, and the generator and model of its answer; the last two are
            empty where none took part, all four where no sample was made.
        tokens, cost: what the answers took that a model wrote for it.
        record: the sample as UTF-8 JSON without a newline; the bare row where no sample was made.
    """

    id: str
    content: bytes
    asked: bytes
    answered: bytes
    subject: str
    groups: tuple[str, ...]
    touches: tuple[str, ...]
    filter: str
    reason: str
    detail: str
    record: bytes
    sketch: str = ""
    told: str = ""
    made: tuple[str, str, str, str] = ("", "", "", "")
    tokens: int = 0
    cost: float = 0.0


class Outcome(NamedTuple):
    """Everything that came of one key: none or more candidates."""

    ordinal: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a candidate is dropped, and by which filter or step."""

    filter: str
    reason: str
    detail: str


#: Of two samples that ask the same and answer differently, neither can stay.
CONFLICT: Final = Objection("fold", "conflict", "the source answers this in two ways")


class Sink(Protocol):
    """Where decisions go, in draw order."""

    def accept(self, candidate: Candidate) -> None:
        """Take a sample."""

    def reject(self, candidate: Candidate, objection: Objection) -> None:
        """Take a dropped candidate with its reason."""


class Fold:
    """Accepts candidates in draw order until every quota is full.

    Attributes:
        needed: samples that each stratum still lacks; accepted: those it has.
        changed: strata whose ``needed`` has changed; whoever looks at those alone takes them out.
        rejected: dropped candidates by ``filter: reason``.
        empty: keys, among those decided, of which no candidate came.
        touched, groups: what the accepted samples show, and their split groups, where another split
            keeps clear of them.
        withdrawn: ids of samples that were accepted until a later one answered the same question
            differently: neither stays, and the stratum takes another from there on.
        given_up: strata that were closed unfilled, and how many samples each lacked then.

    Args:
        quotas: how many samples each stratum may hold.
        sink: told of every decision, in draw order.
        patience: a stratum is given up after so many of its keys in a row that gave no sample.
        lends_bans: whether another split keeps clear of this one: to know what half a million
            samples show takes half of a fold's memory.
        banned: ids of products, queries and reviews that no sample may touch.
        near_duplicates, novelty: what has been accepted, where the recipe asks for these filters.
    """

    def __init__(
        self,
        quotas: Mapping[Stratum, int],
        sink: Sink,
        banned: frozenset[str] = frozenset(),
        near_duplicates: NearDuplicateIndex | None = None,
        novelty: Novelty | None = None,
        patience: int | None = None,
        lends_bans: bool = True,
    ) -> None:
        self.needed = dict(quotas)
        self.changed: set[Stratum] = set()
        self.accepted: Counter[Stratum] = Counter()
        self.rejected: Counter[str] = Counter()
        self.empty = 0
        self.touched: set[str] = set()
        self.groups: set[str] = set()
        self._sink = sink
        self._banned = banned
        self._expected: list[tuple[int, Stratum]] = []
        self._beyond: dict[Stratum, int] = {}
        #: What :attr:`_beyond` says, the first on top. What it says no longer, or of strata that
        #: closed, stays until it comes to the top: thousands of strata may close in one window.
        self._unfetched: list[tuple[int, Stratum]] = []
        self._open = sum(map(bool, self.needed.values()))
        #: Nothing after it can be decided yet; None where strata opened or closed since.
        self._horizon: float | None = None
        self._arrived: dict[int, Outcome] = {}
        self._announced: set[int] = set()
        self._earlier = Accepted()
        self.withdrawn: set[str] = set()
        self._contradicted: set[bytes] = set()
        self._reopened: dict[Stratum, int] = {}
        self.given_up: dict[Stratum, int] = {}
        self._patience = patience
        self._lends_bans = lends_bans
        self._in_vain: Counter[Stratum] = Counter()
        self._near = near_duplicates
        self._novelty = novelty
        self._told: list[tuple[int, str]] = []

    @property
    def front(self) -> float:
        """The ordinal of the first key that is not decided yet; infinite where all are."""
        return self._expected[0][0] if self._expected else float("inf")

    @property
    def full(self) -> bool:
        """Whether every stratum has its quota."""
        return not self._open

    def told_before(self, ordinal: int) -> list[str]:
        """Return the instructions accepted of keys before ``ordinal``, in draw order.

        Those that were withdrawn since are among them: what a key was shown once does not change.
        """
        return [told for _, told in self._told[: bisect_left(self._told, (ordinal, ""))]]

    def extend(self, keys: Iterable[tuple[int, Stratum]], beyond: Mapping[Stratum, int]) -> None:
        """Announce the keys of a window that workers now run.

        ``beyond`` gives, for each stratum with more keys than have been announced, the ordinal of
        the first of those: nothing after it can be decided while that stratum is open.
        """
        for ordinal, stratum in keys:
            heapq.heappush(self._expected, (ordinal, stratum))
            self._announced.add(ordinal)
        # What a stratum passed over while it was closed stays passed over.
        self._beyond = {
            stratum: max(ordinal, self._reopened.get(stratum, ordinal))
            for stratum, ordinal in beyond.items()
        }
        self._unfetched = [(ordinal, stratum) for stratum, ordinal in self._beyond.items()]
        heapq.heapify(self._unfetched)
        self._horizon = None
        self._decide()

    def release(self) -> bool:
        """Decide what waits for keys, where no open stratum has any left; return whether it did.

        What is decided may open a stratum again, whose keys then have to be looked for.
        """
        waiting = len(self._expected)
        self._beyond = {}
        self._horizon = None
        self._decide()
        return len(self._expected) < waiting

    def offer(self, outcome: Outcome) -> None:
        """Take the outcome of one announced key, in any order; what comes too late is let go."""
        if outcome.ordinal in self._announced:
            self._arrived[outcome.ordinal] = outcome
            self._decide()

    def _decide(self) -> None:
        while self._expected:
            ordinal, stratum = self._expected[0]
            if self._horizon is None:
                self._horizon = self._nearest_unfetched()
            if ordinal > self._horizon:
                return
            # A stratum that was closed and is open again goes on where it was opened: what it had
            # passed over by then stays passed over, however much of it had been fetched.
            if not self.needed.get(stratum) or ordinal < self._reopened.get(stratum, ordinal):
                heapq.heappop(self._expected)
                self._announced.remove(ordinal)
                self._arrived.pop(ordinal, None)
                continue
            if ordinal not in self._arrived:
                return
            heapq.heappop(self._expected)
            self._announced.remove(ordinal)
            outcome = self._arrived.pop(ordinal)
            self.empty += not outcome.candidates
            before = self.accepted[stratum]
            for candidate in outcome.candidates:
                self._decide_one(candidate, stratum, ordinal)
            self._lose_patience(stratum, gained=self.accepted[stratum] > before)

    def _lose_patience(self, stratum: Stratum, *, gained: bool) -> None:
        """Close a stratum whose keys give nothing any more: the rest would take hours in vain."""
        self._in_vain[stratum] = 0 if gained else self._in_vain[stratum] + 1
        if self.needed[stratum] and self._in_vain[stratum] == self._patience:
            self.given_up[stratum] = self.needed[stratum]
            self.needed[stratum] = 0
            self.changed.add(stratum)
            self._open -= 1
            self._horizon = None

    def _nearest_unfetched(self) -> float:
        """Return the first ordinal of an open stratum whose key has not been fetched yet."""
        while self._unfetched:
            ordinal, stratum = self._unfetched[0]
            if self.needed.get(stratum) and self._beyond.get(stratum) == ordinal:
                return ordinal
            heapq.heappop(self._unfetched)
        return float("inf")

    def _decide_one(self, candidate: Candidate, stratum: Stratum, ordinal: int) -> None:
        if not self.needed[stratum]:
            return
        objection = self._objection(candidate) or self._conflict(candidate, ordinal)
        if objection:
            self.rejected[f"{objection.filter}: {objection.reason}"] += 1
            self._sink.reject(candidate, objection)
            return
        self._earlier.add(
            *(candidate.id, candidate.content, candidate.asked, candidate.answered),
            *(candidate.subject, stratum),
        )
        if self._near:
            self._near.add(candidate.id, candidate.sketch)
        if self._novelty:
            self._novelty.add(candidate.id, candidate.told)
            self._told.append((ordinal, candidate.told))
        if self._lends_bans:
            self.touched.update(candidate.touches)
            self.groups.update(candidate.groups)
        self.needed[stratum] -= 1
        self.changed.add(stratum)
        if not self.needed[stratum]:
            self._open -= 1
            self._horizon = None
        self.accepted[stratum] += 1
        self._sink.accept(candidate)

    def _objection(self, candidate: Candidate) -> Objection | None:
        if candidate.filter:
            return Objection(candidate.filter, candidate.reason, candidate.detail)
        if self._banned and (leaks := self._banned.intersection(candidate.touches)):
            return Objection("split", "test-leak", f"the test samples show {min(leaks)}")
        if self._earlier.has_id(candidate.id):
            return Objection("fold", "id-repeated", f"an earlier sample has the id {candidate.id}")
        if earlier := self._earlier.of_content(candidate.content):
            return Objection("fold", "duplicate", f"says the same as {earlier}")
        if candidate.subject and (earlier := self._earlier.of_subject(candidate.subject)):
            return Objection("fold", "subject-repeated", f"{earlier} is about it already")
        return self._set_level(candidate)

    def _conflict(self, candidate: Candidate, ordinal: int) -> Objection | None:
        """Object to what was answered differently before, and withdraw what was accepted of it."""
        if candidate.asked not in self._contradicted:
            before = self._earlier.answered_otherwise(candidate.asked, candidate.answered)
            if not before:
                return None
            self._contradicted.add(candidate.asked)
            # Several may ask one thing alike, with more or other options behind those displayed.
            for earlier, stratum in before:
                self.withdrawn.add(earlier)
                self.accepted[stratum] -= 1
                if stratum in self.given_up:
                    self.given_up[stratum] += 1
                else:
                    self._reopen(stratum, ordinal)
                self.rejected["fold: conflict"] += 1
        return CONFLICT

    def _reopen(self, stratum: Stratum, ordinal: int) -> None:
        """Have a stratum take another sample, from the key with this ordinal on."""
        if not self.needed[stratum]:
            # How far its keys go was not looked at since it closed: all wait for a window.
            self._reopened[stratum] = self._beyond[stratum] = ordinal
            heapq.heappush(self._unfetched, (ordinal, stratum))
            self._open += 1
        self.needed[stratum] += 1
        self.changed.add(stratum)
        self._horizon = None

    def _set_level(self, candidate: Candidate) -> Objection | None:
        if self._near and (alike := self._near.earlier(candidate.sketch)):
            return Objection("near_duplicates", "near-duplicate", f"nearly the same as {alike}")
        if self._novelty and (nearest := self._novelty.nearest(candidate.told)):
            score, name = nearest
            return Objection("novelty", "not-novel", f"ROUGE-L {score:.2f} with {name}")
        return None
