"""What people see of an evaluation: scores with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from factory.evaluation.statistics import SUMMARIES
from factory.terminal.intervals import with_interval
from factory.terminal.text import as_text, open_console

#: The ways to make one number of many tasks, as results name them.
SUMMARY_NAMES: Final = tuple(each.name for each in SUMMARIES)


def print_results(results: Mapping[str, Any], folder: Path, page: Path) -> None:
    """Print scores by task, type and track, and overall; then what differs between models."""
    console = open_console()
    models = results["models"]
    asked = results["benchmark"]
    console.print(as_text(f"{asked['questions']:,} questions of {asked['path']}", style="bold"))
    if unreadable := asked["unreadable"]:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in unreadable.items())
        console.print(as_text(f"left out as unreadable: {causes}"))
    _print_tasks(console, models)
    _print_summaries(console, models)
    for name, model in models.items():
        if faults := model["faults_of_form"]:
            said = ", ".join(f"{count:,} {fault}" for fault, count in faults.items())
            console.print(as_text(f"{name}: no answers by their form: {said}"))
        if model["cut_off"]:
            console.print(as_text(f"{name}: {model['cut_off']:,} answers were cut off"))
    for each in results["comparisons"]:
        for summary in SUMMARY_NAMES:
            found = each[summary]
            console.print(
                as_text(
                    f"{each['second']} against {each['first']}, {summary}: "
                    f"{with_interval(found, signed=True)}, p = {found['p']:.4g}"
                )
            )
    console.print(as_text(f"kept in {folder}; to look at: {page}"))


def _print_tasks(console: Console, models: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "metric", "questions"):
        table.add_column(column, justify="right" if column == "questions" else "left")
    for name in models:
        table.add_column(as_text(name), justify="right", overflow="fold")
    first = next(iter(models.values()))
    for task, of_task in first["tasks"].items():
        for place, measure in enumerate(of_task["measures"]):
            table.add_row(
                as_text("" if place else task),
                measure,
                "" if place else f"{of_task['questions']:,}",
                *(
                    with_interval(each["tasks"][task]["measures"][measure])
                    for each in models.values()
                ),
            )
    console.print(table)


def _print_summaries(console: Console, models: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("over", "summary", "tasks", "questions"):
        table.add_column(column, justify="right" if column in ("tasks", "questions") else "left")
    for name in models:
        table.add_column(as_text(name), justify="right", overflow="fold")
    first = next(iter(models.values()))
    for kind in ("types", "tracks"):
        for label, part in first[kind].items():
            _add_summaries(table, label, part, [each[kind][label] for each in models.values()])
    _add_summaries(table, "all", first["overall"], [each["overall"] for each in models.values()])
    console.print(table)


def _add_summaries(
    table: Table, label: str, part: Mapping[str, Any], each: list[Mapping[str, Any]]
) -> None:
    for place, summary in enumerate(SUMMARY_NAMES):
        table.add_row(
            as_text("" if place else label),
            summary,
            "" if place else f"{part['tasks']:,}",
            "" if place else f"{part['questions']:,}",
            *(with_interval(found[summary]) for found in each),
        )
