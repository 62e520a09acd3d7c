"""A language model as a judge: is a sample answerable, right, unambiguous, grounded, well-formed?

It sees the sample as a reader would, with what its source row says beside the answer, and gives
each criterion one to five, by the rubric of the sample's task type. What the answer was printed
from is not shown: a judge that is told the answer only compares. The scores are kept with the
sample, kept or dropped, so that another threshold needs no new question. Several models make a
panel: a sample's score is their mean, and how far they agree is part of the manifest
(:mod:`factory.filters.agreement`).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from statistics import fmean
from typing import Annotated, Any, ClassVar, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from factory.filters.rubrics import CRITERIA, rubric
from factory.llm import AnswerError, Message, Question, RefusedError, ask_for
from factory.llm.driving import Addressed, Exchange, Spent, addressed, spent
from factory.sample import Sample, Verdict
from factory.templates import load_prompt

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


#: What a dry run takes a judge to say.
BEST: Final = Judgement(
    answerable=5, correct=5, unambiguous=5, grounded=5, well_formed=5, reason=""
)


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
    prompt: str = Field("judge_sample.j2", description="the prompt that puts a sample before it")

    @model_validator(mode="after")
    def _each_once(self) -> JudgeOptions:
        if len(set(self.models)) < len(self.models):
            raise ValueError("a panel has each model once")
        load_prompt(self.prompt)
        return self

    @property
    def source(self) -> str:
        """The text of the prompt, for the definition hash of the tasks that are judged."""
        return load_prompt(self.prompt).source


class Judged(NamedTuple):
    """What a panel said of one sample.

    Attributes:
        scores: by criterion (the mean), and by criterion and model.
        verdict: the filter's.
        spent: what its answers took.
    """

    scores: dict[str, float]
    verdict: Verdict
    spent: Spent

    def added_to(self, sample: Sample) -> Sample:
        """Return ``sample`` with the scores, and with what they took in its provenance."""
        tokens, cost = self.spent
        return replace(
            sample,
            scores={**sample.scores, **self.scores},
            provenance=replace(sample.provenance, judge_tokens=tokens, judge_cost=cost),
        )


def judge(
    options: JudgeOptions, sample: Sample, of_the_answer: Container[str] = ()
) -> Addressed[Judged]:
    """Ask the panel about ``sample``; return its scores by criterion (and model), and the verdict.

    ``of_the_answer`` names the slots that the answer was printed from, which it is not shown. A
    judge that gives no judgement counts as against the sample: nobody vouches for it.
    """
    question = _question(options, sample, of_the_answer)
    scores: dict[str, float] = {}
    given: list[Judgement] = []
    took: list[Exchange] = []
    for model in options.models:
        try:
            judgement = yield from addressed(model, ask_for(question), took, JudgeOptions.name)
        except (AnswerError, RefusedError) as error:
            said = f"{model}: {error}"[:200]
            verdict = Verdict(JudgeOptions.name, False, "no-judgement", said)
            return Judged(scores, verdict, spent(took))
        if not isinstance(judgement, Judgement):
            raise TypeError(f"asked for a judgement, got {type(judgement).__name__}")
        given.append(judgement)
        for criterion in CRITERIA:
            scores[score_name(criterion, model)] = float(getattr(judgement, criterion))
    means = {each: fmean(getattr(one, each) for one in given) for each in CRITERIA}
    scores |= {score_name(name): round(mean, 4) for name, mean in means.items()}
    worst = min(CRITERIA, key=lambda criterion: means[criterion])
    keep = means[worst] >= options.threshold
    reason = "" if keep else f"not-{worst.replace('_', '-')}"
    said = "" if keep else min(given, key=lambda one: getattr(one, worst)).reason[:200]
    return Judged(scores, Verdict(JudgeOptions.name, keep, reason, said, means[worst]), spent(took))


def score_name(criterion: str, model: str = "") -> str:
    """Return the name in a sample's scores: of one model, or of the panel's mean."""
    return f"judge.{criterion}.{model}" if model else f"judge.{criterion}"


def worst_score(scores: Mapping[str, float], model: str = "") -> float | None:
    """Return the score of the worst criterion, which decides; None where one is missing."""
    given = [scores.get(score_name(criterion, model)) for criterion in CRITERIA]
    return None if None in given else min(score for score in given if score is not None)


def _question(options: JudgeOptions, sample: Sample, of_the_answer: Container[str]) -> Question:
    system, user = load_prompt(options.prompt).render(
        {
            "task_type": sample.task_type,
            "rubric": rubric(sample.task_type),
            "prompt": sample.input_field,
            "answer": sample.output_field,
            "reasoning": sample.reasoning,
            "facts": _told(_facts(sample, of_the_answer)),
        }
    )
    messages = (Message("system", system), Message("user", user))
    return Question(messages, Judgement, max_tokens=_TOKENS, temperature=0.0)


def _facts(sample: Sample, of_the_answer: Container[str]) -> dict[str, Any]:
    """Return what the source row says and the answer was not printed from, nor is told by.

    A list as long as one that was arranged says something of each of its items, in an order that
    the judge does not see: it stays out too.
    """
    answers = _answers(sample)
    arranged = {
        len(value)
        for name, value in sample.slots.items()
        if name in of_the_answer and isinstance(value, list)
    }
    return {
        name: value
        for name, value in sample.slots.items()
        if name not in of_the_answer
        and value not in (None, "", [])
        and not (isinstance(value, list) and len(value) in arranged)
        and not (isinstance(value, str) and value.strip().casefold() in answers)
    }


def _answers(sample: Sample) -> set[str]:
    """Return the texts that the gold stands for, folded."""
    gold, options = sample.gold, sample.options
    texts: list[object] = list(gold) if isinstance(gold, list) else [gold]
    if options and sample.task_type == "multiple-choice" and isinstance(gold, int):
        texts = [options[gold]]
    elif options and sample.task_type == "retrieval" and isinstance(gold, list):
        texts = [options[int(number) - 1] for number in gold]
    return {text.strip().casefold() for text in texts if isinstance(text, str)}


def _told(facts: Mapping[str, Any]) -> str:
    return to_json(facts).decode()[:_LONGEST_FACTS] if facts else ""
