"""Run one task: claim its folder, plan it or take its plan up, and have its splits made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pydantic_core import to_json

from factory.engines import Engine
from factory.engines.storage import Storage
from factory.errors import LimitReachedError, is_interrupt
from factory.filters import write_index
from factory.line.compile import compile_task
from factory.line.database import confine, connect, explain, unchanged
from factory.line.job import Ban, Job, NothingMadeError, Progress
from factory.line.labels import attach_labels
from factory.line.manifest import identity
from factory.line.opened import opened_models
from factory.line.plan import load_plan, make_plan
from factory.line.splits import fold_splits
from factory.line.task import Task, benchmarks_of, with_benchmarks, with_classifier
from factory.outputs.card import write_card
from factory.outputs.run_folder import TRAIN, RunFolder
from factory.recipe import Recipe
from factory.sources import AttachedSource
from factory.sources.fingerprint import fingerprint
from factory.sources.sql import text_literal
from factory.sources.view import prepare

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool


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
                job = Job(
                    *(recipe, task, index, tables, folder),
                    *(connection, engine, models, progress, ban),
                )
                return _run(job, fresh=fresh)
            except duckdb.Error as error:
                raise explain(error, task, folder) from error
    except RuntimeError as error:
        if is_interrupt(error):
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


def _run(job: Job, *, fresh: bool) -> RunResult:
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
    job: Job, source: AttachedSource, this_run: Mapping[str, Any], *, planned: bool
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
        made = fold_splits(job, plan, source, this_run)
    except NothingMadeError:
        _forget_shards(job)
        raise
    _forget_shards(job)
    return RunResult(folder.path, made, fresh=True)


def _shards(job: Job) -> Storage | None:
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


def _forget_shards(job: Job) -> None:
    if job.shards:
        job.shards.clear()


def _label_more(task: Task) -> str:
    if not task.spec.needs:
        return ""
    return f": more texts must be labelled ({', '.join(task.spec.needs)}): give a larger --limit"


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
