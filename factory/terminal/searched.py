"""What people see of a search for weights: each trial, and how far it is behind the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table

from factory.terminal.intervals import fits, whole, with_interval
from factory.terminal.text import as_text, open_console

#: How wide each column is where room is scarce: ``(+0.296 to +0.457)`` is whole.
_COLUMNS: Final = {"taken": None, "score (95 %)": 18, "the best is better by (95 %)": 18, "p": 5}


def print_searched(record: Mapping[str, Any], names: list[str]) -> None:
    """Print a line a trial, ``names`` their names, the best in bold."""
    console = open_console()
    table = _table(record, names, stacked=False)
    console.print(table if fits(table, console) else _table(record, names, stacked=True))


def _table(record: Mapping[str, Any], names: list[str], *, stacked: bool) -> Table:
    """Return the table; ``stacked`` has the bounds below their value."""
    title = as_text(f"{record['summary']}, {len(record['questions']):,} questions")
    form: dict[str, Any] = {"box": None, "pad_edge": False} if stacked else {}
    table = Table(title=title, **form)
    for column, width in _COLUMNS.items():
        table.add_column(as_text(column), overflow="fold", width=width if stacked else None)
    for trial, name in zip(record["trials"], names, strict=True):
        best = trial["behind"] is None
        behind = trial["behind"] or {}
        table.add_row(
            as_text(name),
            whole(with_interval(trial["score"], stacked=stacked)),
            whole(with_interval(behind, signed=True, stacked=stacked) if behind else "the best"),
            as_text(f"{behind['p']:.3f}" if behind else ""),
            style="bold" if best else "",
        )
    return table
