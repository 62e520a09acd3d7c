"""Make the samples of each split of a planned run, and publish them together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

from factory.errors import RecipeError
from factory.filters import NearDuplicateIndex, Novelty
from factory.filters.probes import describe, probe
from factory.line.build import PackedOutcome, SampleBuilder, unpacked
from factory.line.database import check_unchanged
from factory.line.facts import Widths, read_facts
from factory.line.flow import Flow
from factory.line.fold import Fold, Outcome
from factory.line.job import Job, NothingMadeError
from factory.line.judged import judged
from factory.line.manifest import also_decided_by, manifest, split_record
from factory.line.plan import KeyWalk, Plan
from factory.line.quotas import Stratum
from factory.line.sink import Sink
from factory.line.stored import store_facts, stored_builder
from factory.line.task import Task
from factory.outputs.card import write_card
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_samples
from factory.outputs.run_folder import REJECTED
from factory.sources import AttachedSource


def fold_splits(
    job: Job, plan: Plan, source: AttachedSource, this_run: Mapping[str, Any]
) -> dict[str, Any]:
    """Make both splits and publish them; return the manifest."""
    recipe, task, folder, connection = job.recipe, job.task, job.folder, job.connection
    filters = task.spec.filters or recipe.filters
    near, novelty = filters.near_duplicates, filters.novelty
    sizes = {"test": task.spec.test, "train": task.spec.size}
    with folder.line_files([f"{split}.jsonl" for split, size in sizes.items() if size]) as files:
        splits: dict[str, Any] = {}
        touched: set[str] = set(job.ban.touched)
        groups: set[str] = set(job.ban.groups)
        for split, size in sizes.items():
            if not size:
                continue
            # What is tested on is settled first: training keeps clear of it.
            walk = KeyWalk(
                connection,
                plan,
                size=size,
                tolerance=task.spec.tolerance,
                split=split,
                banned_groups=groups if split == "train" else (),
                yields=task.view.yields,
            )
            sink = Sink(task.name, split, files[f"{split}.jsonl"], files[REJECTED])
            fold = Fold(
                walk.quotas,
                sink,
                banned=frozenset(touched) if split == "train" else frozenset(),
                near_duplicates=NearDuplicateIndex(near.similarity) if near else None,
                novelty=Novelty(novelty.max_rouge) if novelty else None,
                patience=task.patience,
                lends_bans=split == "test",
            )
            _run_fold(job, split, walk, fold)
            sink.withdraw(fold.withdrawn)
            splits[split] = split_record(size, walk, fold, sink.tally)
            touched |= fold.touched
            groups |= fold.groups
        if not any(counts["accepted"] for counts in splits.values()):
            raise NothingMadeError(_nothing_accepted(task, source, splits))
        for file in files.values():
            file.finish()
        made = manifest(recipe, task, source, plan, splits, files)
        made["probes"] = _probes(task, files)
        if task.classifier:
            made["classifier"] = {"use": task.classifier.use, "is": task.classifier.identity}
        if task.judge:
            made["judge"] = judged(task.judge, files)
        if written := recipe.written(task.name):
            made["wordings"] = written.describe()
        made |= also_decided_by(this_run)
        check_unchanged(source)
        folder.publish(files, made, beside=partial(write_card, manifest=made))
        return made


def _probes(task: Task, files: Mapping[str, LineFile]) -> dict[str, Any]:
    """Return what the cheats score on the training samples, next to chance."""
    if "train.jsonl" not in files:
        return {}
    return describe(probe(read_samples(files["train.jsonl"].partial), task.type))


def _run_fold(job: Job, split: str, walk: KeyWalk, fold: Fold) -> None:
    """Fetch windows of facts and fold what comes of them until every quota is full."""
    task = job.task
    flow = Flow(fold, task.round_size)
    outcomes_of = _asking(job, split, fold, flow) if task.asks else _working(job, split)
    silent: set[int] = set()
    widths = Widths()
    while not fold.full:
        window = walk.next_window(fold.needed)
        if window is None:
            if fold.release():
                continue
            if not flow.waits:
                break
        strata = dict(window.keys) if window else {}
        if window:
            fold.extend(window.keys, window.beyond)
        silent.update(strata)
        facts = _facts(job, split, widths) if window else iter(())
        _fold_window(job, split, fold, outcomes_of(strata, facts), silent)
        if widths.mean:
            walk.widen(widths.mean)
        if not task.asks and not fold.full:  # there a key without a row is told from one that waits
            for ordinal in sorted(silent):
                fold.offer(Outcome(ordinal, ()))
            silent.clear()


def _fold_window(
    job: Job, split: str, fold: Fold, shards: Generator[list[Outcome]], silent: set[int]
) -> None:
    """Fold what comes of a window until every quota is full; what was heard of is not silent.

    Whatever ends it, what makes the outcomes has ended too: workers, an event loop's signals.
    """
    with closing(shards):
        for outcomes in shards:
            for outcome in outcomes:
                if outcome.ordinal not in silent:
                    raise RecipeError(
                        f"{job.task.view.path}: 'facts' gives more than one row for a key; group "
                        "it, or keep one row a key with QUALIFY"
                    )
                silent.remove(outcome.ordinal)
                fold.offer(outcome)
            if job.progress:
                job.progress(
                    split,
                    fold.accepted.total(),
                    job.task.spec.test if split == "test" else job.task.spec.size,
                    fold.rejected.total(),
                )
            if fold.full:
                return


#: Makes the outcomes of a window's shards; given the stratum of each ordinal.
_OutcomesOf: TypeAlias = Callable[[Mapping[int, Stratum], Iterator[Any]], Generator[list[Outcome]]]


def _facts(job: Job, split: str, widths: Widths) -> Iterator[Any]:
    """Yield the shards of a window: rows of facts, or where those lie.

    How wide facts are is told of those alone that are read as they come: records that are grouped
    are all held at once, and on storage each shard is looked for among all of its window.
    """
    view, connection, grouped = job.task.view, job.connection, bool(job.task.partners)
    if job.shards is None:
        facts = read_facts(view, connection, grouped=grouped)
        return facts if grouped else widths.of(facts)
    key = job.named + split.encode()
    return store_facts(*(view, connection, job.shards, key), aside=job.folder.work, grouped=grouped)


def _working(job: Job, split: str) -> _OutcomesOf:
    builder = SampleBuilder(job.recipe, job.task, split, job.index)
    packed: Callable[[Any], list[PackedOutcome]] = (
        stored_builder(builder, job.shards, job.index).packed if job.shards else builder.packed
    )
    return lambda _, shards: unpacked(job.engine.map_shards(packed, shards))


def _asking(job: Job, split: str, fold: Fold, flow: Flow) -> _OutcomesOf:
    if job.models is None:
        raise TypeError(f"{job.task.name} asks models, and none were given")
    # An event loop and what waits in it: tasks without a model start without them.
    from factory.line.asking import asked_outcomes

    models = job.models

    def outcomes(
        strata: Mapping[int, Stratum], shards: Iterator[list[dict[str, Any]]]
    ) -> Generator[list[Outcome]]:
        flow.begin(strata, chain.from_iterable(shards))
        return asked_outcomes(job.recipe, job.task, split, job.index, models, fold, flow)

    return outcomes


def _nothing_accepted(task: Task, source: AttachedSource, splits: Mapping[str, Any]) -> str:
    reasons = ", ".join(
        f"{reason} ({count})"
        for counts in splits.values()
        for reason, count in counts["rejected"].items()
    )
    return (
        f"tasks.{task.name}: no row of {source.address} became a sample: {reasons or 'no facts'}; "
        f"nothing was written"
    )
