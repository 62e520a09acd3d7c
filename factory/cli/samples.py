"""``show``: what a run has made, read by a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import JsonOption, print_json


def show(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A run, such as out/task12.")],
    limit: Annotated[int, typer.Option(min=1, help="How many samples.")] = 3,
    split: Annotated[str, typer.Option(help="train, test or rejected.")] = "train",
    skip: Annotated[int, typer.Option(min=0, help="How many samples to pass over first.")] = 0,
    why: Annotated[
        str | None,
        typer.Option("--why", metavar="ID", help="The whole story of one sample, kept or dropped."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show samples as a person would read them."""
    from factory.runs.review import earlier_review, measured_judges
    from factory.runs.story import read_samples_of, tell_story
    from factory.terminal.quality import print_measured, print_reviewed
    from factory.terminal.samples import print_records, print_story

    if why is not None:
        story = tell_story(folder, why)
        if as_json:
            print_json(story)
        else:
            print_story(story)
        return
    records = read_samples_of(folder, split, skip, limit)
    if as_json:
        print_json(records)
        return
    print_records(records)
    print_measured(measured_judges(folder))
    if said := earlier_review(folder):
        print_reviewed(said)
