"""Text for a terminal. Source text is hostile: nothing of it is read as markup or obeyed."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.text import Text

from factory.text import visible

__all__ = ["as_text", "open_console", "visible"]


def as_text(text: str, style: str = "") -> Text:
    """Return text for the terminal in which nothing is obeyed: see :func:`visible`."""
    return Text(visible(text), style=style)


class _Console(Console):
    """A console that leaves it to the command line what becomes of a reader that has gone."""

    def on_broken_pipe(self) -> None:
        """Raise what was caught: the library would end the program with code 1."""
        raise  # noqa: PLE0704 (within the handler that calls this)


def open_console(width_elsewhere: int = 120) -> Console:
    """Return a console that reads no markup, of the terminal's width.

    Elsewhere it has ``width_elsewhere`` columns, or as many as ``COLUMNS`` says.
    """
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    width = None if known else width_elsewhere
    return _Console(width=width, highlight=False, markup=False, emoji=False)


def print_line(console: Console, text: str, style: str = "") -> None:
    """Print a line that the terminal itself wraps: a path in it is copied whole."""
    console.print(as_text(text, style), soft_wrap=True)
