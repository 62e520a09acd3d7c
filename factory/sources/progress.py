"""Who watches a download: told of its bytes while it runs, whichever adapter asked for the files.

A context variable, since between the one who watches and the one who downloads stands every
adapter, and none of them has anything to do with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

#: Called with (bytes there, bytes in all or None where the server does not say, what is fetched: a
#: file's name, or ``owner/name`` of a dataset on a Hub, whose files come together). From any
#: thread; what it raises ends the download.
Watcher = Callable[[int, int | None, str], None]

_WATCHER: Final[ContextVar[Watcher | None]] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher | None) -> Iterator[None]:
    """Let ``watcher`` be told of what is downloaded while the context lasts."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def watcher() -> Watcher | None:
    """Return who watches now, if anyone does."""
    return _WATCHER.get()


def hub_bars(dataset: str) -> type[Any] | None:
    """Return what the Hub's client counts its bytes with, so that they are told to the watcher.

    None where nobody watches: the client then shows bars of its own. The client keeps several bars
    (bytes received, bytes written, files), in numbers that differ by version; of those that count
    bytes, the one that is furthest is told.
    """
    watches = _WATCHER.get()
    if watches is None:
        return None
    told: Watcher = watches
    from huggingface_hub.utils.tqdm import tqdm

    furthest = [0]

    class Bars(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self._bytes = options.get("unit") == "B"
            self._done = int(options.get("initial") or 0)
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            self._done += int(n or 0)
            if self._bytes and self._done > furthest[0]:
                furthest[0] = self._done
                total = int(self.total or 0)
                told(self._done, total if total >= self._done else None, dataset)

    return Bars
