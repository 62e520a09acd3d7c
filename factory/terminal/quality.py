"""What people see of measurements in a terminal: how good a judge is, what reviewers found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from factory.outputs.run_folder import REVIEW
from factory.terminal.text import as_text, open_console, print_line

if TYPE_CHECKING:
    from pathlib import Path


def print_judge(measured: Mapping[str, Any], path: Path) -> None:
    """Print the precision and recall of each judge, at other thresholds and by fault."""
    console = open_console()
    planted = sum(measured["planted"].values())
    print_line(
        console,
        f"{measured['task']} ({measured['task_type']}): {measured['samples']:,} samples, "
        f"{planted:,} of them made wrong; kept at {measured['threshold']:g} and above",
        style="bold",
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
        print_line(console, f"{measured['no_judgement']:,} samples were not judged: dropped")
    if (kappa := measured["agreement"].get("kappa")) is not None:
        print_line(console, f"the two judges agree with a kappa of {kappa:.2f}")
    print_line(console, f"kept in {path}")


def print_review(review: Mapping[str, Any], folder: Path) -> None:
    """Print what people said of the samples of a run, and how far a judge agrees with them."""
    console = open_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("task", "reviewed", "ok", "wrong", "unclear", "share that is ok"):
        table.add_column(name, justify="left" if name[0] in "ts" else "right", overflow="fold")
    rows = dict(review["tasks"])
    if len(rows) > 1:
        rows["all"] = review
    for task, counts in rows.items():
        table.add_row(
            as_text(task),
            *(f"{counts[name]:,}" for name in ("reviewed", "ok", "wrong", "unclear")),
            as_share(counts["share_ok"]),
        )
    console.print(table)
    if review["blank"]:
        print_line(console, f"{review['blank']:,} rows have no verdict yet")
    if (judge := review["judge"]) is not None:
        print_line(console, f"\nthe judge's worst score of {judge['samples']:,} of them:")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("kept from", "kappa", "ok of the kept", "kept of the ok"):
            table.add_column(name, overflow="fold")
        for threshold, at in judge["by_threshold"].items():
            kappa = "none" if at["kappa"] is None else f"{at['kappa']:.2f}"
            table.add_row(threshold, kappa, as_share(at["precision"]), as_share(at["recall"]))
        console.print(table)
    print_line(console, f"kept in {folder / REVIEW}")


def print_reviewed(review: Mapping[str, Any]) -> None:
    """Print in one line what people said of a run earlier."""
    of = " (of other samples than these: review again)" if review["stale"] else ""
    print_line(open_console(), f"people found ok: {as_share(review['share_ok'])} reviewed{of}")


def print_measured(judges: Mapping[str, Any]) -> None:
    """Print in a line each how good judges were measured to be."""
    console = open_console()
    for panel, measured in judges.items():
        figures = list(measured["judges"].values())[-1]
        print_line(
            console,
            f"the judge {panel}, at {measured['threshold']:g}: right of what it keeps "
            f"{as_share(figures['precision'])}, kept of what is right "
            f"{as_share(figures['recall'])}",
        )


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
