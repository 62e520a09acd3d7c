"""A few samples of each task, made of the bundled shop, or taken from runs that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from factory.engines import LocalEngine
from factory.line import run_task
from factory.line.job import NothingMadeError
from factory.outputs.jsonl import read_samples
from factory.recipe import Recipe
from factory.sample import Sample

#: Enough to see a task's languages, and to choose a short one to show.
LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """What a task's page shows of its samples: the shortest of a few, and their languages."""

    sample: Sample
    languages: tuple[str, ...]


def can_be_shown(recipe: Recipe, task: str) -> bool:
    """Return whether a sample of ``task`` can be made without a model.

    Where a model only words the prompt, one of the people's wordings shows the task as well. What
    a model writes is not shown: a stand-in's words would say nothing of it.
    """
    return not _without_wordings(recipe).asks(task)


def shown_samples(
    recipe: Recipe, tasks: Iterable[str], folder: Path | None, made: Path | None = None
) -> Mapping[str, Shown]:
    """Return what there is to show, by task; a task that nothing could be made of is not in it.

    ``made`` holds runs of the same recipe, one folder a task: what is in there is not made again.
    Everything else is made in ``folder``, where a second call finds it; nothing is where that is
    None.
    """
    smaller = _without_wordings(recipe).with_changes(limit=LIMIT)
    shown = {}
    with LocalEngine() as engine:
        for task in tasks:
            if not can_be_shown(recipe, task):
                continue
            run = made / task if made is not None and not recipe.asks(task) else None
            if run is None or not (run / "manifest.json").is_file():
                if folder is None:
                    continue
                try:
                    run = run_task(smaller, task, folder, engine).folder
                except NothingMadeError:
                    continue
            samples = [*_first(run)]
            if samples:
                shown[task] = _shown(samples)
    return shown


def _without_wordings(recipe: Recipe) -> Recipe:
    tasks = {
        name: task.model_copy(update={"wordings": None}) if task.wordings else task
        for name, task in recipe.tasks.items()
    }
    return recipe.model_copy(update={"tasks": tasks})


def _first(run: Path) -> Iterator[Sample]:
    for number, sample in enumerate(read_samples(run / "train.jsonl")):
        if number == LIMIT:
            return
        yield sample


def _shown(samples: list[Sample]) -> Shown:
    shortest = min(samples, key=lambda each: (len(each.input_field), each.id))
    return Shown(shortest, tuple(sorted({each.lang for each in samples})))
