"""Text for a terminal. Source text is hostile: nothing of it is read as markup or obeyed."""

from __future__ import annotations

import os
import sys
from typing import Final

from rich.console import Console
from rich.text import Text

#: Not printable to Python, and obeyed by no terminal: spaces and joiners of scripts and emoji.
_HARMLESS: Final = "\n\u3000\u00a0\u200c\u200d"


def visible(text: str) -> str:
    """Return ``text`` with control and direction-changing characters written out.

    A terminal obeys them: an escape sequence of a hostile title could rewrite the screen. What
    joins letters and emoji (and parts Persian words) is left: it moves nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _HARMLESS else _written_out(character)
        for character in text
    )


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def as_text(text: str, style: str = "") -> Text:
    """Return text for the terminal in which nothing is obeyed: see :func:`visible`."""
    return Text(visible(text), style=style)


def open_console(width_elsewhere: int = 120) -> Console:
    """Return a console that reads no markup, of the terminal's width.

    Elsewhere it has ``width_elsewhere`` columns, or as many as ``COLUMNS`` says.
    """
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    width = None if known else width_elsewhere
    return Console(width=width, highlight=False, markup=False, emoji=False)
