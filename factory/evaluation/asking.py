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
from factory.llm.at_once import ask_at_once
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
    async with AsyncExitStack() as stack:
        asker = await stack.enter_async_context(pool.asker(model, _TASK))

        async def ask(question: Question) -> Response:
            try:
                answer = await asker.ask(question)
            except RefusedError as error:
                response = Response("", f"refused: {error}")
            else:
                tokens = answer.prompt_tokens, answer.completion_tokens
                response = Response(answer.text, answer.finish, *tokens, answer.seconds)
            asker.finish_row()
            return response

        most = asker.spec.rows_in_flight
        return await ask_at_once(questions, ask, most=most, quiet=pool.quiet, watch=watch)
