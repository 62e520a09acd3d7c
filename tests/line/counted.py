"""What something costs, counted: times differ from machine to machine and from run to run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def calls_of(work: Callable[[], object]) -> int:
    """Return how many functions of Python's ``work`` calls; a generator counts at each value."""
    calls = 0

    def count(_frame: Any, event: str, _given: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
