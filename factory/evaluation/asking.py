"""Questions to a model, many at once, and what it answers.

Answers go through the same engine as those that make samples: rates, retries, a budget, and a
ledger, here one of the evaluation's own folder. An endpoint that serves other weights tomorrow
under the same name must not be answered for by what it said today.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from factory.evaluation.questions import BenchmarkQuestion
from factory.llm.pool import ModelPool
from factory.llm.request import Message, Question
from factory.llm.transport import RefusedError
from factory.tasktypes.answer_length import most_tokens
from factory.tasktypes.system_prompt import system_prompt

#: The system prompt that states the task type, as the data of this project is trained with.
BY_TYPE: Final = "task-type"
NONE: Final = "none"

#: Filed under this name in the ledger.
_TASK: Final = "evaluate"


class Response(NamedTuple):
    """What a model answered; ``finish`` is the API's reason, or ``refused`` with the cause in it.

    Tokens are 0 where nobody counted them: an answer that was read from a file.
    """

    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


def asked_question(asked: BenchmarkQuestion, system: str, max_tokens: int | None) -> Question:
    """Return a question as it is put to a model.

    ``system`` is :data:`BY_TYPE`, :data:`NONE` or a system prompt of one's own.
    """
    messages = [Message("user", asked.prompt)]
    if system != NONE:
        said = system_prompt(asked.task_type) if system == BY_TYPE else system
        messages.insert(0, Message("system", said))
    most = max_tokens or most_tokens(asked.task_type)
    return Question(tuple(messages), max_tokens=most, temperature=0.0)


def ask_all(
    questions: Sequence[Question],
    model: str,
    pool: ModelPool,
    watch: Callable[[int, int], None] | None = None,
) -> list[Response]:
    """Return the answers of ``model``, in the order of the questions.

    Raises what :meth:`factory.llm.asker.Asker.ask` raises but a refusal, which is an answer here.
    What was answered before is kept in the pool's ledger, so that asking again goes on from there.
    """
    return asyncio.run(_ask_all(questions, model, pool, watch))


async def _ask_all(
    questions: Sequence[Question],
    model: str,
    pool: ModelPool,
    watch: Callable[[int, int], None] | None,
) -> list[Response]:
    found: dict[int, Response] = {}
    waiting = iter(range(len(questions)))
    async with AsyncExitStack() as stack:
        asker = await stack.enter_async_context(pool.asker(model, _TASK))
        under_way = min(asker.spec.rows_in_flight, len(questions))

        async def work() -> None:
            nonlocal under_way
            for number in waiting:
                try:
                    answer = await asker.ask(questions[number])
                except RefusedError as error:
                    found[number] = Response("", f"refused: {error}")
                else:
                    found[number] = Response(
                        answer.text,
                        answer.finish,
                        answer.prompt_tokens,
                        answer.completion_tokens,
                        answer.seconds,
                    )
                asker.finish_row()
                if watch is not None:
                    watch(len(found), len(questions))
            under_way -= 1
            pool.quiet.expect(under_way or 1)

        pool.quiet.expect(under_way)
        workers = [asyncio.create_task(work()) for _ in range(under_way)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            pool.quiet.expect(1)
    return [found[number] for number in range(len(questions))]
