"""Runs a command, and ends it with all that it started where the program that asked for it is gone.

A file to run, ``python supervisor.py COMMAND...``, in a session of its own. Its standard input is
a pipe that nobody writes to: the system closes it when the program at its other end ends, also when
that was killed and could say nothing. It ends with the command's exit code, or with 128 and the
number of the signal that ended it. It imports nothing of the project, so that it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Final

_SECONDS_TO_END: Final = 20.0


def supervise(command: list[str]) -> int:
    """Return the exit code of ``command`` once it has ended."""
    # Whoever ends the group means the command: its code is waited for. A handler, unlike an
    # ignored signal, is not handed on to the command.
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  (our own caller's)
    abandoned = threading.Event()
    threading.Thread(target=_end_when_abandoned, args=(child, abandoned), daemon=True).start()
    code = child.wait()
    if abandoned.is_set():
        # What the command started and left behind, and this process with it.
        os.killpg(0, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _end_when_abandoned(child: subprocess.Popen[bytes], abandoned: threading.Event) -> None:
    """Wait until nobody holds the other end of the standard input, then end the command."""
    while os.read(0, 1):
        pass
    abandoned.set()
    os.killpg(0, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(_SECONDS_TO_END)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(supervise(sys.argv[1:]))
