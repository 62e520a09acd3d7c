"""What people see of language models in a terminal: bills, quotes, and what the cache holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from factory.terminal.text import as_text, open_console, print_line

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from factory.line.quote import Quote
    from factory.llm.asker import Usage
    from factory.llm.ledger import Spent


def print_bill(bill: Mapping[tuple[str, str], Usage]) -> None:
    """Print what language models were asked in this run, and what it cost."""
    console = open_console()
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
        print_line(console, ", ".join(parts))


def print_quotes(quotes: Sequence[Quote]) -> None:
    """Print what tasks would ask and cost, and their sums."""
    console = open_console()
    if not quotes:
        print_line(console, "no task of these asks a language model")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("task", "for", "model", "requests", "known", "tokens in", "out", "cost", "time"):
        right = name not in ("task", "for", "model")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for each in quotes:
        time = (
            "a day a batch"
            if each.lane == "batch"
            else "unknown"
            if each.seconds is None
            else duration(each.seconds)
        )
        for number, part in enumerate(each.parts):
            table.add_row(
                *(as_text("" if number else each.task), as_text(part.part), as_text(each.model)),
                *(f"{part.requests:,}", f"{part.known:,}"),
                *(_tokens(part.prompt_tokens), _tokens(part.completion_tokens)),
                *(_dollars(part.cost), "" if number else time),
            )
    console.print(table)
    known = [each.cost for each in quotes if each.cost is not None]
    more = "" if len(known) == len(quotes) else ", and what is unknown"
    print_line(console, f"in all: {_dollars(sum(known))}{more}")
    _print_shares(console, quotes)
    for price in sorted({each.price for each in quotes}):
        print_line(console, f"prices: {price}")
    for counted in sorted({each.counted for each in quotes}):
        print_line(console, f"prompt tokens: counted by {counted}")


def _print_shares(console: Console, quotes: Sequence[Quote]) -> None:
    """Print which rows are reckoned to be dropped, and that no others are."""
    assumed = False
    for quote in quotes:
        for part in quote.parts:
            assumed |= part.share is None
            if part.share is not None and part.share < 1:
                rows = f"of {part.answered:,} rows whose answers the ledger has"
                went_on = f"{part.share:.1%} went on from {part.part}"
                print_line(console, f"{quote.task}: {rows}, {went_on}, and so of all")
    if assumed:
        print_line(console, "rows of which the ledger has no answers are taken to be accepted")


def _tokens(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"


def _dollars(cost: float | None) -> str:
    return "unknown" if cost is None else f"${cost:,.4f}"


def duration(seconds: float) -> str:
    """Return a stretch of time in its two largest units: ``2 min 05 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def print_cache(
    folder: Path, sizes: Mapping[str, int], spent: Sequence[Spent], removed: int | None
) -> None:
    """Print what the cache holds, and what models have been paid for, over all runs."""
    console = open_console()
    print_line(console, str(folder))
    for name, size in sizes.items():
        print_line(console, f"  {name}: {size / 1e6:,.1f} MB")
    if removed is not None:
        found = f"forgot {removed:,} answers" if removed else "no answer is what was named"
        print_line(console, found)
    for each in spent:
        print_line(
            console,
            f"{each.task}: {each.requests:,} answers of {each.model}, "
            f"{each.prompt_tokens:,} + {each.completion_tokens:,} tokens, {_dollars(each.cost)}",
        )
