"""The reference of the command line, from the verbs themselves.

What is read is what the verbs declare (names, help, defaults), which ``--help`` prints; its layout
differs from one release of typer to the next, and would make the page stale for no reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from factory.cli import app
from website.markdown import code, fence, page, prose, slug, table

_PROGRAM: Final = "python -m factory"
_VALUES: Final = {int: "NUMBER", float: "NUMBER", Path: "PATH", str: "TEXT"}
_EXIT_CODES: Final = (
    ("0", "done"),
    ("1", "the run failed: one line on stderr says why, and what to do next"),
    ("2", "wrong usage, or a recipe that cannot be used as it is written"),
    ("3", "stopped by a budget or a limit; the same command goes on from there"),
    ("130", "interrupted; the same command goes on from there"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One argument or option of a verb: how it is written, what it means, what it is otherwise."""

    written: str
    meaning: str
    default: str
    positional: bool


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its name behind the program's, its group, its whole help, and what it takes."""

    name: str
    group: str
    help: str
    takes: tuple[Taken, ...]


def command_line_page() -> str:
    """Return ``docs/reference/command-line.md``: each verb with what it takes, and its defaults."""
    known = tuple(verbs())
    return page(
        "# Command line",
        f"What `{_PROGRAM} VERB --help` says, for every verb. This page is made from the verbs by "
        "`python -m website references`, and a test fails where it is not what they say.",
        table(
            ["verb", "what it does", "what it is for"],
            (
                [f"[`{each.name}`](#{slug(each.name)})", prose(_first(each.help)), each.group]
                for each in known
            ),
        ),
        *_everywhere(),
        *map(_section, known),
        "## Exit codes",
        table(["code", "meaning"], _EXIT_CODES),
    )


def verbs(of: typer.Typer = app, before: str = "") -> Iterator[Verb]:
    """Yield every verb of the command line in its own order, those below another after it."""
    for command in of.registered_commands:
        if command.hidden or command.callback is None:
            continue
        name = command.name or command.callback.__name__.replace("_", "-")
        help_text = command.help or inspect.getdoc(command.callback) or ""
        panel = command.rich_help_panel
        purpose = panel.rstrip(":").lower() if isinstance(panel, str) else ""
        yield Verb(f"{before}{name}", purpose, help_text, tuple(_taken(command.callback)))
    for group in of.registered_groups:
        if group.typer_instance is not None and not group.hidden:
            yield from verbs(group.typer_instance, f"{before}{group.name} ")


def _taken(callback: Any) -> Iterator[Taken]:
    hints = get_type_hints(callback, include_extras=True)
    for name, parameter in inspect.signature(callback).parameters.items():
        annotation = hints[name]
        info = next(
            each for each in annotation.__metadata__ if isinstance(each, ArgumentInfo | OptionInfo)
        )
        if info.hidden:
            continue
        default = parameter.default
        kind = annotation.__origin__
        if isinstance(info, ArgumentInfo):
            shown = info.metavar or name.upper()
            shown = shown if default is inspect.Parameter.empty else f"[{shown}]"
            yield Taken(shown, info.help or "", _default(default), positional=True)
        else:
            shown = ", ".join(_names(name, info, kind))
            value = info.metavar or _value(kind)
            yield Taken(
                f"{shown} {value}".rstrip(), info.help or "", _default(default), positional=False
            )


def _names(name: str, info: OptionInfo, kind: Any) -> list[str]:
    """Return an option's names as typer gives them, the short one first."""
    # Within Annotated the first name stands where a default would.
    first = [info.default] if isinstance(info.default, str) else []
    given = sorted([*first, *(info.param_decls or ())], key=len)
    if any(each.startswith("--") for each in given):
        return [*given]
    plain = f"--{name.replace('_', '-')}"
    return [*given, f"{plain}, --no-{plain[2:]}" if kind is bool else plain]


def _value(kind: Any) -> str:
    """Return what stands behind an option's name; nothing behind a switch."""
    kinds = [each for each in get_args(kind) if each is not NoneType] or [kind]
    kind = kinds[0]
    if get_origin(kind) is list:
        kind = get_args(kind)[0]
    if kind is bool:
        return ""
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if isinstance(kind, str):  # an argument of Literal, whose alternatives were taken apart above
        return "|".join(map(str, kinds))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(each.value) for each in kind)
    return _VALUES.get(kind, "TEXT")


def _default(default: Any) -> str:
    if default is inspect.Parameter.empty or default is None or isinstance(default, bool):
        return ""
    return str(default.value if isinstance(default, Enum) else default)


def _section(verb: Verb) -> str:
    places = [each.written for each in verb.takes if each.positional]
    options = [] if all(each.positional for each in verb.takes) else ["[OPTIONS]"]
    return page(
        f"## {verb.name}",
        fence(" ".join([_PROGRAM, verb.name, *places, *options]), "console"),
        *map(_paragraph, verb.help.split("\n\n")),
        _table(verb.takes),
    )


def _everywhere() -> Iterator[str]:
    """Say what stands before or behind any verb."""
    callback = app.registered_callback
    if callback is not None and callback.callback is not None:
        yield "With every verb:"
        yield _table(tuple(_taken(callback.callback)))


def _table(takes: tuple[Taken, ...]) -> str:
    return table(
        ["", "meaning", "default"],
        ([code(each.written), prose(each.meaning), code(each.default)] for each in takes),
    )


def _paragraph(said: str) -> str:
    """Return a paragraph of a verb's help; its examples stand as commands."""
    head, *lines = said.splitlines()
    if lines and all(line.startswith("  ") for line in lines):
        return page(prose(head), fence(inspect.cleandoc("\n".join(["", *lines])), "console"))
    return prose(said)


def _first(help_text: str) -> str:
    return " ".join(help_text.split("\n\n")[0].split())
