"""Run one task: from its source's files to whole output files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
from pydantic_core import to_json

from factory.engines import Engine
from factory.engines.storage import Storage
from factory.errors import (
    LimitReachedError,
    RecipeError,
    SourceError,
)
from factory.filters import NearDuplicateIndex, Novelty, write_index
from factory.filters.probes import describe, probe
from factory.line.build import PackedOutcome, SampleBuilder, unpacked
from factory.line.database import check_unchanged, confine, connect, explain, unchanged
from factory.line.facts import read_facts
from factory.line.flow import Flow
from factory.line.fold import Fold, Outcome
from factory.line.judged import judged
from factory.line.labels import attach_labels
from factory.line.manifest import also_decided_by, identity, manifest, split_record
from factory.line.opened import opened_models
from factory.line.plan import KeyWalk, Plan, load_plan, make_plan
from factory.line.quotas import Stratum
from factory.line.sink import Sink
from factory.line.stored import store_facts, stored_builder
from factory.line.task import (
    Task,
    benchmarks_of,
    compile_task,
    with_benchmarks,
    with_classifier,
)
from factory.outputs.card import write_card
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_samples
from factory.outputs.run_folder import REJECTED, TRAIN, RunFolder
from factory.recipe import Recipe
from factory.sources import AttachedSource
from factory.sources.fingerprint import fingerprint
from factory.sources.sql import text_literal
from factory.sources.view import prepare

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool

#: Called with (split, accepted, wanted, rejected) as the fold moves on; for a table that is made
#: first, the split has the table's name before it.
Progress = Callable[[str, int, int, int], None]


class NothingMadeError(SourceError):
    """No row of the source can feed the task: nothing is wrong, and there is nothing to write."""


@dataclass(frozen=True, slots=True)
class Ban:
    """What the test samples of other tasks show, and their split groups: kept out of training."""

    touched: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """Return a hash of it; empty where nothing is banned."""
        if not self.touched and not self.groups:
            return ""
        listed = "\x1f".join((*sorted(self.touched), "", *sorted(self.groups)))
        return blake2b(listed.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run made.

    Attributes:
        folder: the task's output folder.
        manifest: the content of its ``manifest.json``.
        fresh: False where the folder held this very run already and nothing was done.
    """

    folder: Path
    manifest: Mapping[str, Any]
    fresh: bool

    @property
    def accepted(self) -> int:
        """Training samples written."""
        return int(self.manifest["splits"].get("train", {}).get("accepted", 0))

    @property
    def wanted(self) -> int:
        """Training samples asked for."""
        return int(self.manifest["splits"].get("train", {}).get("wanted", 0))


def run_task(
    recipe: Recipe,
    name: str,
    out: Path,
    engine: Engine,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    ban: Ban | None = None,
    models: ModelPool | None = None,
) -> RunResult:
    """Make the samples of one task in ``out / name`` and return what was made.

    A folder that holds this very run is left as it is; one that was interrupted is taken up from
    its plan. ``fresh`` starts over whatever the folder holds; ``ban`` keeps out of training what
    other tasks are tested on. A task that asks language models asks those of ``models``, and the
    tables that it needs are made first, in folders beside its own.

    Raises:
        RecipeError, UsageError, SourceError, OutputError: one line each, nothing half-written.
        NothingMadeError: no row of the source can feed the task.
        ModelError: a model that cannot be asked; what was answered is kept.
        LimitReachedError: more unusable source rows than the recipe allows, or a budget that the
            next request might pass.
    """
    ban = ban or Ban()
    with ExitStack() as stack:
        if models is None:
            models = stack.enter_context(opened_models(recipe, [name], fresh=fresh))
        return _run_task(recipe, name, out, engine, fresh, progress, ban, models)


def _run_task(
    recipe: Recipe,
    name: str,
    out: Path,
    engine: Engine,
    fresh: bool,
    progress: Progress | None,
    ban: Ban,
    models: ModelPool | None,
) -> RunResult:
    try:
        task = compile_task(recipe, name)
        if task.spec.wordings and models is not None:
            # An event loop: tasks without a model start without it.
            from factory.line.wordings import with_wordings

            recipe = with_wordings(recipe, task, models)
            task = compile_task(recipe, name)
        task = with_classifier(task, recipe.classifiers)
        tables = tuple(
            _table(recipe, need, out, engine, fresh, progress, models) for need in task.spec.needs
        )
        with RunFolder(out / name) as folder, connect(folder) as connection:
            try:
                index = _index(recipe, task, folder)
                task = with_benchmarks(task, index)
                job = _Job(
                    *(recipe, task, index, tables, folder),
                    *(connection, engine, models, progress, ban),
                )
                return _run(job, fresh=fresh)
            except duckdb.Error as error:
                raise explain(error, task, folder) from error
    except RuntimeError as error:
        # What DuckDB makes of Ctrl-C while Python waits for it.
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from error
        raise


