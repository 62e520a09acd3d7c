"""What people see of a model that was quantised: the file, and what that lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.terminal.evaluations import SUMMARY_NAMES
from factory.terminal.text import as_text, open_console


def print_quantised(record: Mapping[str, Any]) -> None:
    """Print what was written, and what the comparison found where there was one."""
    console = open_console()
    kinds = ", ".join(f"{count:,} in {kind}" for kind, count in record["tensors"].items())
    console.print(
        as_text(
            f"{record['file']}: {record['bytes'] / 1e6:,.1f} MB; tensors: {kinds}", style="bold"
        )
    )
    if whole := record["not_divisible"]:
        console.print(
            as_text(f"rows of {len(whole):,} do not divide into blocks of 32: kept in 16 bits")
        )
    if not record["chat_template"]:
        console.print(as_text("it has no chat template: llama.cpp takes one of its own"))
    if (found := record.get("comparison")) is None:
        console.print(as_text("what that lost was not measured: --compare RUN asks both"))
        return
    asked = found["questions"]
    console.print(
        as_text(
            f"{found['same']:,} of {asked:,} held-out answers are the same, letter by letter "
            f"({found['same'] / asked:.0%})"
        )
    )
    for summary in SUMMARY_NAMES:
        scores = "; ".join(
            f"{name} {each[summary]['value']:.3f}" for name, each in found["scores"].items()
        )
        lost = found["difference"][summary]
        console.print(
            as_text(
                f"{summary}: {scores}; difference {lost['value']:+.3f} "
                f"({lost['low']:+.3f} to {lost['high']:+.3f})"
            )
        )
    console.print(as_text(f"kept in {found['evaluation']}"))
