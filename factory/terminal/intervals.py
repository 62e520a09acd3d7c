"""A measured value with its interval, as everything that is printed says it: on one line."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.terminal.text import as_text


def with_interval(
    found: Mapping[str, float], *, signed: bool = False, stacked: bool = False
) -> str:
    """Return a value between its bounds, ``0.312 (0.125 to 0.562)``; ``signed`` of a difference.

    A bound may be negative, so that no dash can part them; zero has no sign that says so. With
    ``stacked`` the bounds stand on a line of their own.
    """
    form = "+z.3f" if signed else "z.3f"
    parting = "\n" if stacked else " "
    return f"{found['value']:{form}}{parting}({found['low']:{form}} to {found['high']:{form}})"


def whole(text: str) -> Text:
    """Return a text for a cell whose column has no room to break it: no line of it is broken."""
    shown = Text("\n").join(map(as_text, text.split("\n")))
    shown.no_wrap = True
    return shown


def fits(table: Table, console: Console) -> bool:
    """Return whether a terminal is wide enough for a table without breaking a line of it."""
    endless = console.options.update_width(1 << 16)
    return console.measure(table, options=endless).maximum <= console.width


def print_measured(console: Console, said: str, measured: str) -> None:
    """Print ``said`` and ``measured`` as one line, or as two where there is no room for one."""
    line = f"{said} {measured}"
    if cell_len(line) <= console.width:
        console.print(as_text(line))
    else:
        console.print(as_text(said))
        console.print(as_text(f"  {measured}"))
