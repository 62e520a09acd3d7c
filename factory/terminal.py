"""What people see in a terminal. Source text is hostile: nothing of it is read as markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from factory.story import read_samples_of

if TYPE_CHECKING:
    from factory.line import MixtureResult, RunResult

_LONGEST_REASON_LIST: Final = 6


def print_mixture(result: MixtureResult) -> None:
    """Print what each task lent, what fell short and why, and what nothing makes yet."""
    console = open_console()
    manifest = result.manifest
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "wanted", "accepted", "test", "what is missing"):
        table.add_column(column, justify="left" if column[0] == "t" else "right", overflow="fold")
    for name, task in manifest["tasks"].items():
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in task["left_out"].items())
        short = "" if task["accepted"] >= task["wanted"] else task["shortfall"] or "rows ran out"
        table.add_row(
            as_text(name),
            f"{task['wanted']:,}",
            f"{task['accepted']:,}",
            f"{task['test_accepted']:,}" if task["test_wanted"] else "",
            as_text("; ".join(filter(None, (short, left_out)))),
        )
    console.print(table)
    for each in manifest["absent"]:
        console.print(
            as_text(f"no task makes {each['paper']} {each['number']} yet: {each['size']:,} samples")
        )
    for name, described in manifest["files"].items():
        what = "left out of the mixed file, in" if name == "rejected.jsonl" else "samples in"
        console.print(as_text(f"{described['rows']:,} {what} {result.folder / name}"))
    if manifest["size"]:
        console.print(as_text(f"the paper prints {manifest['size']:,}"))


def print_run(result: RunResult) -> None:
    """Print where the samples are, what was dropped and why, and one sample."""
    console = open_console()
    manifest = result.manifest
    if not result.fresh:
        console.print(as_text(f"{result.folder} holds this run already; --fresh makes it again"))
    for split, counts in manifest["splits"].items():
        file = result.folder / f"{split}.jsonl"
        console.print(as_text(f"{counts['accepted']:,} samples in {file}"))
        if note := _shortfall(manifest, counts):
            console.print(as_text(note))
        if counts["rejected"]:
            console.print(
                as_text(f"dropped, in {result.folder / 'rejected.jsonl'}: {_reasons(counts)}")
            )
    if cheats := [name for name, each in manifest["probes"].items() if each["gives_away"]]:
        console.print(
            as_text(f"cheats that score more than ten points over chance: {', '.join(cheats)}")
        )
    for each in manifest["source"]["quarantined"]:
        console.print(
            as_text(
                f"set aside in the source: {each['rows']:,} rows ({each['cause']}), "
                f"such as {', '.join(each['examples'])}"
            )
        )
    console.print(as_text("\nThe first sample:"))
    print_records(read_samples_of(result.folder, "train", 0, 1))
    console.print(as_text(f"more: python -m factory show {result.folder}"))


def _shortfall(manifest: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    if counts["accepted"] >= counts["wanted"]:
        return ""
    source = manifest["source"]
    strata = counts["strata"].values()
    held_back = any(each["quota"] < each["keys"] for each in strata)
    if given_up := sum("given_up" in each for each in strata):
        return (
            f"  fewer than the {counts['wanted']:,} wanted: {given_up} of {len(counts['strata'])} "
            "strata gave no sample for so long that they were given up; a larger patience in the "
            "recipe looks further"
        )
    cause = (
        "the scarcest stratum of its balance sets the size"
        if held_back and len(counts["strata"]) > 1
        else f"{source['address']} has {manifest['keys']:,} candidates"
    )
    where = (
        f"; give it the full data set with --source {source['name']}=PATH"
        if source["address"] == "bundled"
        else ""
    )
    return f"  fewer than the {counts['wanted']:,} wanted: {cause}{where}"


def _reasons(counts: Mapping[str, Any]) -> str:
    ordered = sorted(counts["rejected"].items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count:,} {reason}" for reason, count in ordered[:_LONGEST_REASON_LIST]]
    if more := len(ordered) - len(shown):
        shown.append(f"{more} more reasons")
    return ", ".join(shown)


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


def visible(text: str) -> str:
    """Return ``text`` with control and direction-changing characters written out.

    A terminal obeys them: an escape sequence of a hostile title could rewrite the screen.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in "\n\u3000"
        else f"\\x{ord(character):02x}"
        for character in text
    )


def as_text(text: str, style: str = "") -> Text:
    """Return text for the terminal in which nothing is obeyed: see :func:`visible`."""
    return Text(visible(text), style=style)


def open_console() -> Console:
    """Return a console of the terminal's width, or of 120 columns, that reads no markup."""
    width = None if sys.stdout.isatty() else 120
    return Console(width=width, highlight=False, markup=False, emoji=False)
