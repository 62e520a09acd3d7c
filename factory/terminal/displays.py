"""What people see in a terminal while they wait; nothing where there is none, or nobody looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from factory.terminal.text import as_text, visible

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool
    from factory.recipe import Share

#: Seconds over which a rate is told.
_WINDOW: Final = 30.0


class RunDisplay:
    """Progress of one task: a bar on a terminal, nothing elsewhere or when silent.

    Args:
        task: whose progress it is.
        silent: whether nothing is shown.
        models: where the task asks some; a line below the bars then says what they were asked.
    """

    def __init__(self, task: str, *, silent: bool, models: ModelPool | None = None) -> None:
        self._task = task
        self._silent = silent
        self._models = models
        self._bar: Progress | None = None
        self._bars: dict[str, Any] = {}
        self._rate = _Rate()

    def __enter__(self) -> Self:
        console = Console(stderr=True)
        if not self._silent and console.is_terminal:
            self._bar = _RunProgress(console, self._below)
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
        self._rate = _Rate()

    def update(self, split: str, accepted: int, wanted: int, rejected: int) -> None:
        """Show how far a split has come."""
        if self._bar is None:
            return
        if split not in self._bars:
            self._bars[split] = self._bar.add_task(
                visible(f"{self._task} {split}"), total=wanted, rejected=rejected
            )
        self._bar.update(self._bars[split], completed=accepted, rejected=rejected)
        self._rate.note(split, accepted + rejected)

    def _below(self) -> str:
        """Return what is told below the bars."""
        return "" if self._models is None else spending(self._models, self._rate.a_second())


class _RunProgress(Progress):
    """Bars of splits, and a line below them that is read anew whenever it is drawn."""

    def __init__(self, console: Console, below: Callable[[], str]) -> None:
        self._below = below
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rejected]} dropped"),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=False),
            TextColumn("left"),
            console=console,
            transient=True,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bars, and what is told below them."""
        yield from super().get_renderables()
        if below := self._below():
            yield as_text(below)


class _Rate:
    """How many rows a second have been decided of late."""

    def __init__(self) -> None:
        self._decided: dict[str, int] = {}
        self._seen: deque[tuple[float, int]] = deque([(monotonic(), 0)])

    def note(self, split: str, decided: int) -> None:
        """Take in how many rows of a split are decided."""
        self._decided[split] = decided
        now = monotonic()
        self._seen.append((now, sum(self._decided.values())))
        while len(self._seen) > 2 and self._seen[1][0] < now - _WINDOW:
            self._seen.popleft()

    def a_second(self) -> float:
        """Return the rate, which falls while nothing comes."""
        since, first = self._seen[0]
        passed = monotonic() - since
        return (self._seen[-1][1] - first) / passed if passed else 0.0


def spending(models: ModelPool, rows_a_second: float) -> str:
    """Return what models were asked so far in one line, for all tasks of a run."""
    bill = list(models.bill.values())
    asked, known = sum(each.asked for each in bill), sum(each.known for each in bill)
    prompt = sum(each.prompt_tokens for each in bill)
    completion = sum(each.completion_tokens for each in bill)
    parts = [f"{rows_a_second:.1f} rows/s", f"{asked:,} requests"]
    if known:
        parts.append(f"{known:,} known")
    if failures := sum(each.failures for each in bill):
        parts.append(f"{failures:,} tried again")
    parts.append(f"{prompt:,} + {completion:,} tokens")
    limit = models.budget.limit
    of = "" if limit is None else f" of ${limit:,.2f}"
    parts.append(f"${models.budget.spent:,.4f}{of}")
    batches, done, requests = models.awaited.now
    if batches:
        named = "1 batch" if batches == 1 else f"{batches:,} batches"
        parts.append(f"waiting for {named}: {done:,} of {requests:,} done")
    return ", ".join(parts)


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

    def __init__(
        self, mixture: str, tasks: int, *, silent: bool, models: ModelPool | None = None
    ) -> None:
        self._mixture = mixture
        self._tasks = tasks
        self._current = RunDisplay(mixture, silent=silent, models=models)

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
