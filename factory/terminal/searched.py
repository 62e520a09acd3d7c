"""What people see of a search for weights: each trial, and how far it is behind the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from factory.terminal.intervals import with_interval
from factory.terminal.text import as_text, open_console


def print_searched(record: Mapping[str, Any], names: list[str]) -> None:
    """Print a line a trial, ``names`` their names, the best in bold."""
    console = open_console()
    table = Table(title=as_text(f"{record['summary']}, {len(record['questions']):,} questions"))
    for column in ("taken", "score (95 %)", "the best is better by (95 %)", "p"):
        table.add_column(as_text(column))
    for trial, name in zip(record["trials"], names, strict=True):
        best = trial["behind"] is None
        behind = trial["behind"] or {}
        table.add_row(
            as_text(name),
            as_text(with_interval(trial["score"])),
            as_text(with_interval(behind, signed=True) if behind else "the best"),
            as_text(f"{behind['p']:.3f}" if behind else ""),
            style="bold" if best else "",
        )
    console.print(table)
