"""The command line: verbs that parse, call one function and print; no logic of their own.

Everything heavy is imported inside the verb that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from factory.cli.begin import fetch, init
from factory.cli.complaints import defect, failed_output, usage
from factory.cli.diff import diff
from factory.cli.evaluate import evaluate
from factory.cli.export import export
from factory.cli.help import BEGIN, HAND_ON, MAKE, MEASURE, READ, Verb, Verbs
from factory.cli.merge import merge
from factory.cli.models import cache, plan
from factory.cli.push import push
from factory.cli.quality import judge, review
from factory.cli.quantize import quantize
from factory.cli.recipes import list_tasks, validate
from factory.cli.report import report
from factory.cli.run import run
from factory.cli.samples import show
from factory.cli.serve import serve
from factory.cli.train import train
from factory.errors import FactoryError, UsageError, is_interrupt

INTERRUPTED = 130
#: The installed program: shells complete what stands under one name.
PROGRAM = "eshop-factory"

app = typer.Typer(
    name="factory",
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _every_verb(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error came from; stands anywhere.")
    ] = False,
) -> None:
    """Instruction data for shopping assistants, from e-commerce data, every answer checked."""


def _register(verb: Callable[..., Any], group: str, name: str | None = None) -> None:
    app.command(name, cls=Verb, rich_help_panel=group)(verb)


_register(list_tasks, MAKE, "list")
_register(validate, MAKE)
_register(plan, MAKE)
_register(run, MAKE)
_register(show, READ)
_register(report, READ)
_register(diff, READ)
_register(judge, MEASURE)
_register(review, MEASURE)
_register(evaluate, MEASURE)
_register(export, HAND_ON)
_register(push, HAND_ON)
_register(train, HAND_ON)
_register(merge, HAND_ON)
_register(quantize, HAND_ON)
_register(serve, HAND_ON)
_register(init, BEGIN)
_register(fetch, BEGIN)
_register(cache, BEGIN)


def main() -> None:
    """Run the command line and exit with its code; an error is one line on stderr.

    Under ``--json`` that line is a JSON object. ``--debug``, anywhere, and ``FACTORY_DEBUG=1`` put
    the traceback before it.
    """
    arguments = sys.argv[1:]
    debug = "--debug" in arguments or os.environ.get("FACTORY_DEBUG", "0") not in ("", "0")
    arguments = [each for each in arguments if each != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        # Samples are in every script; an output that knows fewer letters gets them written out.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # The Hub's client would tell its makers how it is used; this package tells nobody anything.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    _take_sigterm_for_ctrl_c()
    installing = any(each.endswith("-completion") for each in arguments[:1])
    try:
        # Ctrl-C comes back as a code, since the library below turns it into one.
        code = app(arguments, prog_name=PROGRAM if installing else None, standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        _let_the_reader_go()
        return
    except SystemExit:
        # The library below ends so where the reader has gone, and hides it from the interpreter.
        if isinstance(sys.stdout, io.TextIOBase) or sys.stdout is None:
            raise
        _let_the_reader_go()
        return
    except Exception as error:  # noqa: BLE001 (the last place that can tell of it)
        code = _fail(error, debug=debug, as_json="--json" in arguments)
    if code == INTERRUPTED:
        typer.echo(
            "interrupted; nothing half-written. The same command goes on from here.", err=True
        )
    # CPython remembers an interrupt that crossed an exec of text (dataclasses do it), even a caught
    # one, and would end this process by SIGINT instead of by its code; another exec forgets it.
    exec("")  # noqa: S102
    sys.exit(code or 0)


def _take_sigterm_for_ctrl_c() -> None:
    """Let who ends a run with SIGTERM (a scheduler, a container's end) be told the same.

    One that is ignored, or that somebody else hears, stays so.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _let_the_reader_go() -> None:
    """Write nowhere from here on: the reader (head, less) has all that it wanted."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fail(error: Exception, *, debug: bool, as_json: bool) -> int:
    """Tell of an error, unless it is an interrupt, and return the code to exit with."""
    from factory.terminal.errors import print_error

    if isinstance(error, RuntimeError) and is_interrupt(error):
        return INTERRUPTED
    if f"_{PROGRAM}_COMPLETE".replace("-", "_").upper() in os.environ and not debug:
        return 1  # a shell asks what could be typed next: no line of ours belongs into its own
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)  # type: ignore[attr-defined]
        return UsageError.exit_code
    kind, code = "Defect", 1
    if isinstance(error, FactoryError):
        kind, code, message = type(error).__name__, error.exit_code, str(error)
    elif hasattr(error, "format_message"):
        kind, code, message = UsageError.__name__, UsageError.exit_code, usage(error)
    elif isinstance(error, OSError):
        kind, message = "OutputError", failed_output(error)
    else:
        message = defect(error)
    print_error(message, kind, code, as_json=as_json, traceback_of=error if debug else None)
    return code
