"""Asks one model: from the ledger where it has answered before, over the wire otherwise.

One event loop: a slow request delays its own row and nothing else. A request that fails in
transport is due again later, and others go on meanwhile.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

from factory.errors import ModelError
from factory.llm.budget import Budget
from factory.llm.ledger import Entry, Ledger
from factory.llm.limits import Gate, Rates
from factory.llm.models import FREE, Endpoint, ModelSpec, Price
from factory.llm.quiet import Quiet
from factory.llm.request import Answer, Question, Request, Writer
from factory.llm.transport import Transport, TryAgainError

#: Tries of one request that fail otherwise than by a rate limit.
_MOST_TRIES: Final = 8
#: Seconds for which rate limits of one request are waited out.
_PATIENCE: Final = 3600.0
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 60.0
_JITTER: Final = 0.2
#: A server that says when to come back is not asked by all at the same instant.
_SPREAD: Final = 0.1


class UnansweredError(ModelError):
    """A request that could not be put through for now: its row is pending, the run resumable."""


@dataclass(slots=True)
class Usage:
    """What was asked of one model in this run, for how many rows.

    ``known`` answers came from the ledger, ``asked`` ones did not.

    ``failures`` counts tries that failed in transport, ``limited`` those of them that were rate
    limits; ``cost`` in US dollars is of what was asked.
    """

    rows: int = 0
    known: int = 0
    asked: int = 0
    failures: int = 0
    limited: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Means:
    """What an asker has to ask one model for one task.

    Attributes:
        spec, endpoint: the model and where it is.
        task: the task that answers are filed under.
        ledger: where answers are kept.
        price: of the model's tokens in its lane; nothing where nobody knows it.
        budget: shared by the run's models.
        usage: what is asked is counted here.
        renewed: what has been asked in this run, where all is asked again (``--fresh``).
        quiet: told of rows that wait for what another row is asking.
    """

    spec: ModelSpec
    endpoint: Endpoint
    task: str
    ledger: Ledger
    price: Price = FREE
    budget: Budget = field(default_factory=lambda: Budget(None))
    usage: Usage = field(default_factory=Usage)
    renewed: set[bytes] | None = None
    quiet: Quiet = field(default_factory=Quiet)


class Asker(ABC):
    """Asks one model for one task; a subclass is the way that requests take to it."""

    def __init__(self, means: Means) -> None:
        self.spec = means.spec
        self.usage = means.usage
        self._endpoint = means.endpoint
        self._ledger = means.ledger
        self._price = means.price
        self._budget = means.budget
        self._task = means.task
        self._writer = Writer(means.spec, means.endpoint.identity)
        self._asked: dict[bytes, asyncio.Future[Answer]] = {}
        self._renewed = means.renewed
        self._quiet = means.quiet
        self._sought: list[tuple[bytes, asyncio.Future[Answer | None]]] = []
        #: Requests that wait until they are due again: others can have their places.
        self.resting = 0
        #: Called when one begins to.
        self.on_rest: Callable[[], None] = _nothing

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def finish_row(self) -> None:
        """Count a row that needs nothing more."""
        self.usage.rows += 1

    async def ask(self, question: Question) -> Answer:
        """Return the answer, which is on disk by then.

        Two rows that ask the same at the same time ask once.

        Raises:
            RefusedError: the endpoint will never answer this request.
            UnansweredError: it could not be put through for now.
            BudgetExceededError: it might pass the budget.
            ModelError: the endpoint answers nobody, or the ledger cannot be written.
        """
        request = self._writer.request(question)
        key = request.key
        if (other := self._asked.get(key)) is not None:
            return await self._quiet.wait(other)
        if self._renewed is None or key in self._renewed:
            known = await self._known(key)
            if known is not None:
                self.usage.known += 1
                return known
            if (other := self._asked.get(key)) is not None:
                return await self._quiet.wait(other)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[key] = future
        try:
            answer = await self._pay(request)
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                future.set_exception(error)
                future.exception()  # nobody else may have waited for it
            else:
                future.cancel()
            raise
        else:
            future.set_result(answer)
            return answer
        finally:
            del self._asked[key]

    def _known(self, key: bytes) -> asyncio.Future[Answer | None]:
        """Look for an answer in the ledger, together with all that is looked for in this round."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer | None] = loop.create_future()
        if not self._sought:
            loop.call_soon(self._look)
        self._sought.append((key, future))
        return future

    def _look(self) -> None:
        sought, self._sought = self._sought, []
        try:
            found = self._ledger.find([key for key, _ in sought])
        except ModelError as error:
            for _, future in sought:
                if not future.done():
                    future.set_exception(error)
            return
        for key, future in sought:
            if not future.done():
                future.set_result(found.get(key))

    async def _pay(self, request: Request) -> Answer:
        # A token is at least a byte of the prompt: the worst case.
        worst = self._price.cost(len(request.body), request.max_tokens)
        await self._budget.reserve(worst)
        paid = 0.0
        try:
            answer = await self._put_through(request)
            paid = answer.cost
        finally:
            self._budget.settle(worst, paid)
        usage = self.usage
        usage.asked += 1
        usage.prompt_tokens += answer.prompt_tokens
        usage.completion_tokens += answer.completion_tokens
        usage.cost += paid
        if self._renewed is not None:
            self._renewed.add(request.key)
        return answer

    @abstractmethod
    async def _put_through(self, request: Request) -> Answer:
        """Return the endpoint's answer with what it cost, once it is on disk."""

    @abstractmethod
    async def _close(self) -> None:
        """Let connections go, once what was paid for is written."""


