"""How good a judge is: its precision and recall on samples whose truth is known.

Samples that a task makes by program are right: half of them are made wrong on purpose
(:mod:`factory.filters.planted`), and the judge reads all of them as it would in a run. What it
keeps of the right ones is its recall, what is right of those that it keeps its precision.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from math import fsum
from pathlib import Path
from statistics import fmean
from typing import Any, Final, NamedTuple

from factory.draw import draw
from factory.engines import LocalEngine
from factory.errors import OutputError, UsageError
from factory.filters import JudgeOptions, judge
from factory.filters.agreement import Share
from factory.filters.judge import Judged, score_name, worst_score
from factory.filters.planted import plant
from factory.filters.rubrics import CRITERIA
from factory.line.compile import compile_task
from factory.line.judged import agreement
from factory.line.run import run_task
from factory.line.task import Task
from factory.llm import model_spec
from factory.llm.at_once import ask_at_once
from factory.llm.pool import ModelPool
from factory.outputs.card import refresh_card
from factory.outputs.files import explained, write_json
from factory.outputs.jsonl import read_samples
from factory.outputs.run_folder import FORMAT, JUDGE
from factory.recipe import Recipe
from factory.sample import Sample

#: The thresholds that a recipe may want to choose among.
THRESHOLDS: Final = (2.0, 3.0, 4.0, 5.0)
#: The name of the panel among its judges.
PANEL: Final = "panel"

#: Called with (judged, wanted) as samples are judged.
Watch = Callable[[int, int], None]


class _Tried(NamedTuple):
    """A sample that a judge reads: ``fault`` is what was planted in it, empty where nothing was."""

    fault: str
    sample: Sample


def measure_judge(
    recipe: Recipe,
    name: str,
    options: JudgeOptions,
    pool: ModelPool,
    *,
    samples: int,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Judge ``samples`` samples of task ``name``, half of them made wrong; return what came of it.

    The result has, for each judge and for the ``panel`` of several, ``precision``, ``recall``,
    ``caught`` (the share of wrong samples that it drops) in all and by fault, each with its 95 %
    interval; the same at other thresholds; and its mean scores of right and of wrong samples.

    Raises:
        UsageError: a model takes part in making the task's samples, so that their truth is not
            known, or too few can be made wrong.
        BudgetExceededError, ModelError: what was answered by then is kept.
    """
    plain = _without_models(recipe, name, samples)
    task = compile_task(plain, name)
    with tempfile.TemporaryDirectory() as folder:
        made = run_task(plain, name, Path(folder), LocalEngine())
        right = list(read_samples(made.folder / "train.jsonl"))
    tried = list(_tried(right, task, recipe.seed))
    if not any(each.fault for each in tried) or all(each.fault for each in tried):
        raise UsageError(
            f"tasks.{name}: {len(right)} samples are too few to plant faults in: give a larger "
            "--samples, or the full data set with --source NAME=PATH"
        )
    judged = asyncio.run(_judged(tried, task, options, pool, watch))
    return {
        "task": name,
        "task_type": task.type.name,
        "definition": task.definition,
        "seed": recipe.seed,
        "models": pool.identities(options.models),
        "threshold": options.threshold,
        "prompt": options.prompt,
        "samples": len(tried),
        "planted": dict(sorted(Counter(each.fault for each in tried if each.fault).items())),
        "no_judgement": sum(each.verdict.reason == "no-judgement" for each in judged),
        "tokens": sum(each.spent.tokens for each in judged),
        "cost": round(fsum(each.spent.cost for each in judged), 10),
        "judges": {
            name: _figures(tried, judged, options, model) for name, model in _judges(options)
        },
        "agreement": agreement(options.models, options.threshold, [each.scores for each in judged]),
    }


def _without_models(recipe: Recipe, name: str, samples: int) -> Recipe:
    """Return the recipe with the task made by program alone."""
    spec = recipe.task(name)
    for each in recipe.lineage(name):
        if recipe.tasks[each].generate or recipe.tasks[each].needs:
            by = next((step.by for step in recipe.tasks[each].generate), "a table of labels")
            raise UsageError(
                f"tasks.{name}: a model takes part in its samples ({by}), so which are right is "
                f"not known: measure the judge on a task of type {spec.type!r} that needs none "
                "(python -m factory list)"
            )
    filters = (spec.filters or recipe.filters).model_copy(update={"judge": None})
    plain = spec.model_copy(
        update={"size": samples, "test": 0, "wordings": None, "filters": filters}
    )
    return recipe.model_copy(update={"tasks": {**recipe.tasks, name: plain}})


