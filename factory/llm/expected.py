"""What the samples that are wanted will ask, told from rows of a dry run, part by part.

A part is what a row asks for one purpose: a step of its task, the judge. A scripted answer seldom
passes the check of its step, so most dry rows end early and ask little of what comes after. Every
sample that is accepted has been through all parts, though: each part is counted by the rows that
went on from it. How many rows a part drops is told by those whose answers the ledger has; nothing
else knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import fmean
from typing import Final

#: What an answer takes of its bound where nothing is known.
_USED_OF_THE_BOUND: Final = 0.4
#: Fewer rows or answers than this are no history.
LEAST_HISTORY: Final = 5


@dataclass(slots=True)
class Questions:
    """What one row, or several, put to one model in one part.

    ``known`` requests have answers in the ledger, of ``known_completion`` tokens in all; ``bound``
    is how many tokens the answers of the others may have. ``prompt_tokens`` are of all requests.
    """

    requests: int = 0
    known: int = 0
    prompt_tokens: int = 0
    known_completion: int = 0
    bound: int = 0

    def add(self, other: Questions) -> None:
        """Count what another one put as well."""
        self.requests += other.requests
        self.known += other.known
        self.prompt_tokens += other.prompt_tokens
        self.known_completion += other.known_completion
        self.bound += other.bound


@dataclass(slots=True)
class DryRow:
    """What one row put to each model, by part, and how many samples it gave before the fold."""

    parts: dict[str, dict[str, Questions]] = field(default_factory=dict)
    samples: int = 0

    def put_to(self, part: str, model: str) -> Questions:
        """Return what is counted for ``part`` and ``model``."""
        return self.parts.setdefault(part, {}).setdefault(model, Questions())

    def is_known(self, part: str) -> bool:
        """Return whether all answers of ``part`` were in the ledger."""
        return all(put.known == put.requests for put in self.parts[part].values())


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what the rows of a task ask, and the models that it asks.

    ``shared`` is what rows ask together, such as the records of a parent, which neighbours share.
    """

    name: str
    models: tuple[str, ...]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What one model is expected to be asked in one part.

    Attributes:
        part, model: which.
        requests: how many; ``known`` of them are in the ledger.
        prompt_tokens, completion_tokens: of one request; None where the dry run saw none.
        share: of the rows whose answers the ledger has, the share that went on from here; None
            where it has too few.
        answered: how many rows those are.
    """

    part: str
    model: str
    requests: float
    known: float
    prompt_tokens: float | None
    completion_tokens: float | None
    share: float | None
    answered: int


def expected(
    rows: Sequence[DryRow],
    wanted: int,
    parts: Sequence[Part],
    usual: Mapping[str, float | None],
    most_rows: float = inf,
) -> list[Expected]:
    """Return what ``wanted`` samples ask in each of ``parts``, which are in the order of a row.

    ``usual`` is what an answer of each model took for this task before, where that is known;
    ``most_rows`` is how many rows there are to make samples of.
    """
    giving = [row.samples for row in rows if row.samples]
    needed = min(wanted / fmean(giving) if giving else wanted, most_rows)
    found: list[Expected] = []
    for number in reversed(range(len(parts))):
        part = parts[number]
        later = {each.name for each in parts[number + 1 :]}
        through = [row for row in rows if row.samples or later & row.parts.keys()]
        asking = [row for row in rows if part.name in row.parts]
        known = [row for row in asking if row.is_known(part.name)]
        share = None
        if len(known) >= LEAST_HISTORY:
            went_on = sum(bool(row.samples or later & row.parts.keys()) for row in known)
            share = max(went_on, 1) / len(known)
            needed = min(needed / share, most_rows)
        if part.shared:
            basis: Sequence[DryRow] = rows
        elif share is not None:
            basis = known
        else:
            basis = [row for row in through if part.name in row.parts] or asking
        found[:0] = [
            _of_model(part.name, model, basis, asking, needed, share, len(known), usual)
            for model in part.models
        ]
    return found


def _of_model(
    part: str,
    model: str,
    basis: Sequence[DryRow],
    asking: Sequence[DryRow],
    needed: float,
    share: float | None,
    answered: int,
    usual: Mapping[str, float | None],
) -> Expected:
    counted = _together(basis, part, model)
    if not counted.requests:
        return Expected(part, model, needed, 0.0, None, None, share, answered)
    everywhere = _together(asking, part, model)
    requests = needed * counted.requests / len(basis)
    return Expected(
        part=part,
        model=model,
        requests=requests,
        # Those that the dry run came across are known whatever became of the rows after them.
        known=min(
            max(everywhere.known, requests * everywhere.known / everywhere.requests), requests
        ),
        prompt_tokens=counted.prompt_tokens / counted.requests,
        completion_tokens=_completion(everywhere, usual.get(model)),
        share=share,
        answered=answered,
    )


def once(rows: Sequence[DryRow], usual: Mapping[str, float | None]) -> Iterator[Expected]:
    """Yield what is asked once for a whole task, however many samples are wanted."""
    for row in rows:
        for part, models in row.parts.items():
            for model, put in models.items():
                yield Expected(
                    *(part, model, float(put.requests), float(put.known)),
                    put.prompt_tokens / put.requests,
                    _completion(put, usual.get(model)),
                    share=None,
                    answered=0,
                )


def _together(rows: Sequence[DryRow], part: str, model: str) -> Questions:
    counted = Questions()
    for row in rows:
        if (put := row.parts.get(part, {}).get(model)) is not None:
            counted.add(put)
    return counted


def _completion(put: Questions, usual: float | None) -> float:
    """Return the tokens of one answer: of this part's answers, else of the task's, else a guess."""
    if put.known >= LEAST_HISTORY:
        return put.known_completion / put.known
    if usual is not None:
        return usual
    if put.requests > put.known:
        return put.bound / (put.requests - put.known) * _USED_OF_THE_BOUND
    return put.known_completion / put.known
