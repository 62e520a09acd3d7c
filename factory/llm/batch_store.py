"""What has been submitted to the Batch API, on disk: before it is sent, and until it is collected.

Two tables beside the answers, in the ledger's own file, so that what a batch brought is written and
the batch forgotten in one transaction: killed at any instant, and with any number of runs at a
time, an answer is collected once.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from factory.errors import ModelError
from factory.llm.ledger import Entry, Ledger, insert_answers
from factory.llm.request import Request

_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS batches (
        token TEXT PRIMARY KEY,
        endpoint TEXT NOT NULL,
        model TEXT NOT NULL,
        name TEXT NOT NULL,
        requests INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        created INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS batch_requests (
        id INTEGER PRIMARY KEY,
        token TEXT NOT NULL,
        key BLOB NOT NULL,
        task TEXT NOT NULL,
        characters INTEGER NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS requests_by_batch ON batch_requests (token)",
)


@dataclass(frozen=True, slots=True)
class Submission:
    """One batch that is under way, or about to be.

    Attributes:
        token: what we call it, in its metadata at the endpoint, too.
        name: what the endpoint calls it; empty until it has said so.
        requests, tokens: how many, and about what their prompts take.
        created: when it was put down here, in seconds of Unix time.
    """

    token: str
    name: str
    requests: int
    tokens: int
    created: int


@dataclass(frozen=True, slots=True)
class Filed:
    """What a request's answer is filed under: its task, and the length of its prompt."""

    task: str
    characters: int


class BatchStore:
    """The batches of one model at one endpoint.

    Args:
        ledger: in whose file they are kept.
        endpoint: its identity.
        model: its name.
    """

    def __init__(self, ledger: Ledger, endpoint: str, model: str) -> None:
        self._path = ledger.path
        self._endpoint = endpoint
        self._model = model
        self._connection = ledger.connect()
        with self._transaction():
            for table in _TABLES:
                self._connection.execute(table)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise ModelError(
                f"the ledger {str(self._path)!r} cannot be written ({error}): free some space, or "
                "set ESHOP_FACTORY_CACHE to another folder; batches under way are not lost"
            ) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def prepare(self, token: str, task: str, requests: Sequence[Request], tokens: int) -> None:
        """Put a batch down before anything of it is sent."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO batches VALUES (?, ?, ?, '', ?, ?, ?)",
                (token, self._endpoint, self._model, len(requests), tokens, int(time.time())),
            )
            self._connection.executemany(
                "INSERT INTO batch_requests (token, key, task, characters) VALUES (?, ?, ?, ?)",
                [(token, each.key, task, each.characters) for each in requests],
            )

    def name(self, token: str, name: str) -> None:
        """Put down what the endpoint calls a batch that it has taken."""
        with self._transaction():
            self._connection.execute("UPDATE batches SET name = ? WHERE token = ?", (name, token))

    def forget(self, token: str) -> None:
        """Forget a batch that the endpoint has not taken."""
        with self._transaction():
            self._delete(token)

    def under_way(self) -> list[Submission]:
        """Return the batches that are not collected yet, the oldest first."""
        rows = self._connection.execute(
            "SELECT token, name, requests, tokens, created FROM batches "
            "WHERE endpoint = ? AND model = ? ORDER BY rowid",
            (self._endpoint, self._model),
        )
        return [Submission(*row) for row in rows]

    def filed(self, token: str) -> dict[bytes, Filed]:
        """Return the requests of a batch, by key, in the order of its file's lines."""
        rows = self._connection.execute(
            "SELECT key, task, characters FROM batch_requests WHERE token = ? ORDER BY id",
            (token,),
        )
        return {key: Filed(task, characters) for key, task, characters in rows}

    def collect(
        self, token: str, entries: Sequence[Entry], refusals: Mapping[bytes, tuple[str, str]]
    ) -> bool:
        """Write what a batch brought and forget the batch; False where another run had done so.

        ``refusals`` gives the task and the cause of each request that was refused.
        """
        with self._transaction():
            known = self._connection.execute("SELECT 1 FROM batches WHERE token = ?", (token,))
            if known.fetchone() is None:
                return False
            insert_answers(self._connection, entries)
            self._connection.executemany(
                "INSERT OR REPLACE INTO refusals (key, model, task, cause, created) "
                "VALUES (?, ?, ?, ?, ?)",
                [
                    (key, self._model, task, cause, int(time.time()))
                    for key, (task, cause) in refusals.items()
                ],
            )
            self._delete(token)
        return True

    def _delete(self, token: str) -> None:
        self._connection.execute("DELETE FROM batch_requests WHERE token = ?", (token,))
        self._connection.execute("DELETE FROM batches WHERE token = ?", (token,))
