"""Coroutines that ask: whom each question is for, what came of it, and who answers.

A step, a judge, a rewriter yields questions and is sent answers. What asks one model knows nothing
of models; :func:`addressed` says whom its questions are for, and :func:`answered` has them
answered.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, MutableSequence
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from factory.llm.request import Answer, Question
from factory.llm.transport import RefusedError

T = TypeVar("T")


class Put(NamedTuple):
    """A question on its way.

    Attributes:
        model: the recipe's name of the model that it is put to.
        question: what is asked.
        part: for what: the name of a step, or ``judge``.
    """

    model: str
    question: Question
    part: str


#: Yields questions, is sent their answers, returns what came of it.
Addressed: TypeAlias = Generator[Put, Answer, T]


class Exchange(NamedTuple):
    """One question to a model of the recipe, and its answer."""

    model: str
    question: Question
    answer: Answer


class Spent(NamedTuple):
    """What answers took: prompt and completion tokens together, and US dollars."""

    tokens: int
    cost: float


class Answers(Protocol):
    """Answers questions: :class:`factory.llm.asker.Asker`, or a dry one."""

    async def ask(self, question: Question) -> Answer:
        """Return the answer; raises :class:`RefusedError` where there will never be one."""


def addressed(
    model: str,
    asking: Generator[Question, Answer, T],
    took: MutableSequence[Exchange],
    part: str,
) -> Addressed[T]:
    """Put the questions of ``asking`` to ``model``, for ``part``; return what it returns.

    Every exchange is appended to ``took``. A refusal is raised in ``asking``.
    """
    try:
        question = next(asking)
        while True:
            try:
                answer = yield Put(model, question, part)
            except RefusedError as error:
                question = asking.throw(error)
            else:
                took.append(Exchange(model, question, answer))
                question = asking.send(answer)
    except StopIteration as made:
        value: T = made.value
        return value


def spent(took: MutableSequence[Exchange]) -> Spent:
    """Return what the answers of ``took`` cost when they were asked, known ones included."""
    return Spent(
        sum(answer.prompt_tokens + answer.completion_tokens for *_, answer in took),
        round(sum(answer.cost for *_, answer in took), 10),
    )


async def answered(
    asking: Addressed[T],
    askers: Mapping[str, Answers],
    heard: Callable[[Put, Answer], None] | None = None,
) -> T:
    """Have every question of ``asking`` answered; return what it returns.

    ``heard`` is called with each question and its answer.

    Raises what the askers raise, but for a refusal, which is for ``asking`` to bear.
    """
    try:
        put = next(asking)
        while True:
            try:
                answer = await askers[put.model].ask(put.question)
            except RefusedError as error:
                put = asking.throw(error)
            else:
                if heard is not None:
                    heard(put, answer)
                put = asking.send(answer)
    except StopIteration as made:
        value: T = made.value
        return value
