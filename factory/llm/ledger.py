"""Every answer on disk before it is used: nothing is paid twice.

One SQLite file on a local disk, shared by all runs and tasks of a user. An answer is keyed by the
whole request, so an edited prompt, parameter or schema asks again and nothing else does. Failures
are never kept, but for what was refused in a batch: to hear it again would take a day. One thread
writes and commits its whole queue at once (grouped commits), with ``synchronous=FULL``: what
:meth:`Ledger.put` has confirmed survives a power cut.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from factory.errors import ModelError
from factory.llm.request import Answer

_FORM: Final = 1
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    task TEXT NOT NULL,
    text TEXT NOT NULL,
    finish TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    cost REAL NOT NULL,
    seconds REAL NOT NULL,
    created INTEGER NOT NULL
)
"""
_BY_TASK: Final = "CREATE INDEX IF NOT EXISTS answers_by_task ON answers (task, model)"
_REFUSALS: Final = """
CREATE TABLE IF NOT EXISTS refusals (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    model TEXT NOT NULL,
    task TEXT NOT NULL,
    cause TEXT NOT NULL,
    created INTEGER NOT NULL
)
"""
_INSERT: Final = """
INSERT INTO answers (key, endpoint, model, task, text, finish, prompt_tokens, completion_tokens,
    characters, cost, seconds, created)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET text = excluded.text, finish = excluded.finish,
    prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
    cost = answers.cost + excluded.cost, seconds = excluded.seconds, created = excluded.created
"""
_SELECT: Final = """
SELECT key, text, finish, prompt_tokens, completion_tokens, cost, seconds FROM answers
WHERE key IN ({})
"""
#: Keys looked up by one statement at most.
_MOST_KEYS: Final = 256
_WAIT_MILLISECONDS: Final = 60_000


class Entry(NamedTuple):
    """An answer with what it is filed under; ``characters`` is the prompt's length."""

    key: bytes
    endpoint: str
    model: str
    task: str
    characters: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Spent:
    """What one model has been asked for one task, over all runs; ``cost`` in US dollars.

    ``seconds`` is of the ``timed`` requests: an answer of a batch has no time of its own.
    """

    task: str
    model: str
    endpoint: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    characters: int
    cost: float
    seconds: float
    timed: int


