"""``export``: a finished run in the formats that others read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factory.cli import completion
from factory.cli.options import JsonOption, RunArgument, print_json
from factory.errors import UsageError

if TYPE_CHECKING:
    from factory.recipe import Recipe
    from factory.runs.export import Exported

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def export(
    folder: RunArgument,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            *("--format", "-f"),
            metavar="NAME",
            help="A format (docs/formats.md); repeat for several.",
            autocompletion=completion.formats,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="jsonl or parquet, in place of the format's own.",
            autocompletion=completion.kinds,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder that gets one folder a format: FOLDER."),
    ] = None,
    reasoning: Annotated[
        bool,
        typer.Option(
            "--reasoning", help="Put the reasoning, where a sample has some, before its answer."
        ),
    ] = False,
    shard_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Begin another file before one passes this.")
    ] = "500MB",
    as_json: JsonOption = False,
) -> None:
    """Write a finished run in other formats, for trainers and for load_dataset.

    Of a mixture, the samples are those of its mixed file. A folder that holds this very export
    already is left as it is; what somebody else put there is never written over.

    Examples:
        python -m factory export out/task12 --format messages
        python -m factory export out/v9b --format alpaca --format eshop --to parquet
    """
    from factory.outputs.formats import FORMATS
    from factory.runs.export import check_export
    from factory.runs.export import export as export_run

    if not formats:
        listed = ", ".join(FORMATS)
        raise UsageError(f"name a format with --format, such as messages: there are {listed}")
    size = _bytes(shard_size)
    names = tuple(dict.fromkeys(formats))
    for name in names:
        check_export(name, to, reasoning=reasoning)
    made = [
        export_run(folder, name, stored=to, out=out, reasoning=reasoning, shard_bytes=size)
        for name in names
    ]
    if as_json:
        print_json([described(each) for each in made])
    else:
        tell(made)


def described(exported: Exported) -> dict[str, Any]:
    """Return what programs are told of an export."""
    return {
        "format": exported.format,
        "folder": str(exported.folder),
        "rows": dict(exported.rows),
        "fresh": exported.fresh,
    }


def tell(made: Sequence[Exported]) -> None:
    """Print where exports are, a line each."""
    from factory.terminal.text import visible

    for each in made:
        rows = ", ".join(f"{count:,} {split}" for split, count in each.rows.items())
        already = "" if each.fresh else " (there already)"
        typer.echo(visible(f"{each.format}: {rows} in {each.folder}{already}"))


def tell_stale(run: Path) -> None:
    """Print which formats in a run's folder were made of an earlier run's samples."""
    from factory.runs.export import stale_exports
    from factory.terminal.text import visible

    for name in stale_exports(run):
        again = f"python -m factory export {run} --format {name}"
        typer.echo(visible(f"{name} is of an earlier run: {again} makes it anew"))


def with_formats(recipe: Recipe, named: Sequence[str] | None) -> Recipe:
    """Return the recipe with the formats of the command line beside its own.

    Raises :class:`UsageError`, before anything is made, for a format that there is not, or that
    cannot be written as the recipe says.
    """
    from factory.runs.export import check_export

    for name in named or ():
        check_export(name)
    blocks = [recipe.formats, *(task.formats or () for task in recipe.tasks.values())]
    for each in chain.from_iterable(blocks):
        check_export(each.name, each.to, reasoning=each.reasoning)
    return recipe.with_formats(named or ())


def _bytes(size: str) -> int:
    """Return the bytes of ``500MB``; raises :class:`UsageError`."""
    text = size.strip().upper()
    unit = next((each for each in ("KB", "MB", "GB", "B") if text.endswith(each)), "")
    try:
        count = float(text.removesuffix(unit)) * _UNITS.get(unit, 1)
    except ValueError:
        count = 0.0
    if not 1 <= count < float("inf"):
        raise UsageError(f"--shard-size {size}: write a size such as 500MB or 2GB")
    return int(count)
