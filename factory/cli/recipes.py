"""``list`` and ``validate``: what a recipe holds, and whether it is in order."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from factory.cli.options import JsonOption, RecipeArgument, print_json
from factory.errors import UsageError

if TYPE_CHECKING:
    from factory.line.task import Task
    from factory.recipe import Recipe


def list_tasks(recipe: RecipeArgument, as_json: JsonOption = False) -> None:
    """List the tasks and mixtures of a recipe: what each is, from where, for which paper's row."""
    from factory.line import missing_columns
    from factory.recipe import load_recipe, resolve_mixture
    from factory.terminal.tasks import print_tasks

    loaded = load_recipe(recipe)
    mixtures = {name: resolve_mixture(loaded, name) for name in _possible_mixtures(loaded)}
    rows = [
        {
            "name": name,
            "title": spec.title,
            "type": spec.task_type.name,
            "track": spec.track,
            "metric": spec.metric or spec.task_type.metrics[0],
            "source": spec.source,
            "size": spec.size,
            "needs_llm": loaded.asks(name),
            "nvidia": spec.nvidia,
            "eshop": spec.eshop,
            "dev": spec.dev,
            "ecom": spec.ecom,
            "parent": spec.derive and spec.derive.from_,
            "operator": spec.derive and spec.derive.operator,
            "map": spec.derive and spec.derive.map,
            "missing": missing_columns(loaded, name),
            "mixtures": [
                mixture
                for mixture, each in mixtures.items()
                if any(share.task == name for share in each.shares)
            ],
        }
        for name, spec in loaded.tasks.items()
    ]
    if as_json:
        print_json(rows)
        return
    print_tasks(
        rows,
        [
            {
                "name": name,
                "title": each.spec.title,
                "tasks": len(each.shares),
                "size": each.spec.size,
                "absent": [absent.number for absent in each.absent],
            }
            for name, each in mixtures.items()
        ],
    )


def _possible_mixtures(recipe: Recipe) -> list[str]:
    """Return the mixtures of which the recipe has a task: another shop has none of the papers'."""
    from factory.recipe import resolve_mixture

    possible = []
    for name in recipe.mixtures:
        with suppress(UsageError):
            resolve_mixture(recipe, name)
            possible.append(name)
    return possible


def validate(recipe: RecipeArgument, as_json: JsonOption = False) -> None:
    """Check a recipe with its views and templates, without reading a source's files."""
    from factory.errors import RecipeError
    from factory.line import compile_task
    from factory.recipe import load_recipe

    loaded = load_recipe(recipe)
    problems: list[str] = []
    wordings = 0
    compiled: dict[str, Task] = {}
    for name in loaded.tasks:
        try:
            wordings += len(compile_task(loaded, name, compiled).template.wordings)
        except RecipeError as error:
            problems += str(error).splitlines()
    if problems:
        raise RecipeError("\n".join(problems))
    if as_json:
        print_json({"recipe": str(recipe), "tasks": len(loaded.tasks), "wordings": wordings})
    else:
        typer.echo(f"{recipe} is in order: tasks {len(loaded.tasks)}, wordings {wordings}")
