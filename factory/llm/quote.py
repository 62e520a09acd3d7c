"""A dry pool: it answers from the ledger or a script, pays nothing, and notes what would be asked.

The line runs over it as over any other, so the prompts that are counted are the prompts that would
be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from factory.llm.ledger import Ledger
from factory.llm.models import ModelSpec
from factory.llm.pool import Lane, ModelPool
from factory.llm.prices import Quoted, price_of
from factory.llm.request import Answer, Question, Writer
from factory.llm.scripted import ScriptedModel
from factory.llm.tokens import LocalTokenCounter, TokenCounter

#: What an answer takes of its bound where nothing is known of the task.
_USED_OF_THE_BOUND = 0.4
_LEAST_HISTORY = 5


class Counter(Protocol):
    """Counts the tokens of a chat."""

    exact: bool

    def count(self, messages: Any) -> int:
        """Return the tokens of one prompt."""


@dataclass(slots=True)
class Asked:
    """What one model would be asked for one task: sums over the ``rows`` of the dry run.

    ``known`` requests are answered by the ledger already and cost nothing.
    """

    rows: int = 0
    requests: int = 0
    known: int = 0
    prompt_tokens: int = 0
    completion_tokens: float = 0.0
    seconds: float | None = None


@dataclass(slots=True)
class Noted:
    """One (task, model, lane) of a dry run: its price, and how its tokens were counted."""

    model: str
    lane: str
    price: Quoted
    counted: str
    concurrency: int
    asked: Asked = field(default_factory=Asked)


class DryPool(ModelPool):
    """Opens dry models.

    Attributes:
        noted: what would be asked, by (task, name of the model in the recipe, lane).
    """

    def __init__(self, models: Mapping[str, ModelSpec], cache: Path) -> None:
        super().__init__(models, cache)
        self.noted: dict[tuple[str, str, str], Noted] = {}

    def asker(  # type: ignore[override]
        self, name: str, task: str, lane: Lane | None = None
    ) -> DryAsker:
        """Return what notes the questions of ``task`` to the model ``name``.

        Raises :class:`~factory.errors.ModelError` where a local model's weights are missing.
        """
        spec = self.spec(name, lane)
        identity = self._identity(spec)
        counter: Counter
        if spec.engine == "local":
            spec, endpoint, _ = self._open(spec)
            counter = LocalTokenCounter(endpoint)
        else:
            spec = spec.model_copy(update={"model": spec.model or "scripted"})
            counter = TokenCounter(spec, self.ledger)
        noted = self.noted.get((task, name, spec.lane))
        if noted is None:
            counted = "its own tokenizer" if counter.exact else "characters"
            noted = Noted(spec.model, spec.lane, price_of(spec), counted, spec.concurrency)
            self.noted[task, name, spec.lane] = noted
        return DryAsker(spec, identity, self.ledger, counter, noted.asked, task)


class DryAsker:
    """Notes questions, and answers them without asking anybody."""

    #: Nothing fails that nobody is asked, so no request ever waits to be asked again.
    resting = 0

    def __init__(
        self,
        spec: ModelSpec,
        identity: str,
        ledger: Ledger,
        counter: Counter,
        asked: Asked,
        task: str,
    ) -> None:
        self.spec = spec
        self._writer = Writer(spec, identity)
        self._ledger = ledger
        self._counter = counter
        self._asked = asked
        self._scripted = ScriptedModel()
        history = [e for e in ledger.spent() if (e.task, e.model) == (task, spec.model)]
        requests = sum(each.requests for each in history)
        self._usual = (
            sum(each.completion_tokens for each in history) / requests
            if requests >= _LEAST_HISTORY
            else None
        )
        timed = sum(each.timed for each in history)
        if timed >= _LEAST_HISTORY and spec.lane == "direct":
            asked.seconds = sum(each.seconds for each in history) / timed

    async def __aenter__(self) -> DryAsker:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def finish_row(self) -> None:
        """Count a row that needs nothing more."""
        self._asked.rows += 1

    async def ask(self, question: Question) -> Answer:
        """Note the question; return the ledger's answer, or a scripted one in its form."""
        request = self._writer.request(question)
        self._asked.requests += 1
        known = self._ledger.find([request.key]).get(request.key)
        if known is not None:
            self._asked.known += 1
            return known
        self._asked.prompt_tokens += self._counter.count(question.messages)
        usual = self._usual
        self._asked.completion_tokens += (
            request.max_tokens * _USED_OF_THE_BOUND if usual is None else usual
        )
        return self._scripted.answer(_with_schema(request.body, question))


def _with_schema(body: bytes, question: Question) -> bytes:
    """Return a body that says which form is asked for, also where the endpoint is told none."""
    schema_writer = Writer(ModelSpec.model_validate({"engine": "scripted", "model": "m"}), "")
    return schema_writer.request(question).body if question.answer else body