class DirectAsker(Asker):
    """Sends each request by itself: an answer comes within seconds.

    Args:
        transport: what sends.
    """

    def __init__(self, means: Means, transport: Transport) -> None:
        super().__init__(means)
        self._transport = transport
        self._gate = Gate(self.spec.concurrency)
        self._rates = Rates(self.spec.requests_per_minute, self.spec.tokens_per_minute)
        self._unwritten = 0
        self._some_written = asyncio.Event()
        self._written: deque[tuple[asyncio.Future[None], Exception | None]] = deque()

    async def _close(self) -> None:
        while self._unwritten:  # what was paid for is written before this loop ends
            self._some_written.clear()
            await self._some_written.wait()
        await self._transport.close()

    async def _put_through(self, request: Request) -> Answer:
        answer = await self._try(request)
        prompt, completion = answer.prompt_tokens, answer.completion_tokens
        if not prompt + completion:  # not every endpoint says what it used: at most this
            prompt, completion = len(request.body), len(answer.text.encode())
        answer = answer._replace(cost=self._price.cost(prompt, completion))
        await self._keep(request, answer)
        return answer

    async def _keep(self, request: Request, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._unwritten += 1

        def done(failure: Exception | None) -> None:
            # Called by the ledger's thread, for many answers in a row: this one is woken once.
            self._written.append((kept, failure))
            if len(self._written) == 1:
                loop.call_soon_threadsafe(self._tell)

        self._ledger.put(
            Entry(
                request.key,
                self._endpoint.identity,
                self.spec.model,
                self._task,
                request.characters,
                answer,
            ),
            done,
        )
        try:
            # Paid for: it is written also where the run is being interrupted, and nobody waits.
            await kept
        except OSError as error:
            raise ModelError(
                f"the ledger {str(self._ledger.path)!r} cannot be written ({error}): free some "
                "space, or set ESHOP_FACTORY_CACHE to another folder; nothing else was lost"
            ) from error

    def _tell(self) -> None:
        while self._written:
            kept, failure = self._written.popleft()
            self._unwritten -= 1
            if kept.done():
                continue
            if failure is None:
                kept.set_result(None)
            else:
                kept.set_exception(OSError(str(failure)))
        self._some_written.set()

    async def _try(self, request: Request) -> Answer:
        try:
            return await self._once(request)
        except TryAgainError as error:
            first = error
        tries = _Tries(asyncio.get_running_loop().time, first)
        await self._rest(tries.first_wait)
        retrying = AsyncRetrying(
            sleep=self._rest,
            retry=retry_if_exception_type(TryAgainError),
            stop=tries.over,
            wait=tries.wait,
            reraise=True,
        )
        try:
            return await retrying(self._once, request)
        except TryAgainError as error:
            raise UnansweredError(
                f"{self._endpoint.url}: a request of {self._task} failed {tries.count} times, at "
                f"last with {error}. Everything answered is kept: run again to go on"
            ) from error

    async def _rest(self, seconds: float) -> None:
        self.resting += 1
        self.on_rest()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.resting -= 1

    async def _once(self, request: Request) -> Answer:
        tokens = request.characters // 4 + request.max_tokens
        await self._gate.enter()
        limited = False
        try:
            await self._rates.wait(tokens)
            answer = await self._transport.send(request.body)
        except TryAgainError as error:
            limited = error.limited
            self.usage.failures += 1
            self.usage.limited += limited
            raise
        finally:
            self._gate.leave(limited=limited)
        self._rates.correct(tokens, answer.prompt_tokens + answer.completion_tokens)
        return answer


def _nothing() -> None:
    """Nobody wants to know."""


class _Tries:
    """When one request is due again, and when it is given up."""

    def __init__(self, clock: Callable[[], float], first: TryAgainError) -> None:
        self._clock = clock
        self._started = clock()
        self._failed = int(not first.limited)
        self._backoff = wait_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT) + wait_random(
            0, _JITTER
        )
        self.count = 1
        self.first_wait = self._after(first, _FIRST_WAIT)

    def over(self, state: RetryCallState) -> bool:
        error = _error(state)
        self.count += 1
        self._failed += not error.limited
        return self._failed >= _MOST_TRIES or self._clock() - self._started > _PATIENCE

    def wait(self, state: RetryCallState) -> float:
        return self._after(_error(state), float(self._backoff(state)))

    def _after(self, error: TryAgainError, backoff: float) -> float:
        return backoff if error.after is None else error.after + backoff * _SPREAD


def _error(state: RetryCallState) -> TryAgainError:
    error = state.outcome and state.outcome.exception()
    if not isinstance(error, TryAgainError):
        raise TypeError(f"only failed tries are waited for, not {error!r}")
    return error
