"""``python -m website references|build``: the pages that are kept, and the whole site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from website.build import build, write_kept
from website.papers import record_built

app = typer.Typer(
    help="Makes the documentation's site.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command("references")
def references() -> None:
    """Write the generated pages that are kept in docs/, and say which have changed."""
    for path in write_kept():
        typer.echo(path)


@app.command("build")
def build_site(
    runs: Annotated[
        Path | None,
        typer.Option(help="Runs that are there, one folder a task, whose samples are shown."),
    ] = None,
    as_found: Annotated[
        bool,
        typer.Option("--as-found", help="Make no samples: pages of other tasks show none."),
    ] = False,
) -> None:
    """Build the site in build/site, a page for each task included."""
    typer.echo(build(runs, as_found=as_found))


@app.command("built")
def built(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A mixture's folder.")],
) -> None:
    """Record how many samples of each set a mixture's run has made, for the page of the papers."""
    record_built(folder)


if __name__ == "__main__":
    app()
