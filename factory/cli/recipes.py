"""``list`` and ``validate``: what a recipe holds, and whether it is in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from factory.cli import completion
from factory.cli.options import JsonOption, PagerOption, RecipeArgument, print_json
from factory.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from factory.line.task import Task
    from factory.recipe import Mixture, Recipe


_FIT: Final = "Only tasks that fit"
_PAPERS: Final = ("nvidia", "eshop", "dev", "ecom")


def list_tasks(
    recipe: RecipeArgument,
    contains: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="With this in the name or title.", rich_help_panel=_FIT),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Made from this source.",
            autocompletion=completion.sources,
            rich_help_panel=_FIT,
        ),
    ] = None,
    task_type: Annotated[
        list[str] | None,
        typer.Option(
            "--type", metavar="TYPE", help="Of this type, such as ranking.", rich_help_panel=_FIT
        ),
    ] = None,
    paper: Annotated[
        str | None,
        typer.Option(
            metavar="PAPER",
            help="For a set of nvidia, eshop, dev (ShopBench) or ecom.",
            autocompletion=completion.papers,
            rich_help_panel=_FIT,
        ),
    ] = None,
    mixture: Annotated[
        str | None,
        typer.Option(
            "--mixture",
            "-m",
            metavar="NAME",
            help="In this mixture.",
            autocompletion=completion.mixtures,
            rich_help_panel=_FIT,
        ),
    ] = None,
    needs_llm: Annotated[
        bool | None,
        typer.Option(
            "--needs-llm/--no-llm",
            help="That ask a language model, or none.",
            rich_help_panel=_FIT,
        ),
    ] = None,
    pager: PagerOption = True,
    as_json: JsonOption = False,
) -> None:
    """List the tasks and mixtures of a recipe: what each is, from where, for which paper's row.

    Options that choose can be given together: what fits all of them is listed.

    Examples:
        python -m factory list recipes.yaml
        python -m factory list recipes.yaml --paper nvidia --no-llm
        python -m factory list recipes.yaml --source esci --type ranking
        python -m factory list recipes.yaml --contains title --json
    """
    from factory.recipe import load_recipe
    from factory.terminal.tasks import print_no_task, print_tasks

    loaded = load_recipe(recipe)
    mixtures = dict(_possible_mixtures(loaded))
    every = [_row(loaded, name, mixtures) for name in loaded.tasks]
    _check("type", task_type, {row["type"] for row in every})
    _check("source", source, loaded.sources)
    _check("mixture", [mixture] if mixture else None, mixtures)
    _check("paper", [paper] if paper else None, _PAPERS)
    rows = [
        row
        for row in every
        if (not source or row["source"] in source)
        and (not task_type or row["type"] in task_type)
        and (paper is None or row[paper] is not None)
        and (mixture is None or mixture in row["mixtures"])
        and needs_llm in (None, row["needs_llm"])
        and all(
            each.casefold() in f"{row['name']} {row['title']}".casefold() for each in contains or ()
        )
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_no_task(f"no task of {recipe} fits; without the options all {len(every)} are listed")
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
            if len(rows) == len(every) or name == mixture
        ],
        of=len(every),
        paged=pager,
    )


def _row(recipe: Recipe, name: str, mixtures: Mapping[str, Mixture]) -> dict[str, Any]:
    """Return what is listed of one task."""
    from factory.line import missing_columns, prompt_languages

    spec = recipe.tasks[name]
    return {
        "name": name,
        "title": spec.title,
        "type": spec.task_type.name,
        "track": spec.track,
        "metric": spec.metric or spec.task_type.metrics[0],
        "source": spec.source,
        "size": spec.size,
        "needs_llm": recipe.asks(name),
        "nvidia": spec.nvidia,
        "eshop": spec.eshop,
        "dev": spec.dev,
        "ecom": spec.ecom,
        "parent": spec.derive and spec.derive.from_,
        "operator": spec.derive and spec.derive.operator,
        "map": spec.derive and spec.derive.map,
        "missing": missing_columns(recipe, name),
        "prompt_languages": prompt_languages(recipe, name),
        "mixtures": [
            mixture
            for mixture, each in mixtures.items()
            if any(share.task == name for share in each.shares)
        ],
    }


def _check(what: str, given: Sequence[str] | None, known: Collection[str]) -> None:
    """Raise :class:`UsageError` for a value of an option that nothing in the recipe has."""
    for each in given or ():
        if each not in known:
            raise UsageError(
                f"--{what} {each}: {did_you_mean(each, known)}There are {', '.join(sorted(known))}"
            )


def _possible_mixtures(recipe: Recipe) -> Iterator[tuple[str, Mixture]]:
    """Yield the mixtures of which the recipe has a task: another shop has none of the papers'."""
    from factory.recipe import resolve_mixture

    for name in recipe.mixtures:
        with suppress(UsageError):
            yield name, resolve_mixture(recipe, name)


def validate(recipe: RecipeArgument, as_json: JsonOption = False) -> None:
    """Check a recipe with its views and templates, without reading a source's files.

    Every mistake is a line with its file, its line, and what is right there.

    Examples:
        python -m factory validate recipes.yaml
    """
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
        from factory.terminal.results import some_tasks

        typer.echo(f"{recipe} is in order: tasks {len(loaded.tasks)}, wordings {wordings}")
        for language, tasks in sorted(_without_prompts(loaded).items()):
            typer.echo(f"asked in English, without prompts in {language}: {some_tasks(tasks)}")


def _without_prompts(recipe: Recipe) -> dict[str, list[str]]:
    """Return, by language, the tasks that the recipe has asked in it and that have no such prompts.

    Of what is asked in the language of each sample's text, nothing is known before a run.
    """
    from factory.line import prompt_languages

    wanted = {(spec.prompt.language, name) for name, spec in recipe.tasks.items()}
    for _, mixture in _possible_mixtures(recipe):
        if said := mixture.spec.prompt:
            wanted.update(
                (said.over(recipe.tasks[share.task].prompt).language, share.task)
                for share in mixture.shares
            )
    found: dict[str, list[str]] = {}
    for language, name in sorted(wanted):
        if language != "input" and language not in prompt_languages(recipe, name):
            found.setdefault(language, []).append(name)
    return found
