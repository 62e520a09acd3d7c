"""A chain of thought: how a model comes from a prompt to its answer, kept where it arrives.

It sees the prompt and the options as they are displayed, never the gold. Where the gold is known,
reasoning is kept that ends at it, as the task type itself reads and scores the answer; where it is
not, the answer is the one that enough of several samples agree on (self-consistency, Wang et al.,
arXiv:2203.11171). The reasoning stands beside the sample's answer and never in it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, Field, create_model, model_validator

from factory.generators.asking import (
    Reasoned,
    Reasoning,
    SampleStep,
    StepOptions,
    typed,
)
from factory.generators.bounds import check_bounds
from factory.generators.reasoning import Conclusion, cleaned_steps, fault
from factory.llm import Answer, AnswerError, Question
from factory.sample import Gold, Sample
from factory.sources.view import RowRejectedError
from factory.tasktypes import TaskType
from factory.tasktypes.metrics import ENCODERS

_LEAST_STEPS: Final = 3
_MOST_STEPS: Final = 6
_TOKENS: Final = 400
_FULL_MARKS: Final = 1 - 1e-6
_LONGEST_TOLD: Final = 120

_Steps = Annotated[list[str], Field(min_length=_LEAST_STEPS, max_length=_MOST_STEPS)]


class CotOptions(StepOptions):
    """The options of ``cot``."""

    prompt: str = Field(
        "reason.j2", description="the prompt: in prompts/ beside the recipe, or packaged"
    )
    gold: Literal["known", "voted"] = Field(
        "known", description="the row's own, or what enough of several samples say"
    )
    samples: int = Field(1, ge=1, le=9, description="how often it is asked at most")
    agree: int = Field(1, ge=1, description="how many must come to the answer")
    min_words: int = Field(8, ge=1, description="of the reasoning, at least")
    max_words: int = Field(150, ge=1, description="of the reasoning, at most")
    temperature: float = Field(0.7, ge=0, le=2, description="of the request")
    facts: str | None = Field(
        None, description="the column with numbers that reasoning may take as known"
    )

    @model_validator(mode="after")
    def _can_agree(self) -> Self:
        check_bounds(self.min_words, self.max_words)
        if self.agree > self.samples:
            raise ValueError(f"of {self.samples} samples no {self.agree} can agree")
        if self.gold == "voted" and 2 * self.agree <= self.samples:
            raise ValueError("a vote takes more than half of the samples: raise 'agree'")
        if self.gold == "voted" and self.agree < 2:
            raise ValueError("one sample agrees with itself: a vote takes 'agree' 2 or more")
        return self


class ChainOfThought(SampleStep[CotOptions]):
    """Reasons about a sample."""

    name: ClassVar[str] = "cot"
    options_model: ClassVar[type[StepOptions]] = CotOptions
    own: ClassVar[frozenset[str]] = frozenset({"prompt", "candidates"})

    def __init__(self, options: CotOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self.needs |= frozenset(filter(None, [options.facts]))
        self.settles = options.gold == "voted"

    def reason(self, sample: Sample, row: Mapping[str, Any], task_type: TaskType) -> Reasoning:
        """Ask for reasoning and an answer, up to ``samples`` times; return the first that is kept.

        What is asked ends as soon as enough agree, or no longer can. Raises
        :class:`RowRejectedError`: ``answer-differs``, ``no-agreement``, or what is wrong with the
        last reasoning.
        """
        options = self.options
        found: dict[str, list[Reasoned]] = {}
        missed = RowRejectedError("no-agreement")
        for number in range(options.samples):
            try:
                reasoned = yield from self._one(sample, row, task_type, number)
            except (RowRejectedError, AnswerError) as error:
                missed = (
                    error
                    if isinstance(error, RowRejectedError)
                    else RowRejectedError("answer-malformed", str(error))
                )
            else:
                answer = task_type.render(reasoned.gold)
                if self.settles or _right(reasoned.gold, sample, task_type):
                    same = found.setdefault(answer if self.settles else "", [])
                    same.append(reasoned)
                    if len(same) == options.agree:
                        gold = same[0].gold if self.settles else sample.gold
                        return Reasoned(same[0].reasoning, gold)
                else:
                    missed = RowRejectedError(
                        "answer-differs",
                        f"{answer[:_LONGEST_TOLD]}, not {sample.output_field[:_LONGEST_TOLD]}",
                    )
            most = max(map(len, found.values()), default=0)
            if most + options.samples - number - 1 < options.agree:
                break
        if self.settles and len(found) > 1:
            missed = RowRejectedError("no-agreement", " | ".join(found)[:_LONGEST_TOLD])
        raise missed

    def _one(
        self, sample: Sample, row: Mapping[str, Any], task_type: TaskType, number: int
    ) -> Generator[Question, Answer, Reasoned]:
        """Ask once; return the reasoning and the answer as the task type reads it."""
        options = self.options
        form = _form(task_type.name, len(sample.options))
        question = self.question(
            row,
            form,
            max_tokens=_TOKENS,
            temperature=options.temperature,
            sample=number,
            prompt=sample.input_field,
            candidates=sample.options,
        )
        answered = (yield from typed(question, form)).model_dump()
        steps = cleaned_steps(answered["steps"])
        answer = task_type.parse(answered["answer"])
        words = range(options.min_words, options.max_words + 1)
        conclusion = Conclusion(
            *(sample.input_field, sample.options, _chosen(answer, sample)),
            facts=[Fraction(fact) for fact in row[options.facts]] if options.facts else (),
            around="\n".join(message.content for message in question.messages),
        )
        if wrong := fault(steps, conclusion, words):
            raise RowRejectedError(*wrong)
        return Reasoned("\n".join(steps), answer)


def _form(task_type: str, options: int) -> type[BaseModel]:
    """Return the form of the answer: the steps first, so that the answer follows from them."""
    answer: Any = str
    if task_type == "multiple-choice" and options:
        numbers: Sequence[str] = [str(number) for number in range(options)]
        # Where an endpoint keeps to no schema, another number is an answer that differs.
        answer = Annotated[str, Field(json_schema_extra={"enum": list(numbers)})]
    return create_model("Reasoned", steps=(_Steps, ...), answer=(answer, ...))


def _chosen(answer: Gold, sample: Sample) -> int | None:
    """Return the place of the option that was chosen, where it is one of those displayed."""
    if sample.task_type != "multiple-choice" or not isinstance(answer, int):
        return None
    return answer if 0 <= answer < len(sample.options) else None


def _right(answer: Gold, sample: Sample, task_type: TaskType) -> bool:
    if sample.metric in ENCODERS:  # a model of gigabytes: equal texts are right
        return answer == sample.gold
    return task_type.score(answer, sample.gold, sample.metric) >= _FULL_MARKS
