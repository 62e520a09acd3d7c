"""What people see of a training run: the step, the loss, the time left."""

from __future__ import annotations

from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class TrainingDisplay:
    """A bar on a terminal, a line for each loss elsewhere, nothing when silent."""

    def __init__(self, *, silent: bool) -> None:
        self._console = Console(stderr=True)
        self._silent = silent
        self._bar: Progress | None = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if not self._silent and self._console.is_terminal:
            self._bar = Progress(
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("loss {task.fields[loss]:.4f}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, step: int, steps: int, loss: float) -> None:
        """Show how far the run is."""
        if self._silent:
            return
        if self._bar is None:
            self._console.print(f"step {step:,} of {steps:,}: loss {loss:.4f}", highlight=False)
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=steps, loss=loss)
        self._bar.update(self._task, completed=step, loss=loss)
