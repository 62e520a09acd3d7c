"""``push``: a finished run to the Hugging Face Hub."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

from factory.cli import completion
from factory.cli.options import WHERE, JsonOption, RunArgument, print_json

GOES: Final = "What goes"
SEEN: Final = "Who may see it"


def push(
    folder: RunArgument,
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="The dataset repository that gets it.")
    ],
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="Make a new repository public, or push to one that is; without it, private.",
            rich_help_panel=SEEN,
        ),
    ] = False,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch",
            metavar="NAME",
            help="A branch, made from main if need be.",
            rich_help_panel=WHERE,
        ),
    ] = None,
    pull_request: Annotated[
        bool,
        typer.Option(
            "--pull-request",
            help="Open a pull request in place of a commit.",
            rich_help_panel=WHERE,
        ),
    ] = False,
    message: Annotated[
        str | None,
        typer.Option(
            "--message",
            metavar="TEXT",
            help="The commit's title (default: the task, its samples).",
            rich_help_panel=WHERE,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would go and what is there; send nothing.")
    ] = False,
    with_rejected: Annotated[
        bool,
        typer.Option(
            "--with-rejected",
            help="Push rejected.jsonl too; no config loads it.",
            rich_help_panel=GOES,
        ),
    ] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Push this exported format too, as a config of that name; repeat for several.",
            autocompletion=completion.formats,
            rich_help_panel=GOES,
        ),
    ] = None,
    publish_anyway: Annotated[
        list[str] | None,
        typer.Option(
            "--publish-anyway",
            metavar="SOURCE",
            help="Publish samples of this source although its licence does not say that one may; "
            "repeat for several.",
            rich_help_panel=SEEN,
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Write over files that no push from here put there.",
            rich_help_panel=WHERE,
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Push a run to the Hugging Face Hub: private unless told otherwise, nothing sent twice.

    What the repository has already is not sent again, and where nothing changed no commit is made.
    The token is HF_TOKEN's, or that of `hf auth login`; HF_ENDPOINT names another Hub.

    Examples:
        python -m factory push out/task12 user/name --dry-run
        python -m factory push out/task12 user/name
        python -m factory push out/v9b user/name --pull-request --message "More queries"
        python -m factory push out/task12 user/name --public --publish-anyway amazon_reviews
    """
    from factory.hub.push import PushOptions
    from factory.hub.push import push as push_to_hub
    from factory.terminal.pushed import print_pushed, pushed_record

    options = PushOptions(
        public=public,
        branch=branch,
        pull_request=pull_request,
        message=message,
        dry_run=dry_run,
        with_rejected=with_rejected,
        formats=tuple(formats or ()),
        publish_anyway=tuple(publish_anyway or ()),
        replace=replace,
    )
    watched = sys.stderr.isatty() and not as_json
    try:
        pushed = push_to_hub(
            folder,
            repository,
            options,
            watcher=(lambda line: typer.echo(line, err=True)) if watched else None,
            bars=watched,
        )
    except KeyboardInterrupt:
        typer.echo(
            "interrupted; no commit is half there. The same command sends what is lacking.",
            err=True,
        )
        # The interpreter would wait for every file that is on its way.
        sys.stderr.flush()
        os._exit(130)
    if as_json:
        print_json(pushed_record(pushed))
    else:
        print_pushed(pushed)
