"""The tasks and mixtures of a recipe, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from factory.terminal.text import as_text, open_console


def print_tasks(rows: Sequence[Mapping[str, Any]], mixtures: Sequence[Mapping[str, Any]]) -> None:
    """Print the tasks and mixtures of a recipe as tables that fit the terminal."""
    console = open_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    impossible = any(row["missing"] for row in rows)
    names = ("task", "what", "type", "source", "size", "papers")
    for column in (*names, *(("its source lacks",) if impossible else ())):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for row in rows:
        papers = [
            f"{paper} {_numbers(row[paper])}"
            for paper in ("nvidia", "eshop", "dev")
            if row[paper] is not None
        ]
        if row["parent"]:
            papers.append(f"{row['operator']} of {row['parent']}")
        table.add_row(
            as_text(row["name"]),
            as_text(row["title"]),
            as_text(row["type"]),
            as_text(row["source"]),
            f"{row['size']:,}",
            as_text(", ".join(papers)),
            *((as_text(", ".join(row["missing"])),) if impossible else ()),
        )
    console.print(table)
    if impossible:
        possible = sum(not row["missing"] for row in rows)
        console.print(as_text(f"\n{possible} of {len(rows)} tasks have all that they need"))
    if mixtures:
        console.print()
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("mixture", "what", "tasks", "printed size", "no task yet for"):
            table.add_column(column, overflow="fold")
        for each in mixtures:
            table.add_row(
                as_text(each["name"]),
                as_text(each["title"]),
                f"{each['tasks']:,}",
                f"{each['size']:,}" if each["size"] else "",
                as_text(_numbers(each["absent"])),
            )
        console.print(table)


def _numbers(value: int | list[int] | None) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
