"""Samples as a person would read them, and the whole story of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from factory.terminal.text import as_text, open_console, visible


def print_records(records: Sequence[Mapping[str, Any]]) -> None:
    """Print samples, or dropped candidates with their reasons, as a person would read them."""
    console = open_console()
    if not records:
        console.print(as_text("nothing here"))
    for record in records:
        if "reason" in record:
            inner = json.loads(record["record"])
            body: RenderableType = Group(
                as_text(f"dropped by {record['filter']}: {record['reason']}", style="bold red"),
                as_text(record["detail"]),
                as_text(inner.get("input_field") or record["record"]),
            )
        else:
            parts = [as_text(record["input_field"])]
            if reasoning := record.get("reasoning"):
                parts.append(as_text(reasoning, style="italic"))
            body = Group(*parts, as_text(record["output_field"], style="bold green"))
        console.print(Panel(body, title=_title(record), title_align="left"))


def _title(record: Mapping[str, Any]) -> Text:
    parts = [record["id"], record["task"]]
    if "provenance" in record:
        parts += [record["lang"], f"wording {record['provenance']['wording']}", record["metric"]]
    return as_text(" · ".join(parts))


def print_story(story: Mapping[str, Any]) -> None:
    """Print the whole story of one sample."""
    console = open_console()
    sample = story["sample"]
    console.print(as_text(story["decision"], style="bold"))
    definition = story["definition"]
    console.print(
        as_text(
            f"view {definition['view']}, template {definition['template']}, "
            f"seed {definition['seed']}, definition {definition['hash']}"
        )
    )
    console.print(as_text("\nSource rows", style="bold"))
    if "rows_missing" in story:
        console.print(as_text(f"  not to be had: {story['rows_missing']}"))
    for row in story["rows"]:
        line = as_text(f"  {row['table']}: ", style="cyan")
        line.append(
            visible(
                "; ".join(
                    f"{name}={value}"
                    for name, value in row.items()
                    if name != "table" and value not in (None, [], {})
                )
            ),
            style="default",
        )
        console.print(line)
    if "provenance" not in sample:
        console.print(as_text("\nThe row, of which no sample was made", style="bold"))
        console.print(as_text(json.dumps(sample, ensure_ascii=False, indent=2)))
        return
    console.print(as_text("\nWhat the view gave", style="bold"))
    for name, value in json.loads(sample["slots"]).items():
        console.print(as_text(f"  {name}: {json.dumps(value, ensure_ascii=False)}"))
    console.print(as_text(f"\nWording {sample['provenance']['wording']!r}", style="bold"))
    console.print(Panel(as_text(sample["input_field"])))
    _print_arrangement(console, sample)
    console.print(as_text("\nVerdicts", style="bold"))
    table = Table(box=None, pad_edge=True, header_style="dim")
    for column in ("filter", "verdict", "score", "detail"):
        table.add_column(column, overflow="fold")
    for verdict in sample["verdicts"]:
        score = "" if verdict["score"] is None else f"{verdict['score']:g}"
        said = "keep" if verdict["keep"] else f"drop: {verdict['reason']}"
        table.add_row(verdict["filter"], said, score, as_text(verdict["detail"]))
    console.print(table)
    _print_asked(console, sample["provenance"])


def _print_asked(console: Console, provenance: Mapping[str, Any]) -> None:
    """Print what models were asked for a sample, where they were."""
    for what, tokens, cost in (
        ("written", provenance["tokens"], provenance["cost"]),
        ("judged", provenance.get("judge_tokens", 0), provenance.get("judge_cost", 0.0)),
    ):
        if tokens:
            console.print(as_text(f"{what} for {tokens:,} tokens, ${cost:,.6f}"))


def _print_arrangement(console: Console, sample: Mapping[str, Any]) -> None:
    """Print what stands where: each option's number as printed, and what it is worth."""
    gold = json.loads(sample["gold"])
    console.print(as_text("Arrangement and answer", style="bold"))
    first = 0 if sample["task_type"] == "multiple-choice" else 1
    for number, option in enumerate(sample["options"], first):
        if sample["task_type"] == "ranking":
            worth = f"relevance {gold[number - first]:g}"
        else:
            worth = "gold" if number in (gold if isinstance(gold, list) else [gold]) else ""
        console.print(as_text(f"  {number}. {option}  [{worth or 'not gold'}]"))
    console.print(as_text(f"  printed: {sample['output_field']}"))
