"""What a step that asks a language model is.

It is a pure coroutine: it yields questions, is sent answers, and returns columns for the row. So
the same code runs with any endpoint, in a batch, in a dry run, and again from the ledger; it knows
nothing of waiting, paying or retrying.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from factory.draw import Draw
from factory.llm import Answer, Message, Question, ask_for
from factory.templates import load_prompt

#: Yields questions, is sent answers, returns the columns that it adds to the row.
Asking: TypeAlias = Generator[Question, Answer, Mapping[str, Any]]


class StepOptions(BaseModel):
    """What every step has: a prompt, packaged or in ``prompts/`` beside the recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str


Form = TypeVar("Form", bound=BaseModel)
Options = TypeVar("Options", bound=StepOptions)


class Step(ABC, Generic[Options]):
    """One way in which a model takes part in making a sample.

    A subclass names itself and its options, says which columns it adds, and asks for one row.

    Args:
        options: the step's ``with:`` block.
        folder: where prompts beside the recipe stand.

    Attributes:
        name: as a recipe names it (``generate: [{by: write}]``).
        own: names that the step gives to its prompt itself, beside the row's columns.
        needs: the columns of the row that it reads; ``language`` is the row's, in English.
        source: the text that decides what it asks, for the definition hash of its tasks.
    """

    name: ClassVar[str]
    options_model: ClassVar[type[StepOptions]]
    own: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: Options, folder: Path | None = None) -> None:
        self.options = options
        self._prompt = load_prompt(options.prompt, folder)
        self.needs = self._prompt.names - self.own
        self.source = self._prompt.source

    @property
    @abstractmethod
    def offers(self) -> tuple[str, ...]:
        """The columns that the step adds."""

    @abstractmethod
    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:
        """Ask for one row.

        Raises :class:`~factory.sources.view.RowRejectedError` with the reason where what was
        answered cannot be used, and :class:`~factory.llm.AnswerError` where it is not in its form.
        """

    def question(
        self,
        row: Mapping[str, Any],
        form: type[BaseModel] | None,
        *,
        max_tokens: int,
        temperature: float,
        sample: int = 0,
        **own: Any,
    ) -> Question:
        """Return the question that the prompt becomes for a row, to be answered in ``form``."""
        system, user = self._prompt.render({**row, **own})
        return Question(
            (Message("system", system), Message("user", user)),
            form,
            sample,
            max_tokens,
            temperature,
        )


def typed(question: Question, form: type[Form]) -> Generator[Question, Answer, Form]:
    """Ask ``question`` and return its answer as ``form``, corrected once where that helps."""
    answer = yield from ask_for(question)
    if not isinstance(answer, form):
        raise TypeError(f"asked for {form.__name__}, got {type(answer).__name__}")
    return answer
