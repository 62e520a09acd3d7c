"""Bars of progress by name, where there is a terminal and somebody wants them."""

from __future__ import annotations

import os
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from factory.terminal.text import visible


def unwanted() -> bool:
    """Return whether the environment wants no progress anywhere: ``FACTORY_PROGRESS=off``."""
    return os.environ.get("FACTORY_PROGRESS", "") == "off"


class Bars:
    """A bar for each name on a terminal; nothing elsewhere, or when silent.

    ``columns`` stand behind the bar.
    """

    def __init__(self, *columns: ProgressColumn, silent: bool) -> None:
        console = Console(stderr=True)
        self.are_shown = console.is_terminal and not (silent or unwanted())
        name = TextColumn("{task.description}", markup=False)
        self._progress = Progress(name, BarColumn(), *columns, console=console)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if self.are_shown:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.are_shown:
            self._progress.stop()

    def update(self, name: str, done: int, total: int | None, loss: float = 0.0) -> None:
        """Show how much is done of what has this name; ``loss`` where a column tells it."""
        if not self.are_shown:
            return
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(visible(name), total=total, loss=loss)
        self._progress.update(self._bars[name], completed=done, total=total, loss=loss)


def download_bars(*, silent: bool) -> Bars:
    """Return a bar a file, in bytes."""
    return Bars(DownloadColumn(), TransferSpeedColumn(), silent=silent)


def answer_bars(*, silent: bool) -> Bars:
    """Return a bar a model, in questions."""
    return Bars(MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), silent=silent)


class TrainingDisplay:
    """A bar of a training run's steps on a terminal, a line for each loss elsewhere."""

    def __init__(self, *, silent: bool) -> None:
        loss = TextColumn("loss {task.fields[loss]:.4f}")
        self._bars = Bars(
            *(MofNCompleteColumn(), loss, TimeElapsedColumn(), TimeRemainingColumn()),
            silent=silent,
        )
        self._lines = None if silent or unwanted() else Console(stderr=True)

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.__exit__(*exception)

    def update(self, step: int, steps: int, loss: float) -> None:
        """Show how far the run is."""
        if self._bars.are_shown:
            self._bars.update("training", step, steps, loss)
        elif self._lines is not None:
            self._lines.print(f"step {step:,} of {steps:,}: loss {loss:.4f}", highlight=False)
