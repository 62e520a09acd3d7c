"""Ctrl-C, and what else means the same here, during a long query.

DuckDB looks for signals between the tasks that the main thread does itself. Where threads of its
own have taken all of a query's work, the main thread sleeps, and would hear of none until the end.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import duckdb

#: SIGTERM where the command line says so.
_INTERRUPTS: Final = (signal.SIGINT, signal.SIGTERM)
_NOBODY: Final = -1


def interrupts() -> tuple[signal.Signals, ...]:
    """Return the signals that raise KeyboardInterrupt in this thread: none but in the main one."""
    if threading.current_thread() is not threading.main_thread():
        return ()
    return tuple(
        each for each in _INTERRUPTS if signal.getsignal(each) is signal.default_int_handler
    )


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Let the signals that raise KeyboardInterrupt end the query of ``connection`` under way.

    From the main thread alone, to which signals come. Where somebody else is told of signals
    already, it stays so: an event loop is while it runs, and has to give the place back.

    Raises:
        KeyboardInterrupt: also in place of DuckDB's own error.
    """
    ours = interrupts()
    if not ours:
        yield connection
        return
    hears, told = socket.socketpair()
    before = _NOBODY
    with hears, told:
        told.setblocking(False)  # as a file that is told of signals has to be
        listener = threading.Thread(
            target=_interrupt, args=(connection, hears, frozenset(ours)), daemon=True
        )
        listener.start()
        try:
            before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
            if before != _NOBODY:
                signal.set_wakeup_fd(before)
            yield connection
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        finally:
            # First: a number that stays set is that of the next file to be opened.
            signal.set_wakeup_fd(before)
            told.close()
            listener.join()


def _interrupt(
    connection: duckdb.DuckDBPyConnection, hears: socket.socket, ours: frozenset[int]
) -> None:
    """Interrupt ``connection`` at each of the signals ``ours``, until the other end is closed."""
    with suppress(OSError):  # closed at this end too, where another interrupt came amid the end
        while numbers := hears.recv(64):
            if not ours.isdisjoint(numbers):
                with suppress(duckdb.Error):  # a connection that is closed has no query
                    connection.interrupt()
