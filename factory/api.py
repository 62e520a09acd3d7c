"""The public functions behind ``import factory``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.engines import Engine, LocalEngine
from factory.filters.classifier import Given
from factory.line import RunResult, run_task
from factory.outputs.jsonl import read_samples as _read_samples
from factory.recipe import Recipe, load_recipe
from factory.runs.export import export as _export
from factory.runs.export import export_formats
from factory.sample import Sample

__all__ = ["export", "load_recipe", "read_samples", "run"]


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
    ``label`` and ``score`` for each, or where one is, as ``"module:function"``. The formats of
    the recipe are written too. See :func:`factory.line.run_task` for what is raised.
    """
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe)
    if classifiers:
        recipe = recipe.with_classifiers(classifiers)
    result = run_task(recipe, task, Path(out), engine or LocalEngine(), fresh=fresh)
    export_formats(result.folder, recipe.formats_of(task))
    return result


def export(
    run_folder: str | Path,
    format: str,  # noqa: A002 (the name that the recipe and the command line give it)
    *,
    to: str | None = None,
    out: str | Path | None = None,
    reasoning: bool = False,
) -> Path:
    """Write a finished run or mixture in another format, and return the folder that it lies in.

    That is ``out / format``, in the run's own folder where ``out`` is not given. ``to`` is
    ``jsonl`` or ``parquet``, the format's own way where it is not given; ``reasoning`` puts the
    reasoning of the samples that have some before their answers. A folder that holds this very
    export already is left as it is.

    Raises:
        UsageError: there is no such format, or it cannot be written so; ``run_folder`` is no
            finished run; the folder holds something that no export wrote.
        OutputError: the folder cannot be written, or another export is writing it.
    """
    made = _export(
        Path(run_folder),
        format,
        stored=to,
        out=None if out is None else Path(out),
        reasoning=reasoning,
    )
    return made.folder


def read_samples(run_folder: str | Path, split: str = "train") -> Iterator[Sample]:
    """Yield the samples of a finished run, in draw order, with ``gold`` and ``slots`` typed."""
    return _read_samples(Path(run_folder) / f"{split}.jsonl")
