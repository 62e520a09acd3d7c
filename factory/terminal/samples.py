"""Samples as a person would read them, and the whole story of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from factory.runs.counting import gold_places
from factory.tasktypes.choices import first_number
from factory.terminal.paging import Pages
from factory.terminal.text import as_text, visible


def print_records(records: Sequence[Mapping[str, Any]], *, paged: bool = False) -> None:
    """Print samples, or dropped candidates with their reasons, as a person would read them."""
    with Pages(wanted=paged) as pages:
        for record in records:
            panel = Panel(_body(record), title=_title(record, pages.console), title_align="left")
            if not pages.print(panel):
                return


def _body(record: Mapping[str, Any]) -> RenderableType:
    if "reason" not in record:
        return Group(*_sample(record))
    inner = json.loads(record["record"])
    parts = [as_text(f"dropped by {record['filter']}: {record['reason']}", style="bold red")]
    if record["detail"]:
        parts.append(as_text(record["detail"]))
    return Group(*parts, *(_sample(inner) if "input_field" in inner else _row(inner)))


def _sample(record: Mapping[str, Any]) -> Iterator[Text]:
    yield as_text(record["input_field"])
    if reasoning := record.get("reasoning"):
        yield as_text(reasoning, style="italic")
    yield as_text(record["output_field"], style="bold green")


def _row(row: Mapping[str, Any]) -> Iterator[Text]:
    """Yield the fields of a source's row, of which no sample was made."""
    for name, value in row.items():
        if value not in (None, "", [], {}):
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield as_text(f"{name}: {said}")


def _title(record: Mapping[str, Any], console: Console) -> Text:
    parts = [record["id"], record["task"]]
    if "input_field" in record:
        parts += [record["lang"], f"wording {record['provenance']['wording']}", record["metric"]]
    return as_text((" · " if console.encoding.startswith("utf") else " | ").join(parts))


def print_place(told: str, *, absent: bool = False) -> None:
    """Print where one is in a file, below its samples; on stderr where there are none."""
    Console(stderr=absent, highlight=False, markup=False, emoji=False).print(
        as_text(told, style="" if absent else "dim"), soft_wrap=True
    )


def print_story(story: Mapping[str, Any], *, paged: bool = False) -> None:
    """Print the whole story of one sample."""
    with Pages(wanted=paged) as pages:
        for part in _story(story):
            if not pages.print(part):
                return


def _story(story: Mapping[str, Any]) -> Iterator[RenderableType]:
    sample = story["sample"]
    yield as_text(story["decision"], style="bold")
    definition = story["definition"]
    yield (
        as_text(
            f"view {definition['view']}, template {definition['template']}, "
            f"seed {definition['seed']}, definition {definition['hash']}"
        )
    )
    yield as_text("\nSource rows", style="bold")
    if "rows_missing" in story:
        yield as_text(f"  not to be had: {story['rows_missing']}")
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
        yield line
    if "input_field" not in sample:
        yield as_text("\nThe row, of which no sample was made", style="bold")
        yield as_text(json.dumps(sample, ensure_ascii=False, indent=2))
        return
    yield as_text("\nWhat the view gave", style="bold")
    for name, value in json.loads(sample["slots"]).items():
        yield as_text(f"  {name}: {json.dumps(value, ensure_ascii=False)}")
    yield as_text(f"\nWording {sample['provenance']['wording']!r}", style="bold")
    yield Panel(as_text(sample["input_field"]))
    yield from _arrangement(sample)
    yield as_text("\nVerdicts", style="bold")
    table = Table(box=None, pad_edge=True, header_style="dim")
    for column in ("filter", "verdict", "score", "detail"):
        table.add_column(column, overflow="fold")
    for verdict in sample["verdicts"]:
        score = "" if verdict["score"] is None else f"{verdict['score']:g}"
        said = "keep" if verdict["keep"] else f"drop: {verdict['reason']}"
        cells = (verdict["filter"], said, score, verdict["detail"])
        table.add_row(*map(as_text, cells))
    yield table
    yield from _asked(sample["provenance"])


def _asked(provenance: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what models were asked for a sample, where they were."""
    for what, tokens, cost in (
        ("written", provenance["tokens"], provenance["cost"]),
        ("judged", provenance.get("judge_tokens", 0), provenance.get("judge_cost", 0.0)),
    ):
        if tokens:
            yield as_text(f"{what} for {tokens:,} tokens, ${cost:,.6f}")


def _arrangement(sample: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what stands where: each option's number as printed, and what it is worth."""
    right = set(gold_places(sample))
    yield as_text("Arrangement and answer", style="bold")
    first = first_number(sample["task_type"])
    for place, option in enumerate(sample["options"]):
        worth = "gold" if place + 1 in right else "not gold"
        if sample["task_type"] == "ranking":
            worth = f"relevance {json.loads(sample['gold'])[place]:g}"
        yield as_text(f"  {place + first}. {option}  [{worth}]")
    yield as_text(f"  printed: {sample['output_field']}")
