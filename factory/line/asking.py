"""The line of a task that asks language models: many rows in flight, each at its own pace.

One event loop: a slow answer delays its own row. Rows are begun as places become free, so nothing
runs ahead of the endpoint; which one is next, :mod:`factory.line.flow` says. Where requests are
gathered into batches, all rows that may be begun are under way: a batch comes back hours later. The
fold decides in draw order as always: the bytes do not depend on which answer came first.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeAlias

from factory.draw import Draw
from factory.filters import LANGUAGE_NAMES, first_rejection, judge
from factory.generators import Asked, Record
from factory.line.build import SampleBuilder
from factory.line.flow import Flow
from factory.line.fold import Candidate, Fold, Outcome
from factory.line.rows import DroppedError, Row, only_row
from factory.line.task import Task, part_of_parent
from factory.llm import AnswerError, RefusedError
from factory.llm.asker import Asker
from factory.llm.driving import Addressed, Exchange, addressed, spent
from factory.llm.pool import ModelPool
from factory.recipe import Recipe
from factory.sources.interrupts import interrupts
from factory.sources.view import RowRejectedError

#: What is wrong with an answer that no sample can be made with.
_UNUSABLE: Final = (RowRejectedError, AnswerError, RefusedError)
_GRACE: Final = 2.0
_HASH_BYTES: Final = 8
#: Returns the instructions that were accepted before the round of an ordinal.
_Earlier: TypeAlias = Callable[[int], Sequence[str]]


class AskingBuilder(SampleBuilder):
    """Makes the candidates of one key, asking for what its steps need on the way.

    Args:
        askers: what asks each model that the task's steps name.
        earlier: what steps that go in rounds are shown.
        of_parent: whether what it makes are records for a task that derives from its own.
    """

    def __init__(
        self,
        recipe: Recipe,
        task: Task,
        split: str,
        index: Path | None,
        askers: Mapping[str, Asker],
        earlier: _Earlier,
        *,
        of_parent: bool = False,
    ) -> None:
        super().__init__(recipe, task, split, index)
        self._of_parent = of_parent
        self._askers = askers
        self._earlier = earlier
        self._of_the_answer = task.answer_columns
        offered = frozenset(name for each in task.steps for name in each.step.offers)
        self._needed_to_ask = tuple(name for name in self._needed if name not in offered)
        self._by = tuple(dict.fromkeys(step.by for step in task.spec.generate))
        derivation = task.derivation
        self._asking_parent = (
            AskingBuilder(
                *(recipe, derivation.parent, split, index, askers, earlier), of_parent=True
            )
            if derivation and derivation.parent.written_by
            else None
        )

    def drive(self, facts: Mapping[str, Any]) -> Addressed[Outcome]:
        """Yield what has to be asked for one facts row; return its outcome."""
        try:
            rows = yield from self._made(facts)
        except DroppedError as error:
            return Outcome(facts["ordinal"], (self._without_rows(facts, error),))
        candidates: list[Candidate] = []
        for row in rows:
            try:
                written = yield from self._written(row, facts["ordinal"])
                written = yield from self._reasoned(written)
                draft = self._drafted(written)
                if self._task.judge and not first_rejection(draft.verdicts):
                    judged = yield from judge(self._task.judge, draft.sample, self._of_the_answer)
                    draft = draft._replace(
                        sample=judged.added_to(draft.sample),
                        verdicts=(*draft.verdicts, judged.verdict),
                    )
                candidates.append(self._judged(*draft))
            except DroppedError as error:
                candidates.append(self._rejected(row.columns, row.key, error))
        return Outcome(facts["ordinal"], tuple(candidates))

    def _made(self, facts: Mapping[str, Any]) -> Addressed[list[Row]]:
        """Return the rows of one key, once the parent's are asked for where models write those."""
        derivation = self._derivation
        if derivation is None or self._asking_parent is None:
            return self.rows(facts)
        records: list[Record | DroppedError] = []
        for each in self._group(facts):
            record = yield from self._asking_parent.drive_record(each)
            records.append(record)
        return self._derived(records, derivation)

    def drive_record(self, facts: Mapping[str, Any]) -> Addressed[Record | DroppedError]:
        """Yield what has to be asked for a record of this task; return it, or why it is dropped.

        The questions are those of this task's own run, so that the ledger answers them for all that
        derive from it. Its judge is not asked: that of the derived task reads what comes of it.
        """
        key = facts["key"]
        if (known := self._records.get(key)) is not None:
            return known
        try:
            row = only_row((yield from self._made(facts)))
            written = yield from self._written(row, facts["ordinal"])
            return self._kept(key, self._record_of(key, (yield from self._reasoned(written))))
        except DroppedError as error:
            return self._kept(key, error.of_parent())

    def _written(self, row: Row, ordinal: int) -> Addressed[Row]:
        """Ask the steps of the task for their columns, one after another."""
        if not self._task.steps:
            return row
        columns = dict(row.columns)
        # Of a row without them no sample comes whatever is answered, and answers are paid for.
        self._check_values(columns, self._needed_to_ask)
        language = LANGUAGE_NAMES[self._language(columns)]
        draw = Draw(self._seed, self._task.name, row.key)
        took: list[Exchange] = []
        for each in self._task.steps:
            seen = {
                **self._task.spec.words,
                **columns,
                "language": language,
            }
            if each.step.round_size:
                seen["earlier"] = self._earlier(ordinal)
            try:
                made = yield from addressed(
                    each.model, each.step.ask(seen, draw), took, self._part(each.part)
                )
            except _UNUSABLE as error:
                raise _dropped(each.by, error) from error
            columns.update(made)
            for name in each.step.takes:
                del columns[name]
        asked = Asked.together((row.asked, self._asked_of(took)))
        return Row(row.key, row.groups, columns, asked)

    def _reasoned(self, row: Row) -> Addressed[Row]:
        """Ask the steps of the sample about it, as long as the filters keep it."""
        for each in self._task.sample_steps:
            draft = self._draft(row)
            if first_rejection(draft.verdicts):
                return row
            took: list[Exchange] = []
            asking = each.step.reason(draft.sample, row.columns, self._task.type)
            try:
                reasoned = yield from addressed(each.model, asking, took, self._part(each.part))
            except _UNUSABLE as error:
                raise _dropped(each.by, error) from error
            asked = Asked.together((row.asked, self._asked_of(took)))
            row = row._replace(reasoned=reasoned, asked=asked)
        return row

    def _part(self, name: str) -> str:
        return part_of_parent(self._task.name, name) if self._of_parent else name

    def _asked_of(self, took: list[Exchange]) -> Asked:
        prompt = "\x1f".join([text for _, text in took[0].question.messages])
        return Asked(
            steps=self._by,
            models=tuple(dict.fromkeys([self._askers[each.model].spec.model for each in took])),
            prompt_hash=blake2b(prompt.encode(), digest_size=_HASH_BYTES).hexdigest(),
            spent=spent(took),
        )


