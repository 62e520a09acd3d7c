"""What people see while they wait: bars on a terminal, a line now and then in a log."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from factory.terminal.bars import unwanted
from factory.terminal.bills import duration
from factory.terminal.lines import Lines
from factory.terminal.text import as_text, visible

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool
    from factory.recipe import Share

#: Seconds over which a rate is told.
_WINDOW: Final = 30.0
#: Where there is no terminal, the first line comes after so many seconds.
_FIRST_LINE: Final = 10.0
#: A narrower terminal has no room for a bar beside its numbers.
_WIDE: Final = 80
#: Nor one narrower than this for the time that has passed.
_WIDER: Final = 100


class RunDisplay:
    """Progress of one task: bars on a terminal, a line now and then elsewhere; or nothing.

    Args:
        task: whose progress it is.
        silent: whether nothing is shown.
        models: where the task asks some; what they were asked, and what it cost, is then told too.
        first_line: after how many seconds the first line comes where there is no terminal; the
            next ones come ever later.
    """

    def __init__(
        self,
        task: str,
        *,
        silent: bool,
        models: ModelPool | None = None,
        first_line: float = _FIRST_LINE,
    ) -> None:
        self._task = task
        self._silent = silent or unwanted()
        self._models = models
        self._first_line = first_line
        self._bar: Progress | None = None
        self._lines: Lines | None = None
        self._bars: dict[str, Any] = {}
        self._whole: Any = None
        self._rate = _Rate()
        self._at = ("", 0, 0, 0)
        self._accepting = _Rate()

    def __enter__(self) -> Self:
        console = Console(stderr=True)
        if not self._silent and console.is_terminal:
            self._bar = _RunProgress(console, self._below)
            self._bar.start()
        elif not self._silent:
            self._lines = Lines(self._line, first=self._first_line)
            self._lines.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._lines is not None:
            self._lines.stop()

    def rename(self, task: str) -> None:
        """Go on to another task, with bars of its own."""
        self._task = task
        for bar in self._bars.values():
            if self._bar is not None:
                self._bar.remove_task(bar)
        self._bars.clear()
        self._rate, self._accepting = _Rate(), _Rate()
        self._at = ("", 0, 0, 0)

    def update(self, split: str, accepted: int, wanted: int, rejected: int) -> None:
        """Show how far a split has come."""
        self._rate.note(split, accepted + rejected)
        if split != self._at[0]:
            self._accepting = _Rate()
        self._accepting.note(split, accepted)
        self._at = (split, accepted, wanted, rejected)
        if self._bar is None:
            return
        if split not in self._bars:
            self._bars[split] = self._bar.add_task(
                visible(f"{self._task} {split}"), total=wanted, rejected=f"{rejected:,} dropped"
            )
        self._bar.update(self._bars[split], completed=accepted, rejected=f"{rejected:,} dropped")

    def update_whole(self, name: str, accepted: int, wanted: int) -> None:
        """Show how far all tasks together have come, in a bar that stays above theirs."""
        if self._bar is None:
            return
        if self._whole is None:
            self._whole = self._bar.add_task(visible(name), total=wanted, rejected="")
        self._bar.update(self._whole, completed=accepted)

    def _below(self) -> str:
        """Return what is told below the bars."""
        return "" if self._models is None else spending(self._models, self._rate.a_second())

    def _line(self) -> str:
        """Return in one line how far the task has come."""
        split, accepted, wanted, rejected = self._at
        if not split:
            return f"{self._task}: reading its source"
        rate = self._accepting.a_second()
        left = f", {duration((wanted - accepted) / rate)} left" if rate else ""
        told = (
            f"{self._task} {split}: {accepted:,} of {wanted:,}, {rejected:,} dropped, "
            f"{rate:,.1f} a second{left}"
        )
        return f"{told}; {below}" if (below := self._below()) else told


class _RunProgress(Progress):
    """Bars of splits, and a line below them that is read anew whenever it is drawn."""

    def __init__(self, console: Console, below: Callable[[], str]) -> None:
        self._below = below
        named = TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold"))
        counted = (MofNCompleteColumn(), TextColumn("{task.fields[rejected]}"), _SpeedColumn())
        left = (
            TimeRemainingColumn(compact=True, elapsed_when_finished=False),
            TextColumn("left"),
        )
        wide = console.width >= _WIDE
        super().__init__(
            named,
            *((BarColumn(bar_width=20),) if wide else ()),
            *counted,
            *((TimeElapsedColumn(),) if console.width >= _WIDER else ()),
            *left,
            console=console,
            transient=True,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bars, and what is told below them."""
        yield from super().get_renderables()
        if below := self._below():
            yield as_text(below)


class _SpeedColumn(ProgressColumn):
    """How many samples a second are accepted."""

    def render(self, task: Task) -> Text:
        """Return the speed of late; nothing before there is one."""
        return Text("" if task.speed is None else f"{task.speed:,.1f}/s")


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


class MixtureDisplay:
    """Progress of a mixture: a bar for all its tasks and one for the task in hand."""

    def __init__(
        self,
        mixture: str,
        shares: Sequence[Share],
        *,
        silent: bool,
        models: ModelPool | None = None,
    ) -> None:
        self._mixture = mixture
        self._tasks = len(shares)
        self._wanted = sum(share.size + share.test for share in shares)
        self._current = RunDisplay(mixture, silent=silent, models=models)
        self._begun = 0
        self._before = 0
        self._share = 0
        self._accepted: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._current.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._current.__exit__(*exception)

    def begin(self, share: Share) -> Callable[[str, int, int, int], None]:
        """Go on to the next task; return what is told how far it has come."""
        self._current.rename(f"{share.task} {self._begun + 1}/{self._tasks}")
        self._begun += 1
        self._before += self._share
        self._share = share.size + share.test
        self._accepted.clear()
        return self._update

    def _update(self, split: str, accepted: int, wanted: int, rejected: int) -> None:
        if split in ("train", "test"):  # else it is a table that the task needs
            self._accepted[split] = accepted
        done = self._before + sum(self._accepted.values())
        self._current.update_whole(self._mixture, done, self._wanted)
        self._current.update(split, accepted, wanted, rejected)
