"""An error as it is told: a line for a person, or an object for a program."""

from __future__ import annotations

import json
import sys
import traceback

from factory.terminal.text import visible


def print_error(
    message: str, kind: str, code: int, *, as_json: bool, traceback_of: BaseException | None
) -> None:
    """Print an error on stderr: ``error: ...`` for each line of it, or one JSON object.

    The object has ``error`` (the message), ``kind`` and ``exit_code``. A traceback, where one is
    asked for, stands before it.
    """
    if traceback_of is not None:
        for line in traceback.format_exception(traceback_of):
            _write(visible(line))
    if as_json:
        told = {"error": message, "kind": kind, "exit_code": code}
        _write(f"{json.dumps(told, ensure_ascii=False)}\n")
        return
    for line in message.splitlines():
        _write(f"error: {visible(line)}\n")


def _write(text: str) -> None:
    if sys.stderr is not None:  # closed by whoever started this: the code still tells
        sys.stderr.write(text)
