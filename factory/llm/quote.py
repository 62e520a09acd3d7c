"""A dry pool: it answers from the ledger or a script, pays nothing, and notes what would be asked.

The line runs over it as over any other, so the prompts that are counted are the prompts that would
be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from factory.llm.asker import Asker
from factory.llm.driving import Addressed, Put, answered
from factory.llm.expected import LEAST_HISTORY, DryRow
from factory.llm.ledger import Ledger
from factory.llm.models import ModelSpec
from factory.llm.pool import Lane, ModelPool
from factory.llm.prices import Quoted, price_of
from factory.llm.request import Answer, Question, Writer
from factory.llm.scripted import ScriptedModel
from factory.llm.tokens import LocalTokenCounter, TokenCounter

T = TypeVar("T")


class Counter(Protocol):
    """Counts the tokens of a chat."""

    exact: bool

    def count(self, messages: Any) -> int:
        """Return the tokens of one prompt."""


class MadeUp(Answer):
    """A scripted answer, where the ledger has none.

    Its prompt is counted as the model would count it; its completion is as long as it may be.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """One model that a task asks: what is known of it before it is asked.

    Attributes:
        model, lane, concurrency: of the recipe.
        price: of its tokens.
        counted: how its prompt tokens are counted.
        usual: completion tokens of an answer for the task; None where there are too few.
        seconds: what one took; None where too few were timed.
    """

    model: str
    lane: str
    concurrency: int
    price: Quoted
    counted: str
    usual: float | None
    seconds: float | None


class DryPool(ModelPool):
    """Opens dry models.

    Args:
        granted: what is answered to questions of a form, in place of a scripted answer.

    Attributes:
        noted: the models that would be asked, by task and by name and lane in the recipe.
        rows: what each row put to them, by task.
        singly: the same of what is asked once for a whole task.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        cache: Path,
        granted: Mapping[type[BaseModel], BaseModel],
    ) -> None:
        super().__init__(models, cache)
        self._granted = {form: answer.model_dump_json() for form, answer in granted.items()}
        self.noted: dict[str, dict[tuple[str, Lane], Noted]] = {}
        self.rows: dict[str, list[DryRow]] = {}
        self.singly: dict[str, list[DryRow]] = {}

    def asker(  # type: ignore[override]
        self, name: str, task: str, lane: Lane | None = None
    ) -> DryAsker:
        """Return what answers the questions of ``task`` to the model ``name``.

        Raises :class:`~factory.errors.ModelError` where a local model's weights are missing.
        """
        spec = self.spec(name, lane)
        identity = self._identity(spec)
        counter: Counter
        if spec.engine == "local":
            spec, endpoint, _ = self._open(spec)
            counter = LocalTokenCounter(endpoint)
        else:
            spec = spec.model_copy(update={"model": self._known_as(spec)})
            counter = TokenCounter(spec, self.ledger)
        noted = self.noted.setdefault(task, {})
        if (name, spec.lane) not in noted:
            noted[name, spec.lane] = self._note(spec, task, exact=counter.exact)
        return DryAsker(spec, identity, self.ledger, counter, self._granted)

    def answers(self, tasks: Collection[str], model: str) -> int:
        """Return how many answers of ``model``, by its own name, are filed under ``tasks``."""
        return sum(
            each.requests
            for each in self.ledger.spent()
            if each.task in tasks and each.model == model
        )

    def _note(self, spec: ModelSpec, task: str, *, exact: bool) -> Noted:
        history = [e for e in self.ledger.spent() if (e.task, e.model) == (task, spec.model)]
        answers = sum(each.requests for each in history)
        timed = sum(each.timed for each in history) if spec.lane == "direct" else 0
        tokens = sum(each.completion_tokens for each in history)
        seconds = sum(each.seconds for each in history)
        return Noted(
            model=spec.model,
            lane=spec.lane,
            concurrency=spec.concurrency,
            price=price_of(spec),
            counted="its own tokenizer" if exact else "characters",
            usual=tokens / answers if answers >= LEAST_HISTORY else None,
            seconds=seconds / timed if timed >= LEAST_HISTORY else None,
        )

    async def row(
        self,
        task: str,
        asking: Addressed[T],
        askers: Mapping[str, Asker],
        samples: Callable[[T], int],
    ) -> T:
        """Note what a row would ask."""
        row = DryRow()
        made = await answered(asking, askers, _noting(row))
        row.samples = samples(made)
        self.rows.setdefault(task, []).append(row)
        return made

    async def once(self, task: str, asking: Addressed[T], askers: Mapping[str, Asker]) -> T:
        """Note what is asked once for a whole task."""
        row = DryRow()
        self.singly.setdefault(task, []).append(row)
        return await answered(asking, askers, _noting(row))


def _noting(row: DryRow) -> Callable[[Put, Answer], None]:
    def note(put: Put, answer: Answer) -> None:
        counted = row.put_to(put.part, put.model)
        counted.requests += 1
        counted.prompt_tokens += answer.prompt_tokens
        if isinstance(answer, MadeUp):
            counted.bound += answer.completion_tokens
        else:
            counted.known += 1
            counted.known_completion += answer.completion_tokens

    return note


class DryAsker:
    """Answers without asking anybody."""

    #: Nothing fails that nobody is asked, so no request ever waits to be asked again.
    resting = 0

    def __init__(
        self,
        spec: ModelSpec,
        identity: str,
        ledger: Ledger,
        counter: Counter,
        granted: Mapping[type[BaseModel], str],
    ) -> None:
        self.spec = spec
        self._writer = Writer(spec, identity)
        self._ledger = ledger
        self._counter = counter
        self._granted = granted
        self._scripted = ScriptedModel()

    async def __aenter__(self) -> DryAsker:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def ask(self, question: Question) -> Answer:
        """Return the ledger's answer, or one that is made up in the form that is asked for."""
        request = self._writer.request(question)
        known = self._ledger.find([request.key]).get(request.key)
        if known is not None:
            return known
        text = None if question.answer is None else self._granted.get(question.answer)
        if text is None:
            text = self._scripted.answer(_with_schema(request.body, question)).text
        counted = self._counter.count(question.messages)
        return MadeUp(text, "stop", counted, request.max_tokens, 0.0, 0.0)


def _with_schema(body: bytes, question: Question) -> bytes:
    """Return a body that says which form is asked for, also where the endpoint is told none."""
    schema_writer = Writer(ModelSpec.model_validate({"engine": "scripted", "model": "m"}), "")
    return schema_writer.request(question).body if question.answer else body
