"""The command line: verbs that parse, call one function and print; no logic of their own.

Everything heavy is imported inside the verb that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn

import typer

from factory.cli.begin import fetch, init
from factory.cli.models import cache, plan
from factory.cli.quality import judge, review
from factory.cli.recipes import list_tasks, validate
from factory.cli.run import run
from factory.cli.samples import show
from factory.errors import FactoryError, UsageError

app = typer.Typer(
    name="factory",
    help="Instruction data for shopping assistants, from e-commerce data, every answer checked.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(run)
app.command("list")(list_tasks)
for verb in (validate, plan, cache, judge, review, show, fetch, init):
    app.command()(verb)

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code; an expected error is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        # Samples are in every script; an output that knows fewer letters gets them written out.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        # Ctrl-C comes back as a code, since the library below turns it into one.
        code = app(standalone_mode=False)
    except FactoryError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone: there is nobody to tell, and no reason to fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
            sys.exit(UsageError.exit_code)
        _fail(f"{error.format_message()} (see python -m factory --help)", UsageError.exit_code)
    if code == INTERRUPTED:
        typer.echo(
            "interrupted; nothing half-written. The same command goes on from here.", err=True
        )
    sys.exit(code or 0)


def _fail(message: str, code: int) -> NoReturn:
    from factory.terminal.text import visible

    for line in message.splitlines():
        typer.echo(f"error: {visible(line)}", err=True)
    sys.exit(code)
