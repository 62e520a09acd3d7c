"""What a step that asks a language model is.

It is a pure coroutine: it yields questions, is sent answers, and returns columns for the row, or
what it thinks of the sample that was made of the row. So the same code runs with any endpoint, in a
batch, in a dry run, and again from the ledger; it knows nothing of waiting, paying or retrying.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.llm import Answer, Message, Question, ask_for
from factory.sample import Gold, Sample
from factory.tasktypes import TaskType
from factory.templates import load_prompt

#: Yields questions, is sent answers, returns the columns that it adds to the row.
Asking: TypeAlias = Generator[Question, Answer, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Reasoned:
    """What a step says of a whole sample: the way to its answer, a step a line, and the answer."""

    reasoning: str
    gold: Gold


#: Yields questions, is sent answers, returns what it says of the sample.
Reasoning: TypeAlias = Generator[Question, Answer, Reasoned]


class StepOptions(BaseModel):
    """What every step has: a prompt, packaged or in ``prompts/`` beside the recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str = Field(description="the prompt: in prompts/ beside the recipe, or packaged")


Form = TypeVar("Form", bound=BaseModel)
Options = TypeVar("Options", bound=StepOptions)


class AskingStep(ABC, Generic[Options]):
    """One way in which a model takes part in making a sample: what both kinds share.

    A :class:`Step` is one of the row, a :class:`SampleStep` one of what was made of it.

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

    def question(
        self,
        row: Mapping[str, Any],
        form: type[BaseModel] | None,
        *,
        max_tokens: int,
        temperature: float,
        sample: int = 0,
        whole: bool = False,
        **own: Any,
    ) -> Question:
        """Return the question that the prompt becomes for a row, to be answered in ``form``.

        With ``whole``, texts that were cut off at ``max_tokens`` are none.
        """
        system, user = self._prompt.render({**row, **own} if own else row)
        return Question(
            (Message("system", system), Message("user", user)),
            form,
            sample,
            max_tokens,
            temperature,
            whole,
        )


class Step(AskingStep[Options]):
    """A step of the row, before it is arranged: it reads columns and adds columns.

    Attributes:
        takes: columns of the row that are for this step alone: the sample does not have them.
        round_size: where the step looks at what was accepted before, how many keys of the draw
            order see the same; None for a step that does not. Its row has the column ``earlier``:
            the instructions accepted in the rounds before its own, in order.
    """

    takes: tuple[str, ...] = ()
    round_size: int | None = None

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


class SampleStep(AskingStep[Options]):
    """A step of the sample, after the row was arranged and worded: it sees what a reader sees.

    Only samples that the filters keep come to it, and they judge the sample again with what it
    returns. Its prompt may read the columns of the row beside the step's own names.

    Attributes:
        settles: whether the answer is the step's to find, in place of the row's own gold.
    """

    settles: bool = False

    @abstractmethod
    def reason(self, sample: Sample, row: Mapping[str, Any], task_type: TaskType) -> Reasoning:
        """Ask about one sample; raises as :meth:`Step.ask` does."""


def typed(question: Question, form: type[Form]) -> Generator[Question, Answer, Form]:
    """Ask ``question`` and return its answer as ``form``, corrected once where that helps."""
    answer = yield from ask_for(question)
    if not isinstance(answer, form):
        raise TypeError(f"asked for {form.__name__}, got {type(answer).__name__}")
    return answer
