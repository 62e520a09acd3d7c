"""Everything that can be counted of a finished run or mixture, from the files of its folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from factory.errors import OutputError
from factory.outputs.measurements import judges_of, review_of
from factory.outputs.records import MISREAD, rejected_records, sample_records
from factory.outputs.run_folder import REJECTED
from factory.runs.counting import Bin, Lengths, Place, Scored, Spending, Tally
from factory.runs.folder import (
    kept_files,
    kept_records,
    read_manifest,
    task_folders,
    task_manifests,
)

#: A name, or a filter and its reason.
_Key = TypeVar("_Key", str, tuple[str, str])

__all__ = [
    "Bin",
    "Lengths",
    "Place",
    "Probe",
    "Rejection",
    "Scored",
    "Spending",
    "Stratum",
    "Summary",
    "TaskSummary",
    "summarise",
]


class Rejection(NamedTuple):
    """How many candidates one filter dropped for one reason."""

    split: str
    filter: str
    reason: str
    samples: int


class Stratum(NamedTuple):
    """How far one stratum was filled; ``lacked``: what it lacked when it was given up."""

    split: str
    name: str
    keys: int
    quota: int
    accepted: int
    lacked: int | None


class Probe(NamedTuple):
    """What one cheat scores on ``rows`` training samples, and what chance does."""

    name: str
    score: float
    chance: float
    rows: int
    gives_away: bool


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """What was counted of one task.

    Lengths are in characters, costs in US dollars. What is counted of samples (``samples``,
    lengths, languages, labels, places, wordings, models, scores) is of those that are kept in the
    folder's files: in a mixture, of the mixed files.

    Attributes:
        wanted, samples: training and test samples by split, asked for and kept.
        shortfall: why the task made nothing, where it did not.
        empty: rows that gave no sample and no reason.
        left_out: samples that a mixture left out, by split and reason.
        labels: how often each answer is given, where the answers are a few.
        places: where the right answers stand among the options shown.
        spent, spent_on_dropped: what models took for kept and for dropped samples; of what was
            dropped before it was a sample, nothing is known.
        judge: what the run's own judges said (means, agreement); judges: how good each was measured
            to be on planted faults; review: what people found.
        quarantined: unusable rows of the source, by cause.
    """

    name: str
    title: str = ""
    task_type: str = ""
    metric: str = ""
    source: str = ""
    licence: str = ""
    view: str = ""
    template: str = ""
    definition: str = ""
    parent: str = ""
    wanted: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)
    shortfall: str = ""
    empty: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    rejections: tuple[Rejection, ...] = ()
    strata: tuple[Stratum, ...] = ()
    prompts: Lengths = field(default_factory=Lengths)
    answers: Lengths = field(default_factory=Lengths)
    languages: Mapping[str, int] = field(default_factory=dict)
    locales: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    wordings: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[str, int] = field(default_factory=dict)
    reasoned: int = 0
    scores: Mapping[str, Scored] = field(default_factory=dict)
    spent: Spending = field(default_factory=Spending)
    spent_on_dropped: Spending = field(default_factory=Spending)
    probes: tuple[Probe, ...] = ()
    judge: Mapping[str, Any] = field(default_factory=dict)
    judges: Mapping[str, Any] = field(default_factory=dict)
    review: Mapping[str, Any] | None = None
    quarantined: Mapping[str, int] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """How many samples are kept, of all splits."""
        return sum(self.samples.values())

    @property
    def dropped(self) -> int:
        """How many candidates were dropped, by all filters together."""
        return sum(each.samples for each in self.rejections)


@dataclass(frozen=True, slots=True)
class Summary:
    """What was counted of a run or a mixture; see :class:`TaskSummary` for its tasks.

    Attributes:
        name: of the task or the mixture.
        size: samples that a mixture was to have, None of a task.
        absent: sets that a mixture's paper has and no task makes: (paper, number, size).
        files: rows, bytes and checksum of each file.
    """

    name: str
    title: str
    is_mixture: bool
    seed: int
    tasks: tuple[TaskSummary, ...]
    files: Mapping[str, Mapping[str, Any]]
    size: int | None = None
    absent: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """How many samples are kept, of all tasks and splits."""
        return sum(task.accepted for task in self.tasks)

    @property
    def dropped(self) -> int:
        """How many candidates were dropped, in all tasks."""
        return sum(task.dropped for task in self.tasks)

    @property
    def wanted(self) -> int:
        """How many samples were asked for, of all tasks and splits."""
        return sum(sum(task.wanted.values()) for task in self.tasks)

    @property
    def left_out(self) -> int:
        """How many samples of the tasks a mixture left out of its own files."""
        return sum(sum(task.left_out.values()) for task in self.tasks)

    @property
    def prompts(self) -> Lengths:
        """The lengths of all prompts, in characters."""
        return reduce(Lengths.__add__, (task.prompts for task in self.tasks), Lengths())

    @property
    def answers(self) -> Lengths:
        """The lengths of all answers, in characters."""
        return reduce(Lengths.__add__, (task.answers for task in self.tasks), Lengths())

    @property
    def languages(self) -> dict[str, int]:
        """How many samples each language has, the most first."""
        return _together(task.languages for task in self.tasks)

    @property
    def models(self) -> dict[str, int]:
        """How many samples each model had a part in, the most first."""
        return _together(task.models for task in self.tasks)

    @property
    def rejected(self) -> dict[tuple[str, str], int]:
        """How many candidates were dropped by (filter, reason), the most first."""
        return _together(
            {(each.filter, each.reason): each.samples}
            for task in self.tasks
            for each in task.rejections
        )

    @property
    def spent(self) -> Spending:
        """What models took for kept and for dropped samples together."""
        parts = (part for task in self.tasks for part in (task.spent, task.spent_on_dropped))
        return reduce(Spending.__add__, parts, Spending())

    def _repr_html_(self) -> str:
        from factory.runs.display import summary_html

        return summary_html(self)


def summarise(folder: Path) -> Summary:
    """Return everything counted of a finished run's or mixture's folder.

    Its files are read once, a line at a time.

    Raises:
        UsageError: the folder is no finished run.
        OutputError: a file of it cannot be read, or is of another format.
    """
    manifest = read_manifest(folder)
    try:
        return _summary(folder, manifest)
    except MISREAD as error:
        raise OutputError(
            f"{folder}: its files are of another format ({error!r}): make the run again, or read "
            "it with the version that made it"
        ) from error


def _summary(folder: Path, manifest: Mapping[str, Any]) -> Summary:
    tallies = _tallies(folder, manifest)
    folders = task_folders(folder, manifest)
    if "mixture" not in manifest:
        task = _task_summary(manifest, folder, tallies)
        return Summary(
            name=manifest["task"],
            title=task.title,
            is_mixture=False,
            seed=manifest["seed"],
            tasks=(task,),
            files=manifest.get("files", {}),
            versions=manifest.get("versions", {}),
        )
    manifests = task_manifests(folder, manifest)
    tasks = []
    versions: dict[str, str] = {}
    for name, lent in manifest["tasks"].items():
        if own := manifests.get(name):
            versions |= own.get("versions", {})
            tasks.append(_task_summary(own, folders[name], tallies, lent))
        else:
            # It made nothing, or its folder did not travel with the mixed files.
            tasks.append(_task_summary({"task": name}, folders[name], tallies, lent))
    return Summary(
        name=manifest["mixture"],
        title=manifest.get("title", ""),
        is_mixture=True,
        seed=manifest["seed"],
        tasks=tuple(tasks),
        files=manifest["files"],
        size=manifest.get("size"),
        absent=tuple(manifest.get("absent", ())),
        versions=versions,
    )


def _tallies(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Tally]:
    """Return the counts of the kept samples of each task."""
    tallies = {task: Tally() for task in task_folders(folder, manifest)}
    for path in kept_files(folder):
        for number, record in enumerate(sample_records(path), 1):
            try:
                tallies[record["task"]].add(record)
            except MISREAD as error:
                raise OutputError(
                    f"{path}:{number}: not a sample of this run: {error!r}"
                ) from error
    return tallies


def _task_summary(
    manifest: Mapping[str, Any],
    folder: Path,
    tallies: Mapping[str, Tally],
    lent: Mapping[str, Any] | None = None,
) -> TaskSummary:
    """Return the summary of one task; ``lent`` is what the manifest of its mixture says of it."""
    name = manifest["task"]
    tally = tallies[name]
    recipe, source = manifest.get("recipe", {}), manifest.get("source", {})
    splits: Mapping[str, Any] = manifest.get("splits", {})
    wanted = {split: counts["wanted"] for split, counts in splits.items()}
    if lent is not None:
        wanted = {"train": lent["wanted"], "test": lent["test_wanted"]}
    first = _first_record(folder)
    return TaskSummary(
        name=name,
        title=recipe.get("title", ""),
        task_type=first.get("task_type", recipe.get("type", "")),
        metric=first.get("metric", ""),
        source=source.get("name", ""),
        licence=source.get("licence", "") or (lent or {}).get("licence", ""),
        view=recipe.get("rows") or "",
        template=recipe.get("template") or "",
        definition=manifest.get("definition", ""),
        parent=(recipe.get("derive") or {}).get("from", ""),
        wanted={split: count for split, count in wanted.items() if count},
        samples=dict(sorted(tally.samples.items())),
        shortfall=(lent or {}).get("shortfall", ""),
        empty=sum(counts.get("empty", 0) for counts in splits.values()),
        left_out=dict((lent or {}).get("left_out", {})),
        rejections=tuple(_rejections(splits)),
        strata=tuple(_strata(splits)),
        prompts=Lengths.of(tally.prompts),
        answers=Lengths.of(tally.answers),
        languages=_together([tally.languages]),
        locales=_together([tally.locales]),
        labels=tally.labels(),
        places=tally.places(),
        wordings=_together([tally.wordings]),
        models=_together([tally.models]),
        reasoned=tally.reasoned,
        scores=tally.scores(),
        spent=tally.spent,
        spent_on_dropped=_spent_on_dropped(folder),
        probes=tuple(
            Probe(probe, said["score"], said["chance"], said["rows"], said["gives_away"])
            for probe, said in sorted(manifest.get("probes", {}).items())
        ),
        judge=manifest.get("judge", {}),
        judges=judges_of(folder),
        review=review_of(folder, manifest) if manifest.get("files") else None,
        quarantined={each["cause"]: each["rows"] for each in source.get("quarantined", ())},
    )


def _first_record(folder: Path) -> dict[str, Any]:
    return next(kept_records(folder), {})


def _rejections(splits: Mapping[str, Any]) -> Iterator[Rejection]:
    for split, counts in splits.items():
        for said, samples in counts["rejected"].items():
            # A filter's name holds no colon; what a reason says is its own.
            by, _, reason = said.partition(": ")
            yield Rejection(split, by, reason, samples)


def _strata(splits: Mapping[str, Any]) -> Iterator[Stratum]:
    for split, counts in splits.items():
        for name, of in counts["strata"].items():
            lacked = of.get("given_up")
            yield Stratum(split, name, of["keys"], of["quota"], of["accepted"], lacked)


def _spent_on_dropped(folder: Path) -> Spending:
    spent = Spending()
    path = folder / REJECTED
    if path.is_file():
        for dropped in rejected_records(path):
            # Rows that never became samples are the most, and say nothing of what they took.
            if '"provenance"' in dropped["record"]:
                provenance = json.loads(dropped["record"]).get("provenance")
                if isinstance(provenance, dict):
                    spent.add(provenance)
    return spent


def _together(counts: Iterable[Mapping[_Key, int]]) -> dict[_Key, int]:
    """Return the sums of several counts, the most first, then by name."""
    whole: Counter[_Key] = Counter()
    for each in counts:
        whole.update(each)
    return dict(sorted(whole.items(), key=lambda item: (-item[1], item[0])))
