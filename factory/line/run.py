"""Run one task: from its source's files to whole output files."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import duckdb
from pydantic_core import to_json

from factory.engines import Engine
from factory.errors import (
    FactoryError,
    LimitReachedError,
    OutputError,
    RecipeError,
    SourceError,
)
from factory.line.build import SampleBuilder
from factory.line.fold import Candidate, Fold, Objection, Outcome
from factory.line.plan import KEYS_FILE, KeyWalk, Plan, load_plan, make_plan
from factory.line.task import Task, compile_task
from factory.outputs.files import LineFile
from factory.outputs.run_folder import REJECTED, SPILL, RunFolder
from factory.recipe import Recipe
from factory.sources import AttachedSource
from factory.sources.sql import identifier, one_line, text_literal
from factory.sources.view import prepare

#: The format of the output folder; a reader refuses a newer one.
FORMAT: Final = 1
# Small: an engine speaks to its workers between shards of its own.
_SHARD_ROWS: Final = 128

#: Called with (split, accepted, wanted, rejected) as the fold moves on.
Progress = Callable[[str, int, int, int], None]


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
        return int(self.manifest["splits"]["train"]["accepted"])

    @property
    def wanted(self) -> int:
        """Training samples asked for."""
        return int(self.manifest["splits"]["train"]["wanted"])


def run_task(
    recipe: Recipe,
    name: str,
    out: Path,
    engine: Engine,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Make the samples of one task in ``out / name`` and return what was made.

    A folder that holds this very run is left as it is; one that was interrupted is taken up from
    its plan. ``fresh`` starts over whatever the folder holds.

    Raises:
        RecipeError, UsageError, SourceError, OutputError: one line each, nothing half-written.
        LimitReachedError: more unusable source rows than the recipe allows.
    """
    task = compile_task(recipe, name)
    with RunFolder(out / name) as folder, _database(folder) as connection:
        try:
            return _run(recipe, task, folder, connection, engine, fresh, progress)
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        except duckdb.Error as error:
            raise _explain(error, task, folder) from error
        except RuntimeError as error:
            # What DuckDB makes of Ctrl-C while Python waits for it.
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise


def _run(
    recipe: Recipe,
    task: Task,
    folder: RunFolder,
    connection: duckdb.DuckDBPyConnection,
    engine: Engine,
    fresh: bool,
    progress: Progress | None,
) -> RunResult:
    spec = task.source_spec
    source = spec.source.attach(
        connection, task.spec.source, spec.path, spec.options, allow_test=spec.allow_test
    )
    _check_quarantine(recipe, task, source)
    identity = _identity(recipe, task, source)
    planned = folder.claim(identity, fresh=fresh)
    if planned and (manifest := folder.manifest()) and folder.is_whole(manifest):
        return RunResult(folder.path, manifest, fresh=False)
    folder.clear_partials()
    connection.execute(f"SET schema = {text_literal(task.spec.source)}")
    prepare(connection, recipe.seed, task.name, task.view_options)
    _confine(connection, folder, source)
    if planned and (folder.work / KEYS_FILE).is_file():
        plan = load_plan(connection, task, folder.work)
    else:
        folder.forget_plan()
        plan = make_plan(connection, task, folder.work)
        folder.keep_plan(identity)
    if not plan.keys:
        raise SourceError(
            f"tasks.{task.name}: the view {task.view.name} finds no row in {source.address} that "
            "this task can use"
        )
    manifest = _fold_splits(recipe, task, folder, connection, engine, plan, source, progress)
    return RunResult(folder.path, manifest, fresh=True)


