"""The public functions behind ``import factory``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.engines import Engine, LocalEngine
from factory.filters.classifier import Given
from factory.line import RunResult, run_task
from factory.outputs.jsonl import read_samples as _read_samples
from factory.recipe import Recipe, load_recipe
from factory.sample import Sample

__all__ = ["load_recipe", "read_samples", "run"]


def run(
    recipe: Recipe | str | Path,
    task: str,
    out: str | Path = "out",
    *,
    engine: Engine | None = None,
    fresh: bool = False,
    classifiers: Given | None = None,
) -> RunResult:
    """Make the samples of one task in ``out/<task>``.

    ``recipe`` is a loaded recipe or the path of one. ``classifiers`` binds the names that its
    filters give to classifiers: functions that take a list of texts and return a mapping with
    ``label`` and ``score`` for each, or where one is, as ``"module:function"``. See
    :func:`factory.line.run_task` for what is raised.
    """
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe)
    if classifiers:
        recipe = recipe.with_classifiers(classifiers)
    return run_task(recipe, task, Path(out), engine or LocalEngine(), fresh=fresh)


def read_samples(run_folder: str | Path, split: str = "train") -> Iterator[Sample]:
    """Yield the samples of a finished run, in draw order, with ``gold`` and ``slots`` typed."""
    return _read_samples(Path(run_folder) / f"{split}.jsonl")
