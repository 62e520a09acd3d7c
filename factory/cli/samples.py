"""``show``: what a run has made, read by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from factory.cli import completion
from factory.cli.options import JsonOption, PagerOption, RunArgument, print_json
from factory.errors import UsageError

if TYPE_CHECKING:
    from factory.runs.selection import Selected, Selection

_WHICH: Final = "Which samples"
_FIT: Final = "Only samples that fit"


def show(
    folder: RunArgument,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", "-n", min=1, metavar="N", help="How many samples.", rich_help_panel=_WHICH
        ),
    ] = 3,
    skip: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="How many samples to pass over first.", rich_help_panel=_WHICH
        ),
    ] = 0,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPLIT",
            help="train (the default), test or rejected.",
            autocompletion=completion.splits,
            rich_help_panel=_WHICH,
        ),
    ] = None,
    random: Annotated[
        bool,
        typer.Option(
            "--random", help="Drawn from the whole file, not its first.", rich_help_panel=_WHICH
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", help="Of the draw: another seed, other samples.", rich_help_panel=_WHICH
        ),
    ] = 0,
    sample_id: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="The sample of this id; repeat for several.",
            rich_help_panel=_WHICH,
        ),
    ] = None,
    why: Annotated[
        str | None,
        typer.Option(
            "--why",
            metavar="ID",
            help="The whole story of one sample, kept or dropped.",
            rich_help_panel=_WHICH,
        ),
    ] = None,
    contains: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help="With this in prompt, reasoning or answer.", rich_help_panel=_FIT
        ),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Whose whole answer is this, or a right option, entity, class or line of it.",
            rich_help_panel=_FIT,
        ),
    ] = None,
    lang: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="In this language, such as en.", rich_help_panel=_FIT),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            "-t",
            metavar="NAME",
            help="Of this task of a mixture.",
            autocompletion=completion.lent,
            rich_help_panel=_FIT,
        ),
    ] = None,
    wording: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Asked in this wording.", rich_help_panel=_FIT),
    ] = None,
    min_score: Annotated[
        list[str] | None,
        typer.Option(
            "--min-score",
            metavar="NAME=VALUE",
            help="Scored so much, or more.",
            rich_help_panel=_FIT,
        ),
    ] = None,
    filter_name: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", metavar="NAME", help="Dropped by this filter.", rich_help_panel=_FIT
        ),
    ] = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Dropped for this reason.", rich_help_panel=_FIT),
    ] = None,
    pager: PagerOption = True,
    as_json: JsonOption = False,
) -> None:
    """Show samples as a person would read them.

    Options that choose can be given together, and most of them several times: --lang de --lang fr
    shows either, --contains red --contains shoe what has both.

    Examples:
        python -m factory show out/task12
        python -m factory show out/task12 --random --limit 10 --lang ja
        python -m factory show out/v9b --task rank_query_product_pairs --contains shoes
        python -m factory show out/task12 --split rejected --reason output-short
        python -m factory show out/task12 --why 986205798de9babb
    """
    from factory.runs.selection import Selection, least_score, select
    from factory.runs.story import tell_story
    from factory.terminal.samples import print_records, print_story

    if why is not None:
        story = tell_story(folder, why)
        if as_json:
            print_json(story)
        else:
            print_story(story, paged=pager)
        return
    asked = {
        "id": sample_id,
        "task": task,
        "lang": lang,
        "wording": wording,
        "filter": filter_name,
        "reason": reason,
    }
    selection = Selection(
        facets={name: tuple(values) for name, values in asked.items() if values},
        contains=tuple(contains or ()),
        answer=answer,
        scores=dict(least_score(each) for each in min_score or ()),
    )
    split = split or ("rejected" if filter_name or reason else "train")
    if split != "rejected" and (filter_name or reason):
        raise UsageError(f"--filter and --reason choose what was dropped: no --split {split}")
    selected = select(
        *(folder, split, selection),
        skip=skip,
        limit=limit,
        random_seed=seed if random else None,
    )
    if as_json:
        print_json(selected.records)
    else:
        print_records(selected.records, paged=pager)
        _print_what_else(*(folder, split, selection, selected, skip), seed if random else None)


def _print_what_else(
    folder: Path, split: str, selection: Selection, selected: Selected, skip: int, seed: int | None
) -> None:
    """Print what follows, or why nothing came, and what judges and people said of the run."""
    from factory.outputs.measurements import judges_of, review_of
    from factory.runs.folder import count_records, read_manifest
    from factory.terminal.quality import print_measured, print_reviewed
    from factory.terminal.samples import print_place

    shown = len(selected.records)
    if not shown:
        few = f"{selected.fitting:,} fit, and --skip {skip} passes over them all"
        told = few if skip and selected.fitting else selected.nothing(selection)
        print_place(f"{folder}, {split}: {told}", absent=True)
        return
    if seed is not None:
        told = f"{shown} drawn of {selected.fitting:,}; --seed {seed + 1} draws others"
    elif selection.asks_nothing:
        rows = count_records(folder, split)
        first = f"{skip + 1:,} to " if shown > 1 else ""
        told = f"{first}{skip + shown:,} of {max(rows, skip + shown):,}"
        told += f"; --skip {skip + shown} goes on" if rows > skip + shown else ""
    else:
        told = f"{shown} that fit, of {selected.passed:,} looked at"
        told += f"; --skip {skip + shown} looks on" if not selected.whole else ": all of them"
    print_place(told)
    print_measured(judges_of(folder))
    if said := review_of(folder, read_manifest(folder)):
        print_reviewed(said)
