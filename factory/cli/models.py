"""The verbs that are about language models: what they would cost, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import (
    ClassifierOption,
    JsonOption,
    LimitOption,
    MixtureOption,
    ModelOption,
    RecipeArgument,
    SourceOption,
    TasksOption,
    classifiers,
    one_of_two,
    print_json,
    source_paths,
)

if TYPE_CHECKING:
    from factory.line.quote import Quote


def plan(
    recipe: RecipeArgument,
    task: TasksOption = None,
    mixture: MixtureOption = None,
    limit: LimitOption = None,
    source: SourceOption = None,
    model: ModelOption = None,
    classifier: ClassifierOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what language models would be asked and what it would cost, without asking them.

    Examples:
        python -m factory plan recipes.yaml --task task1
        python -m factory plan recipes.yaml --mixture nvidia_all --limit 1000
    """
    from factory.api import plan as plan_recipe
    from factory.recipe import load_recipe

    loaded = load_recipe(recipe).with_changes(limit=limit, paths=source_paths(source), model=model)
    loaded = loaded.with_classifiers(classifiers(classifier))
    one_of_two(recipe, task, mixture)
    tell_quotes(plan_recipe(loaded, task or (), mixture=mixture), as_json=as_json)


def tell_quotes(quotes: Sequence[Quote], *, as_json: bool) -> None:
    """Print what would be asked."""
    from dataclasses import asdict

    from factory.terminal.bills import print_quotes

    if as_json:
        print_json([asdict(each) for each in quotes])
    else:
        print_quotes(quotes)


def cache(
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Forget the answers that the other options choose; with none, all."
        ),
    ] = False,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only answers for this task.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only answers of this model.")
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(min=0, metavar="DAYS", help="Only answers older than so many days."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is kept: models' answers with their cost, stores of sources, weights.

    Examples:
        python -m factory cache
        python -m factory cache --prune --task task1 --older-than 30
    """
    from dataclasses import asdict

    from factory.llm.ledger import Ledger
    from factory.llm.names import LEDGER_FILE
    from factory.sources.download import cache_folder
    from factory.terminal.bills import print_cache

    folder = cache_folder()
    with Ledger(folder / LEDGER_FILE) as ledger:
        removed = (
            ledger.prune(
                task=task,
                model=model,
                older_than=None if older_than is None else older_than * 86_400,
            )
            if prune
            else 0
        )
        spent = [
            each
            for each in ledger.spent()
            if task in (None, each.task) and model in (None, each.model)
        ]
    sizes = {
        path.name: sum(file.stat().st_size for file in _files(path))
        for path in sorted(folder.iterdir())
    }
    if as_json:
        spending = [asdict(each) for each in spent]
        print_json({"folder": str(folder), "bytes": sizes, "answers": spending, "removed": removed})
    else:
        print_cache(folder, sizes, spent, removed if prune else None)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
