"""Two runs compared: which samples were added, lost or changed, and by which change of recipe."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.runs.causes import Rank, ascribed, causes_between
from factory.runs.folder import read_manifest, task_manifests
from factory.runs.pairs import KINDS, Pair, Totals, walk
from factory.text import visible


@dataclass(frozen=True, slots=True)
class Explained:
    """A change between two runs, and the differences that it explains: how many of each kind."""

    what: str
    counts: Mapping[str, int]
    may: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """What two runs have in common, what not, and why.

    Attributes:
        before, after: their folders.
        samples: how many samples each has, training and test.
        same: how many are the same to the byte, but for the run that they are of.
        counts: how many of each kind differ; see :data:`KINDS`.
        tasks: the same for each task of a mixture.
        fields: in how many changed samples each field differs.
        reasons: why samples that were kept are dropped now, as (filter, reason), and how many.
        causes: what was changed between the runs. One sample may count under several.
        unexplained: how many differences of each kind no change explains.
        examples: the first few pairs of each kind.
    """

    before: Path
    after: Path
    samples: tuple[int, int]
    same: int
    counts: Mapping[str, int]
    tasks: Mapping[str, Mapping[str, int]]
    fields: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    causes: tuple[Explained, ...]
    unexplained: Mapping[str, int]
    examples: tuple[Pair, ...]

    def __len__(self) -> int:
        """Return how many samples differ."""
        return sum(self.counts.values())

    def pairs(self, kind: str | None = None) -> Iterator[Pair]:
        """Yield every pair that differs, or those of one kind, reading the folders again."""
        for pair in walk(self.before, self.after, Totals()):
            if kind in (None, pair.kind):
                yield pair

    def to_pandas(self) -> Any:
        """Return a row for each sample that differs: its id, task, kind, fields and reason."""
        import pandas  # type: ignore[import-untyped]

        return pandas.DataFrame(
            [
                (pair.id, pair.task, pair.kind, ", ".join(pair.fields), _why_dropped(pair))
                for pair in self.pairs()
            ],
            columns=["id", "task", "kind", "fields", "reason"],
        )

    def describe(self) -> dict[str, Any]:
        """Return it as JSON can hold it, for machines."""
        return {
            "before": {"folder": str(self.before), "samples": self.samples[0]},
            "after": {"folder": str(self.after), "samples": self.samples[1]},
            "same": self.same,
            "counts": dict(self.counts),
            "tasks": self.tasks,
            "fields": dict(self.fields),
            "dropped": [
                {"filter": name, "reason": reason, "samples": count}
                for (name, reason), count in self.reasons.items()
            ],
            "causes": [
                {"what": each.what, "explains": each.counts, "may": each.may}
                for each in self.causes
            ],
            "unexplained": dict(self.unexplained),
            "examples": [pair._asdict() for pair in self.examples],
        }

    def __repr__(self) -> str:
        lines = [
            f"{self.before} and {self.after}: {listed_kinds({'same': self.same, **self.counts})}"
        ]
        for each in self.causes:
            verb = "may explain" if each.may else "explains"
            lines.append(f"{each.what}: {verb} {listed_kinds(each.counts) or 'nothing'}")
        if self.unexplained:
            lines.append(f"no change explains {listed_kinds(self.unexplained)}")
        return visible("\n".join(lines))

    def _repr_html_(self) -> str:
        from factory.runs.display import difference_html

        return difference_html(self)


def listed_kinds(counts: Mapping[str, int]) -> str:
    """Return counts by kind as people say them: ``34 changed, 13 lost``."""
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())


def _why_dropped(pair: Pair) -> str:
    return f"{pair.filter}: {pair.reason}" if pair.filter else ""


def diff(
    before: str | os.PathLike[str], after: str | os.PathLike[str], *, examples: int = 3
) -> Difference:
    """Compare two runs of one task, or two mixtures, and return what differs and why.

    ``before`` and ``after`` are folders or what :func:`factory.load` returns; ``examples`` is how
    many pairs of each kind are kept with their records.

    Raises:
        UsageError: a folder is no finished run, or the two have nothing that could be compared.
        OutputError: a file of them cannot be read.
    """
    old, new = Path(before), Path(after)
    causes = causes_between(*_comparable(old, new))
    totals = Totals()
    counts: Counter[str] = Counter()
    tasks: dict[str, Counter[str]] = defaultdict(Counter)
    fields: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, tuple[Rank, ...]]] = Counter()
    shown: list[Pair] = []
    for pair in walk(old, new, totals):
        counts[pair.kind] += 1
        tasks[pair.task][pair.kind] += 1
        if pair.kind != "noted":
            fields.update(pair.fields)
        if pair.kind == "dropped":
            reasons[pair.filter, pair.reason] += 1
        if counts[pair.kind] <= examples:
            shown.append(pair)
        seen[pair.kind, tuple(cause.explains(pair) for cause in causes)] += 1
    explained, unexplained = ascribed(seen, len(causes))
    return Difference(
        before=old,
        after=new,
        samples=(totals.before, totals.after),
        same=totals.same,
        counts=_in_order(counts),
        tasks={name: _in_order(each) for name, each in sorted(tasks.items())},
        fields=dict(fields.most_common()),
        reasons=dict(reasons.most_common()),
        causes=tuple(
            Explained(cause.what, _in_order(counts_of), cause.may)
            for cause, counts_of in zip(causes, explained, strict=True)
        ),
        unexplained=_in_order(unexplained),
        examples=tuple(sorted(shown, key=lambda pair: KINDS.index(pair.kind))),
    )


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS if counts.get(kind)}


_Manifests = dict[str, Mapping[str, Any]]


def _comparable(before: Path, after: Path) -> tuple[_Manifests, _Manifests]:
    """Return the manifests of both runs' tasks; raises where no sample could be in both."""
    old, new = read_manifest(before), read_manifest(after)
    for folder, one, other in ((before, old, new), (after, new, old)):
        if "mixture" in one and "task" in other:
            if other["task"] in one["tasks"]:
                raise UsageError(
                    f"{folder} is a mixture, the other a run of {other['task']}: compare that with "
                    f"{folder / other['task']}"
                )
            raise UsageError(f"{folder} is a mixture, and {other['task']} is no task of it")
    if old.get("task") != new.get("task"):
        raise UsageError(
            f"{before} is a run of {old['task']}, {after} one of {new['task']}: ids are made of "
            "the task and its row, so no sample could be in both: compare two runs of one task"
        )
    return task_manifests(before, old), task_manifests(after, new)