class Ledger:
    """The answers of all runs.

    Args:
        path: the SQLite file; made with its folder where it is missing.

    Raises:
        ModelError: where the file cannot be opened, or is none of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._queue: queue.SimpleQueue[tuple[Entry, Callable[[Exception | None], None]] | None] = (
            queue.SimpleQueue()
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._reader = self.connect()
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise ModelError(
                f"the ledger {str(path)!r} cannot be opened ({error}): free some space, move it "
                "away, or set ESHOP_FACTORY_CACHE to a folder on a local disk"
            ) from error
        self._thread: threading.Thread | None = None

    def connect(self) -> sqlite3.Connection:
        """Return a connection of its own, for one thread."""
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=16
        )
        connection.execute(f"PRAGMA busy_timeout = {_WAIT_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _prepare(self) -> None:
        (form,) = self._reader.execute("PRAGMA user_version").fetchone()
        if form not in (0, _FORM):
            raise ModelError(
                f"the ledger {str(self.path)!r} was written by another version (form {form}, "
                f"this one writes {_FORM}): move it away, or use that version"
            )
        self._reader.execute(_TABLE)
        self._reader.execute(_BY_TASK)
        self._reader.execute(_REFUSALS)
        self._reader.execute(f"PRAGMA user_version = {_FORM}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is queued, and let the file go."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._reader.close()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Answer]:
        """Return the answers that there are under ``keys``.

        One statement for many: each lets other threads of this process run, and comes back late.

        Raises :class:`ModelError` where the file cannot be used; so do all that read here.
        """
        found: dict[bytes, Answer] = {}
        for start in range(0, len(keys), _MOST_KEYS):
            part = keys[start : start + _MOST_KEYS]
            # Few different statements, so that they stay prepared.
            asked = [*part, *[part[-1]] * (-len(part) % 32)]
            statement = _SELECT.format(", ".join("?" * len(asked)))
            for key, *answer in self._read(statement, asked):
                found[key] = Answer(*answer)
        return found

    def refused(self, keys: Collection[bytes]) -> dict[bytes, str]:
        """Return why requests among ``keys`` were refused in a batch."""
        rows = self._read("SELECT key, cause FROM refusals")
        return {key: cause for key, cause in rows if key in keys}

    def put(self, entry: Entry, done: Callable[[Exception | None], None]) -> None:
        """Queue an answer; ``done`` is called by the writing thread once it is on the disk.

        It is given the error where it could not be written. An answer that is there already is
        replaced (``--fresh``), and its cost added to: both were paid.
        """
        if self._thread is None:
            # Opened here: what refuses it (a disk that is full by now) is told to who puts.
            try:
                connection = self.connect()
            except sqlite3.Error as error:
                done(error)
                return
            self._thread = threading.Thread(
                target=self._write, args=(connection,), name="ledger", daemon=True
            )
            self._thread.start()
        self._queue.put((entry, done))

    def _write(self, to: sqlite3.Connection) -> None:
        with closing(to) as connection:
            open_ = True
            while open_:
                batch = [self._queue.get()]
                while True:
                    try:
                        batch.append(self._queue.get_nowait())
                    except queue.Empty:
                        break
                waiting = [each for each in batch if each is not None]
                open_ = len(waiting) == len(batch)
                failure = _commit(connection, [entry for entry, _ in waiting])
                for _, done in waiting:
                    done(failure)

    def spent(self) -> list[Spent]:
        """Return what was spent, by task and model, over all runs."""
        rows = self._read("""
            SELECT task, model, endpoint, count(*), sum(prompt_tokens), sum(completion_tokens),
                sum(characters), sum(cost), sum(seconds), sum(seconds > 0)
            FROM answers GROUP BY task, model, endpoint ORDER BY task, model, endpoint
        """)
        return [Spent(*row) for row in rows]

    def keys(self) -> Iterator[bytes]:
        """Yield the keys of all answers."""
        for (key,) in self._read("SELECT key FROM answers"):
            yield key

    def _read(self, statement: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a statement."""
        try:
            yield from self._reader.execute(statement, values)
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.Error) -> ModelError:
        return ModelError(
            f"the ledger {str(self.path)!r} cannot be used ({error}): where it is damaged, move it "
            "away, and what it has is asked again"
        )

    def prune(
        self, *, task: str | None = None, model: str | None = None, older_than: float | None = None
    ) -> int:
        """Forget answers and refusals, and return how many.

        Of a task, of a model, older than some seconds. Asking for them again costs again.
        """
        conditions, values = ["true"], []
        for column, value in (("task", task), ("model", model)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        bound = time.time() if older_than is None else time.time() - older_than
        chosen = f"{' AND '.join(conditions)} AND created <= ?"
        removed = 0
        try:
            for table in ("answers", "refusals"):
                removed += self._reader.execute(
                    f"DELETE FROM {table} WHERE {chosen}",  # noqa: S608
                    (*values, int(bound)),
                ).rowcount
            self._reader.execute("VACUUM")
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        return removed


def _commit(connection: sqlite3.Connection, entries: list[Entry]) -> Exception | None:
    if not entries:
        return None
    try:
        connection.execute("BEGIN IMMEDIATE")
        insert_answers(connection, entries)
        connection.execute("COMMIT")
    except (sqlite3.Error, ValueError, OverflowError) as error:
        # What SQLite takes no text or number for is no error of its own; who waits must hear of it.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return error
    return None


def insert_answers(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Write answers, within a transaction of the caller's."""
    now = int(time.time())
    connection.executemany(
        _INSERT,
        [
            (
                *(key, endpoint, model, task, answer.text, answer.finish),
                *(answer.prompt_tokens, answer.completion_tokens, characters),
                *(answer.cost, answer.seconds, now),
            )
            for key, endpoint, model, task, characters, answer in entries
        ],
    )
