"""Progress where there is no terminal: a line now and then, so that a log is alive and short."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from factory.terminal.text import visible

#: Lines come ever later, but no later than this after the last: in seconds.
_LONGEST: Final = 300.0
_GROWS_BY: Final = 2.0


class Lines:
    """Writes what ``tell`` returns to stderr after ``first`` seconds, then ever more rarely.

    A thread does it, so that a run which waits for somebody tells so too. What is short says
    nothing at all.
    """

    def __init__(self, tell: Callable[[], str], *, first: float) -> None:
        self._tell = tell
        self._wait = first
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Begin to count the seconds."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._wait):
            if sys.stderr is None:
                return
            try:
                sys.stderr.write(f"{visible(self._tell())}\n")
                sys.stderr.flush()
            except OSError:  # nobody reads it: the run goes on
                return
            self._wait = min(self._wait * _GROWS_BY, _LONGEST)