def _table(
    recipe: Recipe,
    name: str,
    out: Path,
    engine: Engine,
    fresh: bool,
    progress: Progress | None,
    models: ModelPool | None,
) -> Path:
    """Make a table of labels that a task needs, once for all tasks that need it."""
    done = models is not None and out / name in models.tables

    def labelled(split: str, accepted: int, wanted: int, rejected: int) -> None:
        if progress is not None:
            progress(f"{name} {split}", accepted, wanted, rejected)

    result = _run_task(recipe, name, out, engine, fresh and not done, labelled, Ban(), models)
    if models is not None:
        models.tables.add(out / name)
    return result.folder


def _index(recipe: Recipe, task: Task, folder: RunFolder) -> Path | None:
    """Write what the task is kept clear of into its work folder; None where that is nothing."""
    against = benchmarks_of(task)
    if not against:
        return None
    benchmarks = {name: recipe.benchmarks[name] for name in against}
    # Other machines have other working folders.
    return write_index(benchmarks, (folder.work / "benchmarks").resolve(), recipe.folder)


@dataclass(frozen=True, slots=True)
class _Job:
    """One task on its way: what every step of the run needs to know.

    ``index`` is the folder of the benchmarks' index, ``tables`` the folders of the label tables
    that the task needs, ``shards`` where facts lie that other machines read, if any do, under names
    that hold for the run ``named`` alone.
    """

    recipe: Recipe
    task: Task
    index: Path | None
    tables: tuple[Path, ...]
    folder: RunFolder
    connection: duckdb.DuckDBPyConnection
    engine: Engine
    models: ModelPool | None
    progress: Progress | None
    ban: Ban
    shards: Storage | None = None
    named: bytes = b""


def _run(job: _Job, *, fresh: bool) -> RunResult:
    recipe, task, folder, connection = job.recipe, job.task, job.folder, job.connection
    spec = task.source_spec
    source = spec.source.attach(
        connection, task.spec.source, spec.path, spec.options, allow_test=spec.allow_test
    )
    attach_labels(connection, task.spec.source, job.tables)
    _check_quarantine(recipe, task, source)
    this_run = identity(recipe, task, source)
    if job.ban.fingerprint:
        this_run["banned"] = job.ban.fingerprint
    if job.tables:
        this_run["tables"] = [fingerprint(path / TRAIN).fingerprint for path in job.tables]
    if job.models is not None and task.asks:
        this_run["models"] = job.models.identities(task.asks)
    if written := recipe.written(task.name):
        this_run["wordings"] = written.describe()
    planned = folder.claim(this_run, fresh=fresh)
    named = blake2b(to_json(this_run), digest_size=16).digest()
    job = replace(job, shards=_shards(job), named=named)
    if fresh:
        _forget_shards(job)
    if planned and (earlier := folder.manifest()) and folder.is_whole(earlier):
        _forget_shards(job)
        write_card(folder.path, earlier)
        return RunResult(folder.path, earlier, fresh=False)
    folder.clear_partials()
    with unchanged(source):
        return _make(job, source, this_run, planned=planned)


def _make(
    job: _Job, source: AttachedSource, this_run: Mapping[str, Any], *, planned: bool
) -> RunResult:
    """Plan the run, where it is not ``planned`` yet, and make its samples."""
    recipe, task, folder, connection = job.recipe, job.task, job.folder, job.connection
    connection.execute(f"SET schema = {text_literal(task.spec.source)}")
    root = task.root
    prepare(connection, recipe.seed, root.name, root.view_options, derived=task.name)
    confine(connection, folder, source)
    plan = load_plan(connection, task, folder.work) if planned else None
    if plan is None:
        folder.forget_plan()
        plan = make_plan(connection, task, folder.work)
        folder.keep_plan(this_run)
    if not plan.keys:
        raise NothingMadeError(
            f"tasks.{task.name}: the view {task.view.name} finds no row in {source.address} that "
            f"this task can use{_label_more(task)}"
        )
    try:
        made = _fold_splits(job, plan, source, this_run)
    except NothingMadeError:
        _forget_shards(job)
        raise
    _forget_shards(job)
    return RunResult(folder.path, made, fresh=True)


