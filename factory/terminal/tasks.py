"""The tasks and mixtures of a recipe, as tables that fit the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from factory.terminal.paging import Pages
from factory.terminal.text import as_text

#: From this width on a task is a row of a table; below, two or three lines.
_TABLE_FROM: Final = 150
#: Elsewhere than on a terminal a task is one line, for whatever reads lines.
WIDTH_ELSEWHERE: Final = 220
#: Whose numbers are shown; the names that EcomInstruct gives its tasks are long, and in --json.
_PAPERS: Final = ("nvidia", "eshop", "dev")


def print_tasks(
    rows: Sequence[Mapping[str, Any]],
    mixtures: Sequence[Mapping[str, Any]],
    *,
    of: int,
    paged: bool = False,
) -> None:
    """Print tasks and mixtures of a recipe that has ``of`` tasks.

    Every task says what it is, its source and size, whether it asks a language model, and which
    papers' sets it makes.
    """
    with Pages(wanted=paged, width_elsewhere=WIDTH_ELSEWHERE) as pages:
        wide = pages.console.width >= _TABLE_FROM
        if rows and not pages.print(_task_table(rows) if wide else _task_list(rows)):
            return
        if mixtures:
            pages.print("")
            pages.print(_mixture_table(mixtures) if wide else _mixture_list(mixtures))
        pages.print(as_text(f"\n{_counted(rows, of)}"))


def _counted(rows: Sequence[Mapping[str, Any]], of: int) -> str:
    asking = sum(row["needs_llm"] for row in rows)
    possible = sum(not row["missing"] for row in rows)
    shown = f"{len(rows):,} of {of:,} tasks" if len(rows) < of else f"{of:,} tasks"
    parts = [shown, f"{asking:,} ask a language model (llm)"]
    if possible < len(rows):
        parts.append(f"{possible:,} have all that they need")
    return ", ".join(parts)


def _task_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    impossible = any(row["missing"] for row in rows)
    for column in ("task", "what", "type", "source", "size", "", "papers"):
        table.add_column(
            column,
            justify="right" if column == "size" else "left",
            no_wrap=column in ("task", "size", "source"),
            overflow="fold",
        )
    if impossible:
        table.add_column("its source lacks", overflow="fold")
    for row in rows:
        table.add_row(
            *map(as_text, (row["name"], row["title"], row["type"], row["source"])),
            f"{row['size']:,}",
            "llm" if row["needs_llm"] else "",
            as_text(_made_of(row)),
            *((as_text(", ".join(row["missing"])),) if impossible else ()),
        )
    return table


def _task_list(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Return the tasks as entries of some lines, for a terminal that is no table's width."""
    lines: list[RenderableType] = []
    for row in rows:
        name = Text.assemble(
            as_text(row["name"], style="bold"), as_text(f"  {row['size']:,}", style="cyan")
        )
        if row["needs_llm"]:
            name.append("  llm", style="magenta")
        lines.append(name)
        lines.append(Padding(as_text(row["title"]), (0, 0, 0, 2), expand=False))
        about = [row["type"], row["source"], *filter(None, [_made_of(row)])]
        lines.append(Padding(as_text(", ".join(about), style="dim"), (0, 0, 0, 2), expand=False))
        if row["missing"]:
            told = f"its source lacks {', '.join(row['missing'])}"
            lines.append(Padding(as_text(told, style="red"), (0, 0, 0, 2), expand=False))
    return Group(*lines)


def _mixture_table(mixtures: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("mixture", "what", "tasks", "printed size", "no task yet for"):
        table.add_column(column, no_wrap=column == "mixture", overflow="fold")
    for each in mixtures:
        table.add_row(
            as_text(each["name"]),
            as_text(each["title"]),
            f"{each['tasks']:,}",
            f"{each['size']:,}" if each["size"] else "",
            as_text(_numbers(each["absent"])),
        )
    return table


def _mixture_list(mixtures: Sequence[Mapping[str, Any]]) -> RenderableType:
    lines: list[RenderableType] = []
    for each in mixtures:
        size = f", {each['size']:,} printed" if each["size"] else ""
        lines.append(
            Text.assemble(
                as_text(each["name"], style="bold"),
                as_text(f"  {each['tasks']:,} tasks{size}", style="cyan"),
            )
        )
        lines.append(Padding(as_text(each["title"]), (0, 0, 0, 2), expand=False))
    return Group(as_text("mixtures", style="bold underline"), *lines)


def _made_of(row: Mapping[str, Any]) -> str:
    """Return the papers' numbers of a task, and what it derives from."""
    said = [f"{paper} {_numbers(row[paper])}" for paper in _PAPERS if row[paper] is not None]
    if row["parent"]:
        said.append(f"{row['operator']} of {row['parent']}")
    return ", ".join(said)


def _numbers(value: int | str | list[int] | None) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def print_no_task(told: str) -> None:
    """Print on stderr that no task is what was asked for."""
    Console(stderr=True, highlight=False, markup=False).print(as_text(told), soft_wrap=True)
