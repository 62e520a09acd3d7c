"""A language model as a judge: is a sample answerable, right, unambiguous, grounded, well-formed?

It sees the sample as a reader would, with what its source row says, and gives each criterion one to
five. The scores are kept with the sample, kept or dropped, so that another threshold needs no new
question. Several models make a panel: a sample's score is their mean, and how far they agree is
part of the manifest (:mod:`factory.filters.agreement`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from statistics import fmean
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from factory.llm import Answer, AnswerError, Message, Question, RefusedError, ask_for
from factory.sample import Sample, Verdict
from factory.templates import load_prompt

CRITERIA: Final = ("answerable", "correct", "unambiguous", "grounded", "well_formed")
_Score = Annotated[int, Field(ge=1, le=5)]
_TOKENS: Final = 160
_LONGEST_FACTS: Final = 4000


class Judgement(BaseModel):
    """The form of a judge's answer."""

    answerable: _Score
    correct: _Score
    unambiguous: _Score
    grounded: _Score
    well_formed: _Score
    reason: Annotated[str, Field(max_length=300)]


class JudgeOptions(BaseModel):
    """The ``judge`` entry of a recipe's ``filters:``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str] = "judge"

    models: list[str] = Field(
        default=["default"], min_length=1, description="one judge, or a panel of several"
    )
    threshold: float = Field(
        4.0, ge=1, le=5, description="the least that the panel's mean may be on any criterion"
    )
    prompt: str = "judge_sample.j2"

    @model_validator(mode="after")
    def _each_once(self) -> JudgeOptions:
        if len(set(self.models)) < len(self.models):
            raise ValueError("a panel has each model once")
        load_prompt(self.prompt)
        return self


#: Yields (model, question), is sent answers; returns the scores and the verdict.
Judging = Generator[tuple[str, Question], Answer, tuple[dict[str, float], Verdict]]


def judge(options: JudgeOptions, sample: Sample) -> Judging:
    """Ask the panel about ``sample``; return its scores by criterion (and model), and the verdict.

    A judge that gives no judgement counts as against the sample: nobody vouches for it.
    """
    question = _question(options, sample)
    scores: dict[str, float] = {}
    given: list[Judgement] = []
    for model in options.models:
        try:
            judgement = yield from _asked(model, question)
        except (AnswerError, RefusedError) as error:
            said = f"{model}: {error}"[:200]
            return scores, Verdict(JudgeOptions.name, False, "no-judgement", said)
        given.append(judgement)
        for criterion in CRITERIA:
            scores[f"judge.{criterion}.{model}"] = float(getattr(judgement, criterion))
    means = {each: fmean(getattr(one, each) for one in given) for each in CRITERIA}
    scores |= {f"judge.{name}": round(mean, 4) for name, mean in means.items()}
    worst = min(CRITERIA, key=lambda criterion: means[criterion])
    keep = means[worst] >= options.threshold
    reason = "" if keep else f"not-{worst.replace('_', '-')}"
    said = "" if keep else min(given, key=lambda one: getattr(one, worst)).reason[:200]
    return scores, Verdict(JudgeOptions.name, keep, reason, said, means[worst])


def _question(options: JudgeOptions, sample: Sample) -> Question:
    system, user = load_prompt(options.prompt).render(
        {
            "task_type": sample.task_type,
            "prompt": sample.input_field,
            "answer": sample.output_field,
            "facts": to_json(_bare(sample.slots)).decode()[:_LONGEST_FACTS],
        }
    )
    messages = (Message("system", system), Message("user", user))
    return Question(messages, Judgement, max_tokens=_TOKENS, temperature=0.0)


def _bare(slots: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in slots.items() if value not in (None, "", [])}


def _asked(model: str, question: Question) -> Generator[tuple[str, Question], Answer, Judgement]:
    asking = ask_for(question)
    asked = next(asking)
    while True:
        answer = yield model, asked
        try:
            asked = asking.send(answer)
        except StopIteration as done:
            judgement: Judgement = done.value
            return judgement