def _shards(job: _Job) -> Storage | None:
    """Return the folder of this run's shards, if the engine's machines read them from storage.

    Models are asked from here, whatever the engine: one rate limit, one budget, one ledger.
    """
    if job.engine.storage is None or job.task.asks:
        return None
    here = job.folder.work.resolve()
    if not job.engine.storage:
        return Storage(str(here / "shards"))
    # Runs of many folders share an address, and each clears its own.
    return Storage(job.engine.storage).below(
        f"{job.task.name}-{blake2b(str(here).encode(), digest_size=8).hexdigest()}"
    )


def _forget_shards(job: _Job) -> None:
    if job.shards:
        job.shards.clear()


def _fold_splits(
    job: _Job, plan: Plan, source: AttachedSource, this_run: Mapping[str, Any]
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


def _run_fold(job: _Job, split: str, walk: KeyWalk, fold: Fold) -> None:
    """Fetch windows of facts and fold what comes of them until every quota is full."""
    task = job.task
    flow = Flow(fold, task.round_size)
    outcomes_of = _asking(job, split, fold, flow) if task.asks else _working(job, split)
    silent: set[int] = set()
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
        facts = _facts(job, split) if window else iter(())
        _fold_window(job, split, fold, outcomes_of(strata, facts), silent)
        if not task.asks and not fold.full:  # there a key without a row is told from one that waits
            for ordinal in sorted(silent):
                fold.offer(Outcome(ordinal, ()))
            silent.clear()


def _fold_window(
    job: _Job, split: str, fold: Fold, shards: Generator[list[Outcome]], silent: set[int]
) -> None:
    """Fold what comes of a window until every quota is full; what was heard of is not silent."""
    for outcomes in shards:
        for outcome in outcomes:
            if outcome.ordinal not in silent:
                raise RecipeError(
                    f"{job.task.view.path}: 'facts' gives more than one row for a key; group it, "
                    "or keep one row a key with QUALIFY"
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
            shards.close()
            return


#: Makes the outcomes of a window's shards; given the stratum of each ordinal.
_OutcomesOf: TypeAlias = Callable[[Mapping[int, Stratum], Iterator[Any]], Generator[list[Outcome]]]


def _facts(job: _Job, split: str) -> Iterator[Any]:
    """Yield the shards of a window: rows of facts, or where those lie."""
    view, connection, grouped = job.task.view, job.connection, bool(job.task.partners)
    if job.shards is None:
        return read_facts(view, connection, grouped=grouped)
    key = job.named + split.encode()
    return store_facts(*(view, connection, job.shards, key), aside=job.folder.work, grouped=grouped)


def _working(job: _Job, split: str) -> _OutcomesOf:
    builder = SampleBuilder(job.recipe, job.task, split, job.index)
    packed: Callable[[Any], list[PackedOutcome]] = (
        stored_builder(builder, job.shards, job.index).packed if job.shards else builder.packed
    )
    return lambda _, shards: unpacked(job.engine.map_shards(packed, shards))


def _asking(job: _Job, split: str, fold: Fold, flow: Flow) -> _OutcomesOf:
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


def _label_more(task: Task) -> str:
    if not task.spec.needs:
        return ""
    return f": more texts must be labelled ({', '.join(task.spec.needs)}): give a larger --limit"


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


def _check_quarantine(recipe: Recipe, task: Task, source: AttachedSource) -> None:
    unusable = sum(each.rows for each in source.quarantined)
    if source.rows and unusable > recipe.max_quarantined * source.rows:
        causes = "; ".join(
            f"{each.cause}: {each.rows:,} rows, such as {', '.join(each.examples)}"
            for each in source.quarantined
        )
        raise LimitReachedError(
            f"sources.{task.spec.source}: {unusable:,} of {source.rows:,} rows of {source.address} "
            f"are unusable ({causes}); mend them, or raise max_quarantined "
            f"({recipe.max_quarantined:g}) in the recipe"
        )
