"""How a batch gets to the endpoint exactly once.

It is put down on disk before it is sent, and carries our name for it in its metadata: killed
between the two, the next run finds at the endpoint whether it was taken. One run at a time submits,
so two runs that want the same answer wait for the same batch.
"""

from __future__ import annotations

import asyncio
import fcntl
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final, TypeVar

from factory.errors import ModelError
from factory.llm.asker import UnansweredError
from factory.llm.batch_api import Batch, BatchApi, MissingError
from factory.llm.batch_files import Part, write_requests
from factory.llm.batch_store import BatchStore
from factory.llm.transport import RefusedError, TryAgainError

#: Seconds for which a call that fails is made again.
_PATIENCE: Final = 3600.0
_LONGEST_PAUSE: Final = 60.0
#: A batch that was taken a moment ago may not be listed yet.
_LOOKS: Final = 3
_OTHER_RUN: Final = 0.1
_LOCK: Final = "batches.lock"

T = TypeVar("T")


class BatchSender:
    """Submits batches of one model for one task.

    Args:
        api, store: the endpoint, and what has been put down of it.
        ledger: the file of answers: the lock and files on their way stand beside it.
        task: what requests are filed under.
        poll: seconds between looks at the endpoint.
    """

    def __init__(
        self, api: BatchApi, store: BatchStore, ledger: Path, task: str, poll: float
    ) -> None:
        self._api = api
        self._store = store
        self._ledger = ledger
        self._task = task
        self._poll = poll

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Let one run at a time submit: what another puts down is seen before anything is sent."""
        with self._ledger.with_name(_LOCK).open("ab") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(_OTHER_RUN)
            yield

    async def adopt(self) -> None:
        """Settle what was put down by a run that ended before it heard whether it was taken."""
        for each in self._store.under_way():
            if not each.name:
                found = await self._find(each.token, each.created)
                if found is None:
                    self._store.forget(each.token)
                else:
                    self._store.name(each.token, found.name)

    async def _find(self, token: str, since: int) -> Batch | None:
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(self._poll)
            found = await self.insist(lambda: self._api.find(token, since))
            if found is not None:
                return found
        return None

    async def submit(self, part: Part) -> None:
        """Have the requests of ``part`` worked on, once; call it while :meth:`alone`.

        Raises:
            UnansweredError: the endpoint cannot be reached for now; whether it has taken the batch
                is found out by the next run.
            ModelError: it takes no batch, or the disk is full.
        """
        token = secrets.token_hex(16)
        self._store.prepare(token, self._task, part.requests, part.tokens)
        try:
            with self._written(part) as file:
                name = f"{self._task}-{token}.jsonl"
                uploaded = await self.insist(lambda: self._api.upload(file, name))
            batch = await self._create(uploaded, token)
        except (RefusedError, MissingError) as error:
            self._store.forget(token)
            raise ModelError(f"{self._api.url} takes no batch ({error})") from error
        self._store.name(token, batch.name)

    def _written(self, part: Part) -> IO[bytes]:
        """Return the batch's file, which has no name here and goes with this process."""
        try:
            file = tempfile.TemporaryFile(dir=self._ledger.parent)  # noqa: SIM115  (by the caller)
            write_requests(file, part.requests)
        except OSError as error:
            raise ModelError(
                f"{str(self._ledger.parent)!r}: a batch's file cannot be written ({error}): free "
                "some space, or set ESHOP_FACTORY_CACHE to another folder; nothing was sent"
            ) from error
        return file

    async def _create(self, uploaded: str, token: str) -> Batch:
        """Have a file worked on once: what failed may have been taken all the same."""
        since = int(time.time())
        begun = False

        async def create() -> Batch:
            nonlocal begun
            if begun and (found := await self._find(token, since)) is not None:
                return found
            begun = True
            return await self._api.create(uploaded, token)

        return await self.insist(create)

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call until it succeeds; raises :class:`UnansweredError` where it does not."""
        clock = asyncio.get_running_loop().time
        began = clock()
        pause = min(self._poll, 1.0)
        while True:
            try:
                return await call()
            except TryAgainError as error:
                if clock() - began > _PATIENCE:
                    raise UnansweredError(
                        f"{self._api.url}: no batch could be put through, at last with "
                        f"{error}. What is under way is kept: run again to go on"
                    ) from error
                await asyncio.sleep(pause if error.after is None else max(error.after, pause))
                pause = min(pause * 2, _LONGEST_PAUSE)
