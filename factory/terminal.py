"""What people see in a terminal. Source text is hostile: nothing of it is read as markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from factory.story import read_samples_of

if TYPE_CHECKING:
    from pathlib import Path

    from factory.line import MixtureResult, RunResult
    from factory.line.quote import Quote
    from factory.llm.asker import Usage
    from factory.llm.ledger import Spent
    from factory.recipe import Share

_LONGEST_REASON_LIST: Final = 6


class RunDisplay:
    """Progress of one task: a bar on a terminal, nothing elsewhere or when silent."""

    def __init__(self, task: str, *, silent: bool) -> None:
        self._task = task
        self._silent = silent
        self._bar: Progress | None = None
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Self:
        console = Console(stderr=True)
        if not self._silent and console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rejected]} dropped"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def rename(self, task: str) -> None:
        """Go on to another task, with bars of its own."""
        self._task = task
        for bar in self._bars.values():
            if self._bar is not None:
                self._bar.remove_task(bar)
        self._bars.clear()

    def update(self, split: str, accepted: int, wanted: int, rejected: int) -> None:
        """Show how far a split has come."""
        if self._bar is None:
            return
        if split not in self._bars:
            self._bars[split] = self._bar.add_task(
                f"{self._task} {split}", total=wanted, rejected=rejected
            )
        self._bar.update(self._bars[split], completed=accepted, rejected=rejected)


class FetchDisplay:
    """Progress of a download: a bar a file on a terminal, nothing elsewhere or when silent."""

    def __init__(self, *, silent: bool) -> None:
        console = Console(stderr=True)
        self._bars: dict[str, Any] = {}
        self._bar = (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                console=console,
            )
            if console.is_terminal and not silent
            else None
        )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int | None, file: str) -> None:
        """Show how much of a file is here, in bytes."""
        if self._bar is None:
            return
        if file not in self._bars:
            self._bars[file] = self._bar.add_task(visible(file), total=total)
        self._bar.update(self._bars[file], completed=done, total=total)


class MixtureDisplay:
    """Progress of a mixture: one bar for its tasks and one for the task in hand."""

    def __init__(self, mixture: str, tasks: int, *, silent: bool) -> None:
        self._mixture = mixture
        self._tasks = tasks
        self._current = RunDisplay(mixture, silent=silent)

    def __enter__(self) -> Self:
        self._current.__enter__()
        self._begun = 0
        return self

    def __exit__(self, *exception: object) -> None:
        self._current.__exit__(*exception)

    def begin(self, share: Share) -> Callable[[str, int, int, int], None]:
        """Go on to the next task; return what is told how far it has come."""
        self._current.rename(f"{share.task} ({self._begun + 1} of {self._tasks})")
        self._begun += 1
        return self._current.update


def print_mixture(result: MixtureResult) -> None:
    """Print what each task lent, what fell short and why, and what nothing makes yet."""
    console = _console()
    manifest = result.manifest
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "wanted", "accepted", "test", "what is missing"):
        table.add_column(column, justify="left" if column[0] == "t" else "right", overflow="fold")
    for name, task in manifest["tasks"].items():
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in task["left_out"].items())
        short = "" if task["accepted"] >= task["wanted"] else task["shortfall"] or "rows ran out"
        table.add_row(
            _text(name),
            f"{task['wanted']:,}",
            f"{task['accepted']:,}",
            f"{task['test_accepted']:,}" if task["test_wanted"] else "",
            _text("; ".join(filter(None, (short, left_out)))),
        )
    console.print(table)
    for each in manifest["absent"]:
        console.print(
            _text(f"no task makes {each['paper']} {each['number']} yet: {each['size']:,} samples")
        )
    for name, described in manifest["files"].items():
        what = "left out of the mixed file, in" if name == "rejected.jsonl" else "samples in"
        console.print(_text(f"{described['rows']:,} {what} {result.folder / name}"))
    if manifest["size"]:
        console.print(_text(f"the paper prints {manifest['size']:,}"))


def print_run(result: RunResult) -> None:
    """Print where the samples are, what was dropped and why, and one sample."""
    console = _console()
    manifest = result.manifest
    if not result.fresh:
        console.print(_text(f"{result.folder} holds this run already; --fresh makes it again"))
    for split, counts in manifest["splits"].items():
        file = result.folder / f"{split}.jsonl"
        console.print(_text(f"{counts['accepted']:,} samples in {file}"))
        if note := _shortfall(manifest, counts):
            console.print(_text(note))
        if counts["rejected"]:
            console.print(
                _text(f"dropped, in {result.folder / 'rejected.jsonl'}: {_reasons(counts)}")
            )
    if cheats := [name for name, each in manifest["probes"].items() if each["gives_away"]]:
        console.print(
            _text(f"cheats that score more than ten points over chance: {', '.join(cheats)}")
        )
    for each in manifest["source"]["quarantined"]:
        console.print(
            _text(
                f"set aside in the source: {each['rows']:,} rows ({each['cause']}), "
                f"such as {', '.join(each['examples'])}"
            )
        )
    console.print(_text("\nThe first sample:"))
    print_records(read_samples_of(result.folder, "train", 0, 1))
    console.print(_text(f"more: python -m factory show {result.folder}"))


def print_bill(bill: Mapping[tuple[str, str], Usage]) -> None:
    """Print what language models were asked in this run, and what it cost."""
    console = _console()
    for (task, model), usage in bill.items():
        if not (usage.asked or usage.known):
            continue
        parts = [f"{task}: {usage.asked:,} requests to {model}"]
        if usage.known:
            parts.append(f"{usage.known:,} known")
        if usage.failures:
            parts.append(f"{usage.failures:,} tried again ({usage.limited:,} rate limits)")
        parts.append(f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens")
        if usage.cost:
            parts.append(f"${usage.cost:,.4f}")
        console.print(_text(", ".join(parts)))


def print_quotes(quotes: Sequence[Quote]) -> None:
    """Print what tasks would ask and cost, and their sums."""
    console = _console()
    if not quotes:
        console.print(_text("no task of these asks a language model"))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("task", "model", "requests", "known", "tokens in", "out", "cost", "time"):
        right = name not in ("task", "model")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for each in quotes:
        table.add_row(
            *(_text(each.task), _text(each.model), f"{each.requests:,}", f"{each.known:,}"),
            *(f"{each.prompt_tokens:,}", f"{each.completion_tokens:,}"),
            *(_dollars(each.cost), _duration(each.seconds)),
        )
    console.print(table)
    known = [each.cost for each in quotes if each.cost is not None]
    console.print(_text(f"in all: {_dollars(sum(known))} for samples that are all accepted"))
    for price in sorted({each.price for each in quotes}):
        console.print(_text(f"prices: {price}"))
    for counted in sorted({each.counted for each in quotes}):
        console.print(_text(f"prompt tokens: counted by {counted}"))


def _dollars(cost: float | None) -> str:
    return "unknown" if cost is None else f"${cost:,.4f}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def print_cache(
    folder: Path, sizes: Mapping[str, int], spent: Sequence[Spent], removed: int | None
) -> None:
    """Print what the cache holds, and what models have been paid for, over all runs."""
    console = _console()
    console.print(_text(str(folder)))
    for name, size in sizes.items():
        console.print(_text(f"  {name}: {size / 1e6:,.1f} MB"))
    if removed is not None:
        console.print(_text(f"forgot {removed:,} answers"))
    for each in spent:
        console.print(
            _text(
                f"{each.task}: {each.requests:,} answers of {each.model}, "
                f"{each.prompt_tokens:,} + {each.completion_tokens:,} tokens, {_dollars(each.cost)}"
            )
        )


def _shortfall(manifest: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    if counts["accepted"] >= counts["wanted"]:
        return ""
    source = manifest["source"]
    strata = counts["strata"].values()
    held_back = any(each["quota"] < each["keys"] for each in strata)
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
    console = _console()
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
            _text(row["name"]),
            _text(row["title"]),
            _text(row["type"]),
            _text(row["source"]),
            f"{row['size']:,}",
            _text(", ".join(papers)),
            *((_text(", ".join(row["missing"])),) if impossible else ()),
        )
    console.print(table)
    if impossible:
        possible = sum(not row["missing"] for row in rows)
        console.print(_text(f"\n{possible} of {len(rows)} tasks have all that they need"))
    if mixtures:
        console.print()
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("mixture", "what", "tasks", "printed size", "no task yet for"):
            table.add_column(column, overflow="fold")
        for each in mixtures:
            table.add_row(
                _text(each["name"]),
                _text(each["title"]),
                f"{each['tasks']:,}",
                f"{each['size']:,}" if each["size"] else "",
                _text(_numbers(each["absent"])),
            )
        console.print(table)


def _numbers(value: int | list[int] | None) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def print_records(records: Sequence[Mapping[str, Any]]) -> None:
    """Print samples, or dropped candidates with their reasons, as a person would read them."""
    console = _console()
    if not records:
        console.print(_text("nothing here"))
    for record in records:
        if "reason" in record:
            inner = json.loads(record["record"])
            body: RenderableType = Group(
                _text(f"dropped by {record['filter']}: {record['reason']}", style="bold red"),
                _text(record["detail"]),
                _text(inner.get("input_field") or record["record"]),
            )
        else:
            body = Group(
                _text(record["input_field"]),
                _text(record["output_field"], style="bold green"),
            )
        console.print(Panel(body, title=_title(record), title_align="left"))


def _title(record: Mapping[str, Any]) -> Text:
    parts = [record["id"], record["task"]]
    if "provenance" in record:
        parts += [record["lang"], f"wording {record['provenance']['wording']}", record["metric"]]
    return _text(" · ".join(parts))


def print_story(story: Mapping[str, Any]) -> None:
    """Print the whole story of one sample."""
    console = _console()
    sample = story["sample"]
    console.print(_text(story["decision"], style="bold"))
    definition = story["definition"]
    console.print(
        _text(
            f"view {definition['view']}, template {definition['template']}, "
            f"seed {definition['seed']}, definition {definition['hash']}"
        )
    )
    console.print(_text("\nSource rows", style="bold"))
    if "rows_missing" in story:
        console.print(_text(f"  not to be had: {story['rows_missing']}"))
    for row in story["rows"]:
        line = _text(f"  {row['table']}: ", style="cyan")
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
        console.print(_text("\nThe row, of which no sample was made", style="bold"))
        console.print(_text(json.dumps(sample, ensure_ascii=False, indent=2)))
        return
    console.print(_text("\nWhat the view gave", style="bold"))
    for name, value in json.loads(sample["slots"]).items():
        console.print(_text(f"  {name}: {json.dumps(value, ensure_ascii=False)}"))
    console.print(_text(f"\nWording {sample['provenance']['wording']!r}", style="bold"))
    console.print(Panel(_text(sample["input_field"])))
    _print_arrangement(console, sample)
    console.print(_text("\nVerdicts", style="bold"))
    table = Table(box=None, pad_edge=True, header_style="dim")
    for column in ("filter", "verdict", "score", "detail"):
        table.add_column(column, overflow="fold")
    for verdict in sample["verdicts"]:
        score = "" if verdict["score"] is None else f"{verdict['score']:g}"
        said = "keep" if verdict["keep"] else f"drop: {verdict['reason']}"
        table.add_row(verdict["filter"], said, score, _text(verdict["detail"]))
    console.print(table)


def _print_arrangement(console: Console, sample: Mapping[str, Any]) -> None:
    """Print what stands where: each option's number as printed, and what it is worth."""
    gold = json.loads(sample["gold"])
    console.print(_text("Arrangement and answer", style="bold"))
    first = 0 if sample["task_type"] == "multiple-choice" else 1
    for number, option in enumerate(sample["options"], first):
        if sample["task_type"] == "ranking":
            worth = f"relevance {gold[number - first]:g}"
        else:
            worth = "gold" if number in (gold if isinstance(gold, list) else [gold]) else ""
        console.print(_text(f"  {number}. {option}  [{worth or 'not gold'}]"))
    console.print(_text(f"  printed: {sample['output_field']}"))


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


def _text(text: str, style: str = "") -> Text:
    """Return text for the terminal in which nothing is obeyed: see :func:`visible`."""
    return Text(visible(text), style=style)


def _console() -> Console:
    width = None if sys.stdout.isatty() else 120
    return Console(width=width, highlight=False, markup=False, emoji=False)
