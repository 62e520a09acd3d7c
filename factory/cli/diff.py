"""``diff``: two runs compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli import completion
from factory.cli.options import JsonOption, print_json


def diff(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="A", help="A run, such as out/task12.", autocompletion=completion.runs
        ),
    ],
    after: Annotated[
        Path,
        typer.Argument(
            metavar="B",
            help="Another run of that task; or both are mixtures.",
            autocompletion=completion.runs,
        ),
    ],
    limit: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="How many samples of each kind of difference."),
    ] = 2,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs: what was added, lost or changed, and by which change of recipe.

    Examples:
    python -m factory diff out/task12 elsewhere/task12
    python -m factory diff out/v9b elsewhere/v9b --limit 1
    """
    from factory.runs.compare import diff as compared
    from factory.terminal.differences import print_difference

    difference = compared(before, after, examples=limit)
    if as_json:
        print_json(difference.describe())
    else:
        print_difference(difference)
