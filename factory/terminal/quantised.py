"""What people see of a model that was quantised: what was written, and what that lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from factory.terminal.evaluations import SUMMARY_NAMES
from factory.terminal.intervals import print_measured, with_interval
from factory.terminal.text import as_text, open_console


def print_quantised(record: Mapping[str, Any]) -> None:
    """Print what was written, and what the comparison found where there was one."""
    console = open_console()
    head, *lines = _of_folder(record) if "calibration" in record else _of_file(record)
    console.print(as_text(head, style="bold"))
    for line in lines:
        console.print(as_text(line))
    _print_comparison(console, record.get("comparison"))


def _of_file(record: Mapping[str, Any]) -> Iterator[str]:
    kinds = ", ".join(f"{count:,} in {kind}" for kind, count in record["tensors"].items())
    yield f"{record['file']}: {record['bytes'] / 1e6:,.1f} MB; tensors: {kinds}"
    if whole := record["not_divisible"]:
        yield f"rows of {len(whole):,} do not divide into blocks of 32: kept in 16 bits"
    if not record["chat_template"]:
        yield "it has no chat template: llama.cpp takes one of its own"


def _of_folder(record: Mapping[str, Any]) -> Iterator[str]:
    calibration, asked = record["calibration"], record["asked"]
    yield (
        f"{record['folder']}: {record['bytes'] / 1e6:,.1f} MB; {record['method']}, four bits, "
        f"{', '.join(record['ignored'])} and embeddings as they were"
    )
    why = "as asked" if asked["group_size"] else "the largest that divides the input of every layer"
    yield f"a scale for each {record['group_size']} weights: {why}"
    if width := record["intermediate_size"]:
        yield (
            f"padded for {asked['devices']} devices: intermediate size {width['checkpoint']:,} to "
            f"{width['padded']:,}, with zeros"
        )
    tasks = ", ".join(f"{count:,} of {task}" for task, count in calibration["tasks"].items())
    yield f"calibrated on {calibration['tokens']:,} tokens of {calibration['run']}: {tasks}"
    if shortened := calibration["shortened"]:
        yield f"{shortened:,} samples were cut at {asked['max_length']:,} tokens: --max-length"


def _print_comparison(console: Console, found: Mapping[str, Any] | None) -> None:
    if found is None:
        console.print(as_text("what that lost was not measured: --compare RUN asks both"))
        return
    asked = found["questions"]
    same = (
        f"{found['same']:,} of {asked:,} held-out answers are the same, letter by letter "
        f"({found['same'] / asked:.0%})"
    )
    console.print(as_text(same))
    for summary in SUMMARY_NAMES:
        scores = "; ".join(
            f"{name} {each[summary]['value']:.3f}" for name, each in found["scores"].items()
        )
        lost = with_interval(found["difference"][summary], signed=True)
        print_measured(console, f"{summary}: {scores};", f"difference {lost}")
    console.print(as_text(f"kept in {found['evaluation']}"))