def _tried(right: Sequence[Sample], task: Task, seed: int) -> Iterator[_Tried]:
    """Yield the samples in their order, the half with the smaller draws made wrong.

    One in which no fault can be planted is left out: right, it would make the other half larger.
    """
    ranked = sorted(right, key=lambda each: draw(seed, each.task, each.id, "planted"))
    chosen = {each.id for each in ranked[: len(right) // 2]}
    for sample in right:
        if sample.id not in chosen:
            yield _Tried("", sample)
        elif (wrong := plant(sample, right, task.type, seed)) is not None:
            yield _Tried(*wrong)


async def _judged(
    tried: Sequence[_Tried],
    task: Task,
    options: JudgeOptions,
    pool: ModelPool,
    watch: Watch | None,
) -> list[Judged]:
    """Return what the panel says of each sample, in order."""
    async with AsyncExitStack() as stack:
        askers = {
            model: await stack.enter_async_context(pool.asker(model, task.name))
            for model in options.models
        }

        async def ask(each: _Tried) -> Judged:
            asking = judge(options, each.sample, task.answer_columns)
            return await pool.row(task.name, asking, askers, lambda _: 1)

        most = max(asker.spec.rows_in_flight for asker in askers.values())
        return await ask_at_once(tried, ask, most=most, quiet=pool.quiet, watch=watch)


def _judges(options: JudgeOptions) -> Iterator[tuple[str, str]]:
    """Yield the name of each judge, and of the panel, with the model whose scores are its own."""
    yield from ((model, model) for model in options.models)
    if len(options.models) > 1:
        yield PANEL, ""


def _figures(
    tried: Sequence[_Tried], judged: Sequence[Judged], options: JudgeOptions, model: str
) -> dict[str, Any]:
    """Return the precision and recall of one judge, or of the panel where ``model`` is empty."""
    worst = [worst_score(each.scores, model) for each in judged]
    faults = [each.fault for each in tried]

    def at(threshold: float) -> dict[str, Any]:
        kept = [score is not None and score >= threshold for score in worst]
        return _shares(faults, kept)

    by_fault = {}
    for fault in sorted(set(faults) - {""}):
        dropped = [
            score is None or score < options.threshold
            for score, each in zip(worst, faults, strict=True)
            if each == fault
        ]
        by_fault[fault] = Share(sum(dropped), len(dropped)).describe()
    return {
        **at(options.threshold),
        "caught_by_fault": by_fault,
        "by_threshold": {f"{each:g}": at(each) for each in THRESHOLDS},
        "means": {
            criterion: {
                "right": _mean(_scores(judged, faults, criterion, model, planted=False)),
                "planted": _mean(_scores(judged, faults, criterion, model, planted=True)),
            }
            for criterion in CRITERIA
        },
    }


def _shares(faults: Sequence[str], kept: Sequence[bool]) -> dict[str, Any]:
    right_kept = sum(keep and not fault for fault, keep in zip(faults, kept, strict=True))
    wrong = sum(map(bool, faults))
    wrong_kept = sum(kept) - right_kept
    return {
        "precision": Share(right_kept, sum(kept)).describe(),
        "recall": Share(right_kept, len(faults) - wrong).describe(),
        "caught": Share(wrong - wrong_kept, wrong).describe(),
    }


def _scores(
    judged: Sequence[Judged],
    faults: Sequence[str],
    criterion: str,
    model: str,
    *,
    planted: bool,
) -> Iterator[float]:
    name = score_name(criterion, model)
    for each, fault in zip(judged, faults, strict=True):
        if bool(fault) == planted and name in each.scores:
            yield each.scores[name]


def _mean(scores: Iterable[float]) -> float | None:
    given = list(scores)
    return round(fmean(given), 4) if given else None


def judge_options(
    recipe: Recipe, name: str, *, models: Sequence[str] | None, threshold: float | None
) -> JudgeOptions:
    """Return the judge of task ``name`` in the recipe, else the default one, with these changes.

    Raises :class:`UsageError` for a model that there is not, or that is named twice.
    """
    spec = recipe.task(name)
    options = (spec.filters or recipe.filters).judge or JudgeOptions.model_validate({})
    for model in models or ():
        model_spec(recipe.models, model)
    if models and len(set(models)) < len(models):
        raise UsageError("a panel has each model once: name different ones with --model")
    changes: dict[str, Any] = {}
    if models:
        changes["models"] = list(models)
    if threshold is not None:
        changes["threshold"] = threshold
    return options.model_copy(update=changes)


def keep_measured(folder: Path, measured: Mapping[str, Any]) -> Path:
    """Write a measurement into ``judge.json`` of a task's folder, beside its runs; return the path.

    The file has one entry for each panel: a later measurement of a panel replaces the earlier.

    Raises :class:`~factory.errors.OutputError` where it cannot be written.
    """
    path = folder / JUDGE
    panel = " + ".join(each["model"] or name for name, each in measured["models"].items())
    judges = {}
    with explained(path):
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            try:
                judges = dict(json.loads(path.read_text(encoding="utf-8"))["judges"])
            except (ValueError, KeyError, TypeError) as error:
                raise OutputError(
                    f"{path}: is none of this project's files; move it away, or choose another "
                    "folder with --out"
                ) from error
    write_json(path, {"format": FORMAT, "judges": judges | {panel: measured}})
    refresh_card(folder)
    return path
