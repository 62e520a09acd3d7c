"""The Batch lane: requests gathered into files, worked on by the endpoint within a day, half price.

Requests are gathered until every row waits (:mod:`factory.llm.quiet`), split into batches, put down
on disk, sent and watched. What a batch brings goes into the same ledger under the same keys as an
answer that came directly, so a change of lane asks nothing twice. What failed is gathered again and
goes into the next batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from factory.errors import ModelError
from factory.llm.asker import Asker, Means, UnansweredError
from factory.llm.batch_api import ENDED, Batch, BatchApi, MissingError
from factory.llm.batch_files import Part, Result, parts_of, read_result
from factory.llm.batch_sender import BatchSender
from factory.llm.batch_store import BatchStore, Filed, Submission
from factory.llm.ledger import Entry
from factory.llm.request import Answer, Request
from factory.llm.transport import RefusedError, TryAgainError

#: Batches that one request may fail in: each may take a day.
_MOST_TRIES: Final = 4
#: Each look at a batch comes so much later than the one before, until that many times the first.
_LATER: Final = 1.5
_LATEST: Final = 20
_TOO_MANY_TOKENS: Final = "token_limit_exceeded"


@dataclass(slots=True)
class _Waiting:
    """A request that a row waits for, and the batches that it has failed in."""

    request: Request
    future: asyncio.Future[Answer]
    tries: int = 0


class Awaited:
    """What is being waited for, of all models of a run."""

    def __init__(self) -> None:
        self._batches: dict[str, tuple[int, int]] = {}

    def stands(self, token: str, done: int, requests: int) -> None:
        """Note how far a batch is."""
        self._batches[token] = (done, requests)

    def ended(self, token: str) -> None:
        """Wait no longer for a batch."""
        self._batches.pop(token, None)

    @property
    def now(self) -> tuple[int, int, int]:
        """How many batches are under way, how many of their requests are done, and requests."""
        known = self._batches.values()
        return len(known), sum(done for done, _ in known), sum(each for _, each in known)


class BatchAsker(Asker):
    """Asks through the Batch API.

    Args:
        awaited: told what is being waited for.
    """

    def __init__(self, means: Means, awaited: Awaited) -> None:
        super().__init__(means)
        self._lane = BatchLane(means, awaited)

    async def _put_through(self, request: Request) -> Answer:
        return await self._lane.answer(request)

    async def _close(self) -> None:
        await self._lane.close()


class BatchLane:
    """Gathers, submits, watches and collects the requests of one model for one task.

    Args:
        means: what it asks with; failures are counted in its usage, and its quiet says when nothing
            more can be gathered.
        awaited: told what is being waited for.
    """

    def __init__(self, means: Means, awaited: Awaited) -> None:
        spec, endpoint, ledger = means.spec, means.endpoint, means.ledger
        self._options = spec.batch
        self._model = spec.model
        self._usage = means.usage
        self._endpoint = endpoint
        self._ledger = ledger
        self._price = means.price
        self._task = means.task
        self._quiet = means.quiet
        self._awaited = awaited
        #: Whether what is known already is asked for again.
        self._fresh = means.renewed is not None
        self._api = BatchApi(endpoint, spec.timeout)
        self._store = BatchStore(ledger, endpoint.identity, spec.model)
        self._sender = BatchSender(self._api, self._store, ledger.path, means.task, spec.batch.poll)
        self._most_tokens = spec.batch.enqueued_tokens
        self._waiting: dict[bytes, _Waiting] = {}
        self._gathered: list[bytes] = []
        #: For which there is no room at the endpoint until a batch ends.
        self._held: list[bytes] = []
        self._submitting: asyncio.Task[None] | None = None
        self._watches: dict[str, asyncio.Task[None]] = {}
        #: The batch of each request that is in one.
        self._under_way: dict[bytes, str] = {}
        self._failure: Exception | None = None
        means.quiet.listen(self.flush)

    async def answer(self, request: Request) -> Answer:
        """Return the answer with what it cost, once a batch has brought it and it is on disk.

        Raises:
            RefusedError: the endpoint will never answer this request.
            UnansweredError: it could not be put through for now.
            ModelError: the endpoint takes no batches, or the ledger cannot be written.
        """
        if self._failure is not None:
            raise self._failure
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        self._waiting[request.key] = waiting
        self._gathered.append(request.key)
        try:
            return await self._quiet.wait(waiting.future)
        finally:
            self._waiting.pop(request.key, None)

    def flush(self) -> None:
        """Send what has been gathered."""
        if self._gathered and self._submitting is None and self._failure is None:
            self._submitting = asyncio.create_task(self._submit_gathered())

    async def close(self) -> None:
        """Wait for nothing more; the next run picks up what is under way."""
        self._quiet.forget(self.flush)
        tasks = [*self._watches.values(), *([self._submitting] if self._submitting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._api.close()
        self._store.close()

    async def _submit_gathered(self) -> None:
        try:
            async with self._sender.alone():
                await self._sender.adopt()
                gathered, self._gathered = self._gathered, []
                self._watch_all()
                requests = [each.request for each in self._unknown(gathered)]
                for part in parts_of(requests, self._options, self._most_tokens):
                    if self._has_room(part):
                        await self._sender.submit(part)
                        self._watch_all()
                    else:
                        self._held += [each.key for each in part.requests]
        except Exception as error:  # noqa: BLE001  (raised again in every row that waits)
            self._fail(error)
        finally:
            self._submitting = None
        self._quiet.look()

    def _watch_all(self) -> None:
        """Watch whatever is under way, of this run and of others."""
        for submission in self._store.under_way():
            if submission.token not in self._watches:
                filed = self._store.filed(submission.token)
                self._under_way.update(dict.fromkeys(filed, submission.token))
                self._awaited.stands(submission.token, 0, submission.requests)
                self._watches[submission.token] = asyncio.create_task(
                    self._see_through(submission, filed)
                )

    def _unknown(self, gathered: Iterable[bytes]) -> list[_Waiting]:
        """Return what is to be submitted; rows get what other runs have collected meanwhile.

        What is under way is looked at first: it goes from there into the ledger, never back.
        """
        wanted = {
            key: self._waiting[key]
            for key in gathered
            if key in self._waiting and key not in self._under_way
        }
        if not self._fresh:
            for key, answer in self._ledger.find(list(wanted)).items():
                self._resolve(key, Result(answer))
                del wanted[key]
            for key, cause in self._ledger.refused(wanted).items():
                self._resolve(key, Result(refused=cause))
                del wanted[key]
        return list(wanted.values())

    def _has_room(self, part: Part) -> bool:
        if self._most_tokens is None:
            return True
        tokens = sum(each.tokens for each in self._store.under_way())
        return not tokens or tokens + part.tokens <= self._most_tokens

    async def _see_through(self, submission: Submission, filed: Mapping[bytes, Filed]) -> None:
        """Wait until a batch has ended, collect it, and gather again what failed in it."""
        try:
            batch = await self._end_of(submission)
            await self._collect(submission, filed, batch)
        except Exception as error:  # noqa: BLE001  (raised again in every row that waits)
            self._fail(error)
        finally:
            del self._watches[submission.token]
            self._awaited.ended(submission.token)
        self._gathered += self._held
        self._held.clear()
        self._quiet.look()

    async def _end_of(self, submission: Submission) -> Batch | None:
        """Return a batch once it has ended; None where the endpoint knows it no longer."""
        pause = self._options.poll
        while True:
            try:
                batch = await self._sender.insist(lambda: self._api.retrieve(submission.name))
            except MissingError:
                return None
            if batch.status in ENDED:
                return batch
            self._awaited.stands(submission.token, batch.done, submission.requests)
            await asyncio.sleep(pause)
            pause = min(pause * _LATER, self._options.poll * _LATEST)

    async def _collect(
        self, submission: Submission, filed: Mapping[bytes, Filed], batch: Batch | None
    ) -> None:
        results: dict[bytes, Result] = {}
        if batch is not None:
            for file in batch.files:
                # Answers come first.
                results = {**await self._sender.insist(partial(self._read, file)), **results}
            if batch.complaints:
                results.update(self._complained(submission, batch, list(filed)))
        results = {key: self._priced(each) for key, each in results.items() if key in filed}
        entries = [
            Entry(key, self._endpoint.identity, self._model, *at, answer)
            for key, at in ((key, (filed[key].task, filed[key].characters)) for key in results)
            if (answer := results[key].answer) is not None
        ]
        refusals = {
            key: (filed[key].task, each.refused) for key, each in results.items() if each.refused
        }
        if not self._store.collect(submission.token, entries, refusals):
            # Another run has: what it heard stands in the ledger.
            results = {key: Result(each) for key, each in self._ledger.find(list(filed)).items()}
            known = self._ledger.refused(filed)
            results.update((key, Result(refused=cause)) for key, cause in known.items())
        self._under_way = {
            key: token for key, token in self._under_way.items() if token != submission.token
        }
        if batch is not None and _is_too_large(batch):
            await self._gather_smaller(submission, filed)
            return
        missing = Result(failed=TryAgainError("its batch brought nothing of it"))
        for key in filed:
            self._resolve(key, results.get(key, missing))

    async def _read(self, file: str) -> dict[bytes, Result]:
        results: dict[bytes, Result] = {}
        with suppress(MissingError):
            async for line in self._api.lines(file):
                read = read_result(self._endpoint, line)
                if read is not None:
                    results.setdefault(*read)
        return results

    def _priced(self, result: Result) -> Result:
        answer = result.answer
        if answer is None:
            return result
        cost = self._price.cost(answer.prompt_tokens, answer.completion_tokens)
        return result._replace(answer=answer._replace(cost=cost))

    def _complained(
        self, submission: Submission, batch: Batch, keys: Sequence[bytes]
    ) -> dict[bytes, Result]:
        """Return what is wrong with single lines of a batch that was not begun.

        Raises :class:`ModelError` where something is wrong with the whole of it.
        """
        if _is_too_large(batch):
            return {}
        results = {}
        for each in batch.complaints:
            said = self._endpoint.without_key(f"{each.code}: {each.message}")
            if each.line is None or not 0 < each.line <= len(keys) or "model" in each.parameter:
                self._store.forget(submission.token)
                raise ModelError(f"{self._endpoint.url} works on no batch ({said})")
            results[keys[each.line - 1]] = Result(refused=said)
        return results

    async def _gather_smaller(self, submission: Submission, keys: Iterable[bytes]) -> None:
        """Gather a batch again that was too large for the account, to go up in smaller ones."""
        self._most_tokens = max(submission.tokens // 2, 1)
        if submission.requests == 1 and len(self._watches) == 1:
            raise UnansweredError(
                f"{self._endpoint.url}: the account's limit of enqueued tokens is too small for "
                "one request, or is taken up by other batches: run again later to go on"
            )
        self._held += [key for key in keys if key in self._waiting]
        if len(self._watches) == 1:
            await asyncio.sleep(self._options.poll)

    def _resolve(self, key: bytes, result: Result) -> None:
        """Give a row what its request came to, or gather the request again."""
        waiting = self._waiting.get(key)
        if waiting is None or waiting.future.done():
            return
        if result.answer is not None:
            waiting.future.set_result(result.answer)
        elif result.refused:
            _break(waiting.future, RefusedError(result.refused))
        elif result.hopeless is not None:
            _break(waiting.future, result.hopeless)
        elif (failed := result.failed) is not None:
            self._usage.failures += 1
            self._usage.limited += failed.limited
            waiting.tries += 1
            if waiting.tries < _MOST_TRIES:
                self._gathered.append(key)
                return
            _break(
                waiting.future,
                UnansweredError(
                    f"{self._endpoint.url}: a request of {self._task} failed in {waiting.tries} "
                    f"batches, at last with {failed}. Everything answered is kept: run again to "
                    "go on"
                ),
            )

    def _fail(self, error: Exception) -> None:
        self._failure = error
        for each in self._waiting.values():
            if not each.future.done():
                _break(each.future, error)


def _is_too_large(batch: Batch) -> bool:
    return any(each.code == _TOO_MANY_TOKENS for each in batch.complaints)


def _break(future: asyncio.Future[Answer], error: Exception) -> None:
    future.set_exception(error)
    future.exception()  # the row may have gone
