"""Text for a terminal. Source text is hostile: nothing of it is read as markup or obeyed."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text


def visible(text: str) -> str:
    """Return ``text`` with control and direction-changing characters written out.

    A terminal obeys them: an escape sequence of a hostile title could rewrite the screen.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in "\n\u3000"
        else f"\\x{ord(character):02x}"
        for character in text
    )


def as_text(text: str, style: str = "") -> Text:
    """Return text for the terminal in which nothing is obeyed: see :func:`visible`."""
    return Text(visible(text), style=style)


def open_console() -> Console:
    """Return a console of the terminal's width, or of 120 columns, that reads no markup."""
    width = None if sys.stdout.isatty() else 120
    return Console(width=width, highlight=False, markup=False, emoji=False)
