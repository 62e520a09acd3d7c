"""Memory that does not suffice: told before where it can be known, and in one line where not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from factory.errors import TrainingError

_MEMORY: Final = Path("/proc/meminfo")
_FREE: Final = "MemAvailable:"


@contextmanager
def ran_out(advice: str) -> Iterator[None]:
    """Turn what a library says when memory runs out into one :class:`TrainingError`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(f"memory ran out: {advice}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that memory ran out, on the device or beside it."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate" in text


def check_free(needed: int, what: str) -> None:
    """Raise :class:`TrainingError` where ``what`` takes more bytes than this machine has free.

    Linux gives more than there is and ends whoever uses it, without a word: so it is asked before.
    Where the system does not tell, nothing is checked.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise TrainingError(
            f"{what} needs {needed / 1e9:,.1f} GB of memory and {free / 1e9:,.1f} GB is free: end "
            "what else is running, or take a machine that has more"
        )


def free_memory() -> int | None:
    """Return the bytes that a new program can have; None where the system does not tell."""
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    told = (line.split() for line in lines if line.startswith(_FREE))
    return next((int(fields[1]) * 1024 for fields in told), None)
