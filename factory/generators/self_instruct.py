"""Self-Instruct (Wang et al., arXiv:2212.10560): tasks in the manner of seeds, with an instance.

A prompt shows six of people's tasks and two that a model wrote and the line accepted, and asks for
one more; a second question asks for an instance, for a classification output first: the labels,
then a text for the one that is drawn. Candidates come in rounds of a fixed size in the draw order.
A round is shown, and must be unlike, what earlier rounds accepted, and nothing of its own: so the
bytes are the same whatever is answered first. (Within a round, the fold's own novelty decides.)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, Field

from factory.draw import Draw
from factory.filters import Novelty
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.instances import (
    check_handed_back,
    check_own_words,
    checked_instance,
    checked_labels,
    checked_task,
)
from factory.llm import Answer, Message, Question
from factory.sources.view import RowRejectedError
from factory.templates import load_prompt

#: Of a prompt's examples, those that a model wrote; where there are fewer, people's fill up.
_MACHINE: Final = 2
_EXAMPLES: Final = 8
_TOKENS_OF_A_TASK: Final = 160
_TOKENS_OF_AN_INSTANCE: Final = 500
#: In percent: tasks that ask for one of a few labels, about as many as the seeds have.
_CLASSIFIES: Final = 30
_KINDS: Final = {
    True: "The answer is one of two to four labels, and the task ends by naming them all, as in: "
    "Answer with question or complaint.",
    False: "Its answer is a short text.",
}
#: What a task may be about: without it small models write the same few again.
_TOPICS: Final = (
    "a buyer's question about a product",
    "a return or a refund",
    "the delivery of an order",
    "the title of a product",
    "the description of a product",
    "bullet points of a product page",
    "a search query",
    "a customer's review",
    "several reviews of one product",
    "sizes and fit",
    "the material of a product",
    "amounts in a package",
    "prices and discounts",
    "a present for somebody",
    "products that are used together",
    "a product that can replace another",
    "the category of a product",
    "washing, care and repair",
    "the safe use of a product",
    "the choice between two products",
    "a complaint",
    "a shopping list",
    "an e-mail to a customer",
    "a warranty",
    "food and its ingredients",
    "the features of a device",
    "words that customers misspell",
    "what happens before and after a purchase",
)


class NewTask(BaseModel):
    """The form of the first answer."""

    instruction: Annotated[str, Field(max_length=600)]


class Instance(BaseModel):
    """The form of the second answer."""

    input: str
    output: str


class LabelledInstance(BaseModel):
    """The form of the second answer for a classification."""

    labels: Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=2, max_length=4)]
    input: str


class SelfInstructOptions(StepOptions):
    """The options of ``self_instruct``."""

    prompt: str = Field(
        "self_instruct.j2", description="the prompt: in prompts/ beside the recipe, or packaged"
    )
    instance: str = Field("self_instruct_instance.j2", description="the prompt for an instance")
    labels: str = Field("self_instruct_labels.j2", description="the same for a classification")
    round_size: int = Field(32, ge=1, description="candidates that are shown the same tasks")
    max_rouge: float = Field(
        0.7, ge=0.3, le=1, description="ROUGE-L with a seed or an earlier task, at most"
    )
    temperature: float = Field(0.7, ge=0, le=2, description="of the request")


class SelfInstruct(Step[SelfInstructOptions]):
    """Fills ``instruction``, ``input`` (which may be empty) and ``target``."""

    name: ClassVar[str] = "self_instruct"
    options_model: ClassVar[type[StepOptions]] = SelfInstructOptions
    own: ClassVar[frozenset[str]] = frozenset({"examples", "topic", "kind"})
    takes = ("shown", "known")

    def __init__(self, options: SelfInstructOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self._instance = load_prompt(options.instance, folder)
        self._labels = load_prompt(options.labels, folder)
        self.needs |= (self._instance.names | self._labels.names) - {"instruction", "which"}
        self.needs |= {"shown", "known", "locale"}
        self.source = "\n".join((self.source, self._instance.source, self._labels.source))
        self.round_size = options.round_size
        self._pool = _Pool(options.max_rouge)

    @property
    def offers(self) -> tuple[str, ...]:
        """The columns of an instruction with its instance."""
        return ("instruction", "input", "target")

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:
        """Ask for a task, and where it is new and sound for an instance of it."""
        earlier: Sequence[str] = row["earlier"]
        classifies = draw.below(100, "classifies") < _CLASSIFIES
        question = self.question(
            row,
            NewTask,
            max_tokens=_TOKENS_OF_A_TASK,
            temperature=self.options.temperature,
            whole=True,
            examples=_examples(row["shown"], earlier, draw),
            topic=_TOPICS[draw.below(len(_TOPICS), "topic")],
            kind=_KINDS[classifies],
        )
        task = checked_task((yield from typed(question, NewTask)).instruction, row["locale"])
        own = self._prompt.render({**row, "examples": (), "topic": "", "kind": _KINDS[True]})
        check_handed_back(task, "\n".join(own))
        if nearest := self._pool.holding((*row["known"], *earlier)).nearest(task):
            raise RowRejectedError("not-novel", f"ROUGE-L {nearest[0]:.2f} with {nearest[1]}")
        seen = {**row, "instruction": task}
        if classifies:
            given, output = yield from self._labelled(seen, draw)
        else:
            system, user = self._instance.render(seen)
            instance = yield from typed(self._second(system, user, Instance), Instance)
            check_own_words(instance.input, user.replace(task, ""))
            given, output = instance.input, instance.output
        given, output = checked_instance(task, given, output, row["locale"])
        return {"instruction": task, "input": given, "target": output}

    def _labelled(
        self, row: Mapping[str, Any], draw: Draw
    ) -> Generator[Question, Answer, tuple[str, str]]:
        """Ask for labels and a text for one of them, the first or the last, by draw."""
        first = draw.below(2, "label") == 0
        system, user = self._labels.render({**row, "which": "first" if first else "last"})
        answer = yield from typed(self._second(system, user, LabelledInstance), LabelledInstance)
        check_own_words(answer.input, user.replace(row["instruction"], ""))
        label = checked_labels(row["instruction"], answer.labels)[0 if first else -1]
        if label.casefold() in answer.input.casefold():
            raise RowRejectedError("label-in-input", f"{label} in: {answer.input}")
        if not answer.input.strip():
            raise RowRejectedError("input-missing", row["instruction"])
        return answer.input, label

    def _second(self, system: str, user: str, form: type[BaseModel]) -> Question:
        messages = (Message("system", system), Message("user", user))
        temperature = self.options.temperature
        return Question(messages, form, 0, _TOKENS_OF_AN_INSTANCE, temperature, whole=True)


def _examples(shown: Sequence[str], earlier: Sequence[str], draw: Draw) -> list[str]:
    """Return the tasks of a prompt: two of ``earlier``, where there are, the others people's."""
    machine = [earlier[place] for place in draw.permutation(len(earlier), "machine")[:_MACHINE]]
    examples = [*shown[: _EXAMPLES - len(machine)], *machine]
    return [examples[place] for place in draw.permutation(len(examples), "examples")]


class _Pool:
    """What a new task must be unlike: the last pool is kept, since the next often only adds."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._texts: list[str] = []
        self._novelty = Novelty(threshold)

    def holding(self, texts: Sequence[str]) -> Novelty:
        """Return what has been told of exactly ``texts``."""
        if list(texts[: len(self._texts)]) != self._texts:
            self._texts, self._novelty = [], Novelty(self._threshold)
        for text in texts[len(self._texts) :]:
            self._novelty.add(text, text)
            self._texts.append(text)
        return self._novelty