def _fold_splits(
    recipe: Recipe,
    task: Task,
    folder: RunFolder,
    connection: duckdb.DuckDBPyConnection,
    engine: Engine,
    plan: Plan,
    source: AttachedSource,
    progress: Progress | None,
) -> dict[str, Any]:
    sizes = {"test": task.spec.test, "train": task.spec.size}
    splits: dict[str, Any] = {}
    with _Files(folder, [f"{split}.jsonl" for split, size in sizes.items() if size]) as files:
        touched: set[str] = set()
        groups: set[str] = set()
        for split, size in sizes.items():
            if not size:
                continue
            sink = _Sink(task, split, files[f"{split}.jsonl"], files[REJECTED])
            walk = KeyWalk(
                connection,
                plan,
                size=size,
                tolerance=task.spec.tolerance,
                split=split,
                banned_groups=groups,
            )
            fold = Fold(walk.quotas, sink, banned=frozenset(touched))
            report = None if progress is None else _progress(progress, split, size)
            _run_fold(recipe, task, split, connection, engine, walk, fold, report)
            splits[split] = _count(size, walk, fold)
            touched |= fold.touched
            groups |= fold.groups
        if not splits["train"]["accepted"]:
            raise SourceError(_nothing_accepted(task, source, splits["train"]))
        manifest = {
            "format": FORMAT,
            "task": task.name,
            "definition": task.definition,
            "seed": recipe.seed,
            "recipe": task.spec.model_dump(mode="json", by_alias=True),
            "filters": (task.spec.filters or recipe.filters).model_dump(mode="json"),
            "source": _source_record(task, source),
            "versions": _versions(),
            "keys": plan.keys,
            "splits": splits,
            "files": {name: file.describe() for name, file in files.items()},
        }
        folder.publish(files, manifest)
    return manifest


def _run_fold(
    recipe: Recipe,
    task: Task,
    split: str,
    connection: duckdb.DuckDBPyConnection,
    engine: Engine,
    walk: KeyWalk,
    fold: Fold,
    report: Callable[[Fold], None] | None,
) -> None:
    """Fetch windows of facts and fold what comes of them until every quota is full."""
    builder = SampleBuilder(recipe, task, split)
    while not fold.full:
        window = walk.next_window(fold.needed)
        if window is None:
            break
        fold.extend(window.keys, window.beyond)
        silent = {ordinal for ordinal, _ in window.keys}
        shards = engine.map_shards(builder.outcomes, _facts(task, connection))
        for outcomes in shards:
            for outcome in outcomes:
                if outcome.ordinal not in silent:
                    raise RecipeError(
                        f"{task.view.path}: 'facts' gives more than one row for a key; group it, "
                        "or keep one row a key with QUALIFY"
                    )
                silent.remove(outcome.ordinal)
                fold.offer(outcome)
            if report:
                report(fold)
            if fold.full:
                shards.close()
                return
        for ordinal in sorted(silent):
            fold.offer(Outcome(ordinal, ()))


def _facts(task: Task, connection: duckdb.DuckDBPyConnection) -> Iterator[list[dict[str, Any]]]:
    """Yield the facts of the keys in ``chosen``, in draw order, a shard at a time."""
    result = connection.execute(
        "SELECT chosen.ordinal, chosen.split_group, facts.* "
        f"FROM ({task.view.facts}) AS facts JOIN chosen USING (key) ORDER BY chosen.ordinal"
    )
    names = [name for name, *_ in result.description or ()]
    while rows := result.fetchmany(_SHARD_ROWS):
        yield [dict(zip(names, row, strict=True)) for row in rows]


class _Sink:
    """Writes the fold's decisions: samples to their split's file, the dropped to one file."""

    def __init__(self, task: Task, split: str, samples: LineFile, rejected: LineFile) -> None:
        self._task = task.name
        self._split = split
        self._samples = samples
        self._rejected = rejected

    def accept(self, candidate: Candidate) -> None:
        self._samples.write(candidate.record)

    def reject(self, candidate: Candidate, objection: Objection) -> None:
        self._rejected.write(
            to_json(
                {
                    "id": candidate.id,
                    "task": self._task,
                    "split": self._split,
                    "filter": objection.filter,
                    "reason": objection.reason,
                    "detail": objection.detail,
                    "record": candidate.record.decode(),
                }
            )
        )


