"""What people see of measurements in a terminal: how good a judge is, what reviewers found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from factory.terminal import as_text, open_console

if TYPE_CHECKING:
    from pathlib import Path


def print_judge(measured: Mapping[str, Any], path: Path) -> None:
    """Print the precision and recall of each judge, at other thresholds and by fault."""
    console = open_console()
    planted = sum(measured["planted"].values())
    console.print(
        as_text(
            f"{measured['task']} ({measured['task_type']}): {measured['samples']:,} samples, "
            f"{planted:,} of them made wrong; kept at {measured['threshold']:g} and above",
            style="bold",
        )
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("judge", "at", "right of the kept", "kept of the right", "dropped of the wrong"):
        table.add_column(name, overflow="fold")
    for name, figures in measured["judges"].items():
        model = measured["models"].get(name, {}).get("model") or name
        called = name if model == name else f"{name} ({model})"
        table.add_row(as_text(called), f"{measured['threshold']:g}", *_shares(figures))
        for threshold, at in figures["by_threshold"].items():
            if float(threshold) != measured["threshold"]:
                table.add_row("", threshold, *_shares(at))
        for fault, share in figures["caught_by_fault"].items():
            table.add_row("", "", "", as_text(fault), as_share(share))
    console.print(table)
    if measured["no_judgement"]:
        console.print(as_text(f"{measured['no_judgement']:,} samples were not judged: dropped"))
    if (kappa := measured["agreement"].get("kappa")) is not None:
        console.print(as_text(f"the two judges agree with a kappa of {kappa:.2f}"))
    console.print(as_text(f"kept in {path}"))


def _shares(figures: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        as_share(figures["precision"]),
        as_share(figures["recall"]),
        as_share(figures["caught"]),
    )


def as_share(share: Mapping[str, Any]) -> str:
    """Return a share with its interval and what it is of: ``0.93 (0.86 to 0.97) of 102``."""
    if share["share"] is None:
        return "none"
    low, high = share["interval"]
    return f"{share['share']:.2f} ({low:.2f} to {high:.2f}) of {share['of']:,}"