def _dropped(by: str, error: RowRejectedError | AnswerError | RefusedError) -> DroppedError:
    """Return the end of a row: what is wrong with an answer to the step ``by``."""
    if isinstance(error, RowRejectedError):
        return DroppedError(f"generate.{by}", error.reason, error.detail)
    reason = "answer-malformed" if isinstance(error, AnswerError) else "refused"
    return DroppedError(f"generate.{by}", reason, str(error))


def asked_outcomes(
    recipe: Recipe,
    task: Task,
    split: str,
    index: Path | None,
    pool: ModelPool,
    fold: Fold,
    flow: Flow,
) -> Generator[list[Outcome]]:
    """Yield the outcomes of the rows in ``flow`` as they come, some at a time.

    Rows of a stratum that is full are asked for only where it opens again; what waits for keys of
    another window stays in ``flow``. The caller folds what is yielded before it takes more.

    Raises what :meth:`factory.llm.asker.Asker.ask` raises; what was answered by then is kept.
    """
    loop = _new_event_loop()
    run = _Run(recipe, task, split, index, pool, fold, flow)
    grace = 0.0
    with _told_of_interrupts(loop, run.interrupt):
        try:
            loop.run_until_complete(run.begin())
            while finished := loop.run_until_complete(run.some()):
                yield finished
        except GeneratorExit:  # the fold has all it needs
            grace = _GRACE
            raise
        finally:
            loop.run_until_complete(run.end(grace))
            loop.run_until_complete(loop.shutdown_asyncgens())
            if run.interrupted:
                # Also where it came while the fold had the word.
                raise KeyboardInterrupt


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop's: thousands of rows a second cost a fifth less processor time."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@contextmanager
def _told_of_interrupts(
    loop: asyncio.AbstractEventLoop, interrupt: Callable[[], None]
) -> Iterator[None]:
    """Have Ctrl-C, and what else means the same here, call ``interrupt`` between two callbacks.

    Raised within one, as Python does by itself, it may come to a transport of uvloop's, which takes
    it for a broken connection. The loop is closed at the end, and who was told of signals before it
    (:mod:`factory.sources.interrupts`) is again.
    """
    main = threading.current_thread() is threading.main_thread()
    ours = interrupts()
    told = signal.set_wakeup_fd(-1) if main else -1
    try:
        for each in ours:
            loop.add_signal_handler(each, interrupt)
    except NotImplementedError:  # Windows
        ours = ()
    try:
        yield
    finally:
        for each in ours:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.default_int_handler)
        loop.close()
        if main:
            signal.set_wakeup_fd(told)