class _Files(dict[str, LineFile]):
    """The files of one run, discarded together unless they were published."""

    def __init__(self, folder: RunFolder, names: list[str]) -> None:
        super().__init__()
        self._folder = folder
        self._names = [*names, REJECTED]

    def __enter__(self) -> _Files:
        for name in self._names:
            self[name] = self._folder.line_file(name)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.values():
            file.discard()


def _progress(progress: Progress, split: str, size: int) -> Callable[[Fold], None]:
    def report(fold: Fold) -> None:
        progress(split, fold.accepted.total(), size, fold.rejected.total())

    return report


def _count(size: int, walk: KeyWalk, fold: Fold) -> dict[str, Any]:
    strata = {
        " ".join(stratum) or "all": {
            "keys": walk.available.get(stratum, 0),
            "quota": quota,
            "accepted": fold.accepted[stratum],
        }
        for stratum, quota in sorted(walk.quotas.items())
    }
    return {
        "wanted": size,
        "accepted": fold.accepted.total(),
        "rejected": dict(sorted(fold.rejected.items())),
        "empty": fold.empty,
        "strata": strata,
    }


def _nothing_accepted(task: Task, source: AttachedSource, counts: Mapping[str, Any]) -> str:
    reasons = ", ".join(f"{reason} ({count})" for reason, count in counts["rejected"].items())
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


def _identity(recipe: Recipe, task: Task, source: AttachedSource) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "task": task.name,
        "definition": task.definition,
        "seed": recipe.seed,
        "size": task.spec.size,
        "test": task.spec.test,
        "balance": task.spec.model_dump(mode="json")["balance"],
        "tolerance": task.spec.tolerance,
        "allow_test": task.source_spec.allow_test,
        "source": [file.fingerprint for file in source.files],
        "versions": _versions(),
    }


def _source_record(task: Task, source: AttachedSource) -> dict[str, Any]:
    adapter = task.source_spec.source
    return {
        "name": task.spec.source,
        "adapter": adapter.name,
        "homepage": adapter.homepage,
        "licence": adapter.licence,
        "address": source.address,
        "options": task.source_spec.options.model_dump(mode="json"),
        "allow_test": task.source_spec.allow_test,
        "rows": source.rows,
        "test_rows_hidden": source.test_rows,
        "files": [
            {"name": file.path.name, "bytes": file.size, "fingerprint": file.fingerprint}
            for file in source.files
        ],
        "quarantined": [
            {"cause": each.cause, "rows": each.rows, "examples": list(each.examples)}
            for each in source.quarantined
        ],
    }


@cache
def _versions() -> dict[str, str]:
    packages = ("eshop-factory", "duckdb", "jinja2", "pydantic", "pydantic_core")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _database(folder: RunFolder) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "temp_directory": str(folder.work / SPILL),
            # Row order comes from ORDER BY alone, and keeping it elsewhere costs memory.
            "preserve_insertion_order": False,
        }
    )


def _confine(
    connection: duckdb.DuckDBPyConnection, folder: RunFolder, source: AttachedSource
) -> None:
    """Leave a view, which may come from elsewhere, no file but the source's and the plan's."""
    files: Set[str] = {str(file.path) for file in source.files}
    listed = ", ".join(text_literal(path) for path in sorted(files))
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute(f"SET allowed_directories = [{text_literal(str(folder.work) + '/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _explain(error: duckdb.Error, task: Task, folder: RunFolder) -> FactoryError:
    said = one_line(error)
    if "No space left" in said or "could not write" in said.lower():
        return OutputError(f"{folder.work}: no space left on the disk: {said}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return OutputError(f"tasks.{task.name}: out of memory: {said}")
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
        return SourceError(
            f"sources.{task.spec.source} ({task.source_spec.path}): a file cannot be read: {said}; "
            "fetch it again"
        )
    return SourceError(f"tasks.{task.name}, view {identifier(task.view.name)}: {said}")
