"""What the verbs of the command line have in common: options, and how an answer is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from factory.cli import completion
from factory.errors import UsageError
from factory.text import visible

#: The groups of options in a verb's help.
WHAT: Final = "What is made"
WHERE: Final = "From where, to where"
MODELS: Final = "Language models"

RecipeArgument = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="The recipe file, such as recipes.yaml.")
]
RunArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="A run or a mixture, such as out/task12.",
        autocompletion=completion.runs,
    ),
]
TasksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        "-t",
        metavar="NAME",
        help="A task; repeat for several.",
        rich_help_panel=WHAT,
        autocompletion=completion.tasks,
    ),
]
MixtureOption = Annotated[
    str | None,
    typer.Option(
        "--mixture",
        "-m",
        metavar="NAME",
        help="A mixture of tasks.",
        rich_help_panel=WHAT,
        autocompletion=completion.mixtures,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="At most so many samples of each task.", rich_help_panel=WHAT
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(metavar="N", help="In place of the recipe's seed.", rich_help_panel=WHAT),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="NAME=PATH",
        help="Where a source's files are: a folder, a file, a glob, hf://..., https://... or "
        "bundled; repeat for several.",
        autocompletion=completion.source_paths,
        rich_help_panel=WHERE,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Ask this model of the recipe (or scripted, smollm2) in place of the default.",
        autocompletion=completion.models,
        rich_help_panel=MODELS,
    ),
]
BudgetOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="USD",
        help="Stop before the models cost more dollars than this.",
        rich_help_panel=MODELS,
    ),
]
ClassifierOption = Annotated[
    list[str] | None,
    typer.Option(
        "--classifier",
        metavar="NAME=MODULE:FUNCTION",
        help="The code of a classifier that the recipe's filters name; repeat for several.",
        rich_help_panel=MODELS,
    ),
]
PagerOption = Annotated[
    bool, typer.Option("--pager/--no-pager", help="Page what is longer than the screen ($PAGER).")
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help="Write the run in this format too (docs/formats.md); repeat for several.",
        rich_help_panel=WHERE,
        autocompletion=completion.formats,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON for programs, an error too (on stderr).")
]


def one_of_two(recipe: Path, task: list[str] | None, mixture: str | None) -> None:
    """Raise :class:`UsageError` unless tasks or a mixture are named."""
    if bool(task) == (mixture is not None):
        raise UsageError(
            "name a task with --task, or a mixture with --mixture (not both): "
            f"python -m factory list {recipe} shows them"
        )


def source_paths(given: list[str] | None) -> dict[str, str]:
    """Return where sources are by their names; raises :class:`UsageError`."""
    return dict(
        two_sides("--source", each, "NAME=PATH, such as esci=/data/esci") for each in given or ()
    )


def two_sides(option: str, text: str, form: str) -> tuple[str, str]:
    """Return both sides of ``NAME=VALUE``; raises :class:`UsageError` where one is missing."""
    name, _, value = text.partition("=")
    if not name or not value:
        raise UsageError(f"{option} {text}: write {form}")
    return name, value


def classifiers(given: list[str] | None) -> dict[str, str]:
    """Return what the names of classifiers are bound to; raises :class:`UsageError`."""
    bound = {}
    for text in given or ():
        name, _, where = text.partition("=")
        if not name or ":" not in where:
            raise UsageError(
                f"--classifier {text}: write NAME=module:function, such as garbage=mine:classify"
            )
        bound[name] = where
    return bound


def print_json(data: Any) -> None:
    """Print an answer for machines: what a terminal would obey in it is escaped, as JSON has it."""
    text = json.dumps(data, ensure_ascii=False, indent=2, default=str)
    typer.echo("".join(map(_escaped, text)) if not text.isprintable() else text)


def _escaped(character: str) -> str:
    if character == "\n" or visible(character) == character:
        return character
    return json.dumps(character)[1:-1]