class _Run:
    """The rows in flight."""

    def __init__(
        self,
        recipe: Recipe,
        task: Task,
        split: str,
        index: Path | None,
        pool: ModelPool,
        fold: Fold,
        flow: Flow,
    ) -> None:
        self._recipe, self._task, self._split, self._pool = recipe, task, split, pool
        self._index = index
        self._fold = fold
        self._flow = flow
        self._finished: list[Outcome] = []
        self._failure: BaseException | None = None
        self.interrupted = False
        self._in_flight: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self._progress = asyncio.Event()
        self._askers: dict[str, Asker] = {}
        self._width = 0

    async def begin(self) -> None:
        """Open the models."""
        for model in self._task.asks:
            asker = self._pool.asker(model, self._task.name)
            asker.on_rest = self._progress.set
            self._askers[model] = await self._stack.enter_async_context(asker)
        self._builder = AskingBuilder(
            *(self._recipe, self._task, self._split, self._index), self._askers, self._flow.earlier
        )
        self._width = max(asker.spec.rows_in_flight for asker in self._askers.values())

    async def end(self, grace: float) -> None:
        """Stop what is in flight after ``grace`` seconds; what has been answered is in the ledger.

        What is about to be answered is paid for: it is worth a moment, for a later run.
        """
        if grace and self._in_flight:
            await asyncio.wait(self._in_flight, timeout=grace)
        for row in self._in_flight:
            row.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        self._pool.quiet.expect(1)
        await self._stack.aclose()

    def interrupt(self) -> None:
        """Begin no more rows: the next :meth:`some` raises KeyboardInterrupt."""
        self.interrupted = True
        self._failure = self._failure or KeyboardInterrupt()
        self._progress.set()

    async def some(self) -> list[Outcome]:
        """Return what has finished since; nothing where no row of this window will be needed.

        Where nothing is under way and the fold has all that came, it waits for keys of another
        window: what waits in the flow goes on with that one.
        """
        self._begin_more()
        while self._in_flight and not self._finished and not self._failure:
            self._progress.clear()
            await self._progress.wait()
            if not self._finished:
                self._begin_more()
        if self._failure and not self._finished:
            raise self._failure
        finished, self._finished = self._finished, []
        return finished

    def _begin_more(self) -> None:
        """Begin rows while there are places and the fold, which has seen all, lacks any.

        A row whose request is due again later leaves its place to another meanwhile, so that one
        request in twenty that fails costs its own time and not that of all.
        """
        resting = sum(asker.resting for asker in self._askers.values())
        places = self._width + min(resting, self._width)
        while len(self._in_flight) < places and not (self._failure or self._fold.full):
            facts = self._flow.take()
            self._finished += self._flow.take_silent()
            if facts is None:
                break
            self._in_flight.add(asyncio.create_task(self._work(facts)))
        self._pool.quiet.expect(len(self._in_flight))

    async def _work(self, facts: Mapping[str, Any]) -> None:
        try:
            outcome = await self._one(facts)
            self._finished.append(outcome)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  (raised again by some())
            self._failure = self._failure or error
        finally:
            # Here and not when the task is called done, a round later: the rows are counted.
            if (row := asyncio.current_task()) is not None:
                self._in_flight.discard(row)
            self._progress.set()

    async def _one(self, facts: Mapping[str, Any]) -> Outcome:
        asking = self._builder.drive(facts)
        return await self._pool.row(self._task.name, asking, self._askers, _samples)


def _samples(outcome: Outcome) -> int:
    return sum(not each.filter for each in outcome.candidates)
