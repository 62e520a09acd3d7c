"""What people see of an evaluation: scores with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from factory.evaluation.statistics import SUMMARIES
from factory.terminal.intervals import fits, print_measured, whole, with_interval
from factory.terminal.text import as_text, open_console

#: The ways to make one number of many tasks, as results name them.
SUMMARY_NAMES: Final = tuple(each.name for each in SUMMARIES)
_COUNTS: Final = ("tasks", "questions")


class _Row(NamedTuple):
    """A line of a table: what is measured, and what was found for each model."""

    said: Sequence[str]
    found: Sequence[Mapping[str, float]]


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
            print_measured(
                console,
                f"{each['second']} against {each['first']}, {summary}:",
                f"{with_interval(found, signed=True)}, p = {found['p']:.4g}",
            )
    console.print(as_text(f"kept in {folder}; to look at: {page}"))


def _print_tasks(console: Console, models: Mapping[str, Any]) -> None:
    rows: list[_Row] = []
    first = next(iter(models.values()))
    for task, of_task in first["tasks"].items():
        for place, measure in enumerate(of_task["measures"]):
            said = ("" if place else task, measure, "" if place else f"{of_task['questions']:,}")
            found = [each["tasks"][task]["measures"][measure] for each in models.values()]
            rows.append(_Row(said, found))
    _print_table(console, ("task", "metric", "questions"), list(models), rows)


def _print_summaries(console: Console, models: Mapping[str, Any]) -> None:
    rows: list[_Row] = []
    first = next(iter(models.values()))
    for kind in ("types", "tracks"):
        for label, part in first[kind].items():
            rows += _summaries(label, part, [each[kind][label] for each in models.values()])
    rows += _summaries("all", first["overall"], [each["overall"] for each in models.values()])
    _print_table(console, ("over", "summary", "tasks", "questions"), list(models), rows)


def _summaries(label: str, part: Mapping[str, Any], each: list[Mapping[str, Any]]) -> list[_Row]:
    return [
        _Row(
            (
                "" if place else label,
                summary,
                "" if place else f"{part['tasks']:,}",
                "" if place else f"{part['questions']:,}",
            ),
            [found[summary] for found in each],
        )
        for place, summary in enumerate(SUMMARY_NAMES)
    ]


def _print_table(
    console: Console, columns: Sequence[str], names: Sequence[str], rows: Sequence[_Row]
) -> None:
    """Print the rows with a column a model, or as a list where these find no room."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in _COUNTS else "left")
    for name in names:
        table.add_column(as_text(name), justify="right")
    for row in rows:
        table.add_row(*map(as_text, row.said), *(whole(with_interval(each)) for each in row.found))
    if fits(table, console):
        console.print(table)
    else:
        _print_list(console, columns, names, rows)


def _print_list(
    console: Console, columns: Sequence[str], names: Sequence[str], rows: Sequence[_Row]
) -> None:
    label = ""
    for row in rows:
        label = row.said[0] or label
        said = [
            f"{value} {column.removesuffix('s') if value == '1' else column}"
            if column in _COUNTS
            else value
            for column, value in zip(columns[1:], row.said[1:], strict=True)
            if value
        ]
        console.print(as_text(", ".join((label, *said)), style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True)
        for name, found in zip(names, row.found, strict=True):
            table.add_row(as_text(name), whole(with_interval(found)))
        console.print(table)
