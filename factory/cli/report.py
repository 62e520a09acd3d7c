"""``report``: a page that shows a run to people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import JsonOption, RunArgument, print_json


def report(
    folder: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page to write; report.html in the folder."),
    ] = None,
    samples: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="How many samples the page can be browsed for at the most."
        ),
    ] = 20_000,
    opened: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser of this machine.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the page of a run: figures, and every sample with its story, in one file.

    Examples:
    python -m factory report out/task12
    python -m factory report out/v9b --out v9b.html --open
    """
    from factory.report.overview import size
    from factory.report.page import write_report

    written = write_report(folder, out, samples=samples)
    if as_json:
        print_json(
            {
                "file": str(written.path),
                "bytes": written.bytes,
                "samples": written.samples,
                "of": written.of,
            }
        )
    else:
        of = f" of {written.of:,}" if written.samples < written.of else ""
        typer.echo(f"{written.path}: {written.samples:,}{of} samples, {size(written.bytes)}")
    if opened:
        import webbrowser

        webbrowser.open(written.path.resolve().as_uri())
