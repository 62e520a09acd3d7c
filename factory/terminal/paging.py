"""What is longer than the screen goes through a pager, as people are used to from git."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from typing import Self

from rich.console import Console, RenderableType

from factory.terminal.text import open_console


class Pages:
    """Prints; on a terminal, what is longer than the screen goes to ``$PAGER`` (``less``).

    Nothing is held back elsewhere, and the pager starts as soon as the screen is full: whoever
    leaves it early does not wait for the rest. ``console`` is what a renderable is made for.
    """

    def __init__(self, *, wanted: bool = True, width_elsewhere: int = 120) -> None:
        self.console: Console = open_console(width_elsewhere)
        self._command = _pager() if wanted and _on_terminal() else []
        self._waiting: list[str] = []
        self._lines = 0
        self._pager: subprocess.Popen[str] | None = None
        self._left = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pager is None:
            sys.stdout.write("".join(self._waiting))
            return
        # Ctrl-C belongs to the pager while it has the screen.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._write("")
            if self._pager.stdin is not None and not self._left:
                self._pager.stdin.close()
        except BrokenPipeError:
            self._left = True
        finally:
            self._pager.wait()
            signal.signal(signal.SIGINT, before)

    def print(self, renderable: RenderableType) -> bool:
        """Print something; return False where the reader has left the pager."""
        if not self._command:
            self.console.print(renderable)
            return True
        with self.console.capture() as captured:
            self.console.print(renderable)
        text = captured.get()
        self._lines += text.count("\n")
        if self._pager is None and self._lines < self.console.height:
            self._waiting.append(text)
            return True
        if self._pager is None and not self._start():
            self._command = []
            sys.stdout.write("".join([*self._waiting, text]))
            self._waiting.clear()
            return True
        return self._write(text)

    def _start(self) -> bool:
        environment = {"LESS": "FRX", "LESSCHARSET": "utf-8", **os.environ}
        try:
            self._pager = subprocess.Popen(  # noqa: S603 (the user's own $PAGER, and no shell)
                self._command, stdin=subprocess.PIPE, env=environment, encoding="utf-8"
            )
        except OSError:
            return False
        return self._write("".join(self._waiting))

    def _write(self, text: str) -> bool:
        if self._pager is None or self._pager.stdin is None or self._left:
            return not self._left
        try:
            self._pager.stdin.write(text)
            self._pager.stdin.flush()
        except BrokenPipeError:
            self._left = True
        return not self._left


def _on_terminal() -> bool:
    return sys.stdout.isatty() and sys.stdin is not None and sys.stdin.isatty()


def _pager() -> list[str]:
    """Return the command of the pager; empty where the user wants none (``PAGER=cat``)."""
    try:
        command = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:
        return []
    return [] if command in ([], ["cat"]) else command
