"""Two runs compared, as a person would read it: how much, why, and some samples word by word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from factory.runs.compare import Difference, listed_kinds
from factory.runs.pairs import SAID, Pair
from factory.runs.words import around, compare_words
from factory.terminal.text import as_text, open_console, print_line, visible

_MEANS: Final = {
    "changed": "the same row, and its sample says something else",
    "moved": "in the other split now",
    "dropped": "kept before, rejected now",
    "restored": "rejected before, kept now",
    "lost": "only in the first run",
    "added": "only in the second run",
    "noted": "reads the same; what is noted of it differs",
}
_STYLES: Final = {"before": "red strike", "after": "green underline"}
_MOST_FIELDS: Final = 8
_MOST_TASKS: Final = 20
_LONGEST: Final = 2_000
_AROUND: Final = 60


def print_difference(difference: Difference) -> None:
    """Print what two runs have in common and what not, why, and the examples."""
    console = open_console()
    before, after = difference.samples
    print_line(console, f"{difference.before}: {before:,} samples")
    print_line(console, f"{difference.after}: {after:,} samples")
    if not difference and not difference.causes:
        console.print(as_text("the same samples, of the same recipe", style="bold green"))
        return
    console.print(_counts(difference))
    _print_tasks(console, difference)
    _print_causes(console, difference)
    for pair in difference.examples:
        console.print(_panel(pair))
    if difference.examples:
        example = difference.examples[0]
        folder = difference.before if example.after is None else difference.after
        print_line(
            console, f"the whole story of one: python -m factory show {folder} --why {example.id}"
        )


def _counts(difference: Difference) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row(f"{difference.same:,}", "same", "")
    for kind, count in difference.counts.items():
        table.add_row(f"{count:,}", kind, as_text(_means(kind, difference)))
    return table


def _means(kind: str, difference: Difference) -> str:
    if kind == "changed":
        most = [f"{name} of {count:,}" for name, count in difference.fields.items() if name in SAID]
        more = ", …" if len(most) > _MOST_FIELDS else ""
        return f"{_MEANS[kind]}: {', '.join(most[:_MOST_FIELDS])}{more}"
    if kind == "dropped":
        why = [f"{count:,} by {name}: {of}" for (name, of), count in difference.reasons.items()]
        return f"{_MEANS[kind]}: {', '.join(why[:_MOST_FIELDS])}"
    return _MEANS[kind]


def _print_tasks(console: Console, difference: Difference) -> None:
    if len(difference.tasks) < 2:
        return
    kinds = list(difference.counts)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("task", overflow="fold")
    for kind in kinds:
        table.add_column(kind, justify="right")
    ordered = sorted(difference.tasks.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    for task, counts in ordered[:_MOST_TASKS]:
        table.add_row(as_text(task), *(f"{counts.get(kind, 0):,}" for kind in kinds))
    console.print()
    console.print(table)
    if (more := len(ordered) - _MOST_TASKS) > 0:
        console.print(as_text(f"and {more} more tasks; --json has them all"))


def _print_causes(console: Console, difference: Difference) -> None:
    console.print(as_text("\nWhat was changed, and what that explains", style="bold"))
    if not difference.causes:
        console.print(as_text("  nothing that a manifest records"))
    for cause in difference.causes:
        explained = listed_kinds(cause.counts) or "none of the differences"
        line = as_text(f"  {cause.what}\n")
        line.append(f"    {'may explain' if cause.may else 'explains'} {explained}", style="dim")
        console.print(line)
    if difference.unexplained:
        kinds = listed_kinds(difference.unexplained)
        said = f"  no change explains {kinds}: a file was edited, or a model answered anew"
        console.print(as_text(said, style="bold yellow"))


def _panel(pair: Pair) -> Panel:
    title = f"{pair.kind}: {pair.id} · {pair.task}"
    if pair.before and pair.after:
        return Panel(Group(*_fields(pair)), title=as_text(title), title_align="left")
    record = pair.after or pair.before or {}
    return Panel(
        Group(
            *([as_text(pair.rejection, style="bold red")] if pair.filter else []),
            as_text(_shortened(record["input_field"])),
            as_text(_shortened(record["output_field"]), style="bold green"),
        ),
        title=as_text(title),
        title_align="left",
    )


def _fields(pair: Pair) -> Iterator[Text]:
    """Yield each field that differs with its words: what is gone struck, what is new underlined."""
    for name in pair.telling_fields:
        line = as_text(f"{name}: ", style="cyan")
        pieces = compare_words(*pair.values_of(name))
        for number, piece in enumerate(pieces):
            text = piece.text
            if piece.where == "same":
                text = around(text, _AROUND, number == 0, number == len(pieces) - 1)
            # Without colors, brackets say what a style would.
            marks = {"before": ("[-", "-]"), "after": ("{+", "+}")}.get(piece.where, ("", ""))
            text = _shortened(text)
            inner = text.rstrip("\n")
            line.append(
                visible(f"{marks[0]}{inner}{marks[1]}{text[len(inner) :]}"),
                style=_STYLES.get(piece.where, "default"),
            )
        yield line


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
