"""Multiple choice: the answer is one digit, the number of the right option, counted from 0.

ShopBench's parser reads the first character only, so there are at most ten options and letters are
never an answer. The star rating is the one form that is not 0-based: nothing is displayed and the
answer is the number of stars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final, Self, cast
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from factory.draw import Draw
from factory.errors import RecipeError
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import mean, unknown_metric
from factory.tasktypes.official import RESPONSE_CHARACTERS

_DIGITS: Final = tuple("0123456789")


class MultipleChoiceOptions(BaseModel):
    """The ``with:`` block of a multiple-choice task: one of three forms.

    ``options``: the row's ``positive`` among its ``negatives``. ``choices``: the same texts in
    every row, of which ``answer`` names one; held as (answer, text) pairs and read from a mapping,
    or from a list where answer and text are the same. ``scale``: nothing to choose from,
    ``answer`` is a whole number from 1 to ``scale``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    options: int = Field(
        default=4, ge=2, le=10, description="how many options a row shows, the right one included"
    )
    choices: tuple[tuple[str, str], ...] | None = Field(
        default=None,
        min_length=2,
        max_length=10,
        description="the texts that every row offers: a list of which the row's `answer` is one, "
        "or a mapping from each `answer` to its text",
    )
    scale: int | None = Field(
        default=None,
        ge=2,
        le=9,
        description="the row's `answer` is a whole number from 1 to this, and no options are shown",
    )

    @field_validator("choices", mode="before")
    @classmethod
    def _read_pairs(cls, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, Mapping):
            pairs: list[Any] = list(value.items())
        elif isinstance(value, list | tuple):
            pairs = [
                tuple(each) if isinstance(each, list | tuple) else (each,) * 2 for each in value
            ]
        else:
            raise ValueError("choices are a list of texts, or a mapping from answers to texts")
        if any(isinstance(part, bool) for pair in pairs for part in pair):
            raise ValueError("yes and no mean true and false in YAML: put them in quotes")
        return tuple(pairs)

    @field_validator("choices")
    @classmethod
    def _refuse_equal_choices(
        cls, value: tuple[tuple[str, str], ...] | None
    ) -> tuple[tuple[str, str], ...] | None:
        seen: dict[str, str] = {}
        for _, text in value or ():
            plain = " ".join(normalize("NFKC", text).casefold().split())
            if not plain:
                raise ValueError("an empty choice")
            if plain in seen:
                raise ValueError(f"the choices {seen[plain]!r} and {text!r} read the same")
            seen[plain] = text
        return value

    @model_validator(mode="after")
    def _refuse_two_forms(self) -> Self:
        given = [
            name
            for name in ("options", "choices", "scale")
            if name in self.model_fields_set and getattr(self, name) is not None
        ]
        if len(given) > 1:
            raise ValueError(
                f"{' and '.join(given)} contradict each other: give one of options (distractors "
                "come from the row), choices (the same texts in every row) or scale (a number)"
            )
        return self

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """What ``answer`` may be, in the order of ``choices``."""
        return tuple([answer for answer, _ in self.choices or ()])

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What is displayed for each of ``answers``."""
        return tuple([text for _, text in self.choices or ()])


class MultipleChoice:
    """One right answer among two to ten options, or a number on a scale."""

    name: ClassVar[str] = "multiple-choice"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    base: ClassVar[str] = "multiple_choice.j2"
    options: ClassVar[type[BaseModel]] = MultipleChoiceOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:
        """Return ``positive`` and ``negatives``, or ``answer`` for fixed choices and scales."""
        form = cast(MultipleChoiceOptions, options)
        fixed = form.choices is not None or form.scale is not None
        return ("answer",) if fixed else ("positive", "negatives")

    def positions(self, options: BaseModel) -> int | None:
        """Return the number of options, or None on a scale, where the answer has no place."""
        form = cast(MultipleChoiceOptions, options)
        if form.scale is not None:
            return None
        return form.options if form.choices is None else len(form.choices)

    def arrange(self, row: Mapping[str, Any], draw: Draw, options: BaseModel) -> Arrangement:
        """Return the options in display order and the place of the right one, counted from 0.

        ``order`` counts in ``[positive] + negatives``, or in ``choices``. On a scale nothing is
        displayed and the gold is ``answer`` itself, counted from 1.

        Raises:
            ArrangementError: ``too-few-negatives``, ``null-option``, ``answer-not-a-choice`` or
                ``answer-off-scale``.
            RecipeError: the row lacks a column that the form needs.
        """
        form = cast(MultipleChoiceOptions, options)
        try:
            if form.scale is not None:
                return Arrangement((), _on_scale(row["answer"], form.scale))
            if form.choices is not None:
                texts: Sequence[str] = form.texts
                right = _choice(row["answer"], form.answers)
            else:
                texts = _texts(row["positive"], row["negatives"], form.options)
                right = 0
        except KeyError as error:
            raise RecipeError(
                f"multiple choice needs the column {error.args[0]!r}, which the task's view does "
                "not return: select it, or choose another form (options, choices or scale)"
            ) from None
        count = len(texts)
        wrong = [*range(right), *range(right + 1, count)]
        order = [wrong[i] for i in draw.permutation(count - 1, "negatives")]
        position = draw.below(count, "position")
        order.insert(position, right)
        return Arrangement(tuple([texts[i] for i in order]), position, tuple(order))

    def render(self, gold: Gold) -> str:
        """Return the number of the option, or of stars."""
        return str(gold)

    def parse(self, text: str) -> Gold:
        """Return the first character as an integer, or -1: ``"(2)"``, ``"A"``; ``"10"`` is 1."""
        try:
            return int(text[:RESPONSE_CHARACTERS].strip()[0])
        except (ValueError, IndexError):
            return -1

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return 1 for the right option and 0 otherwise."""
        if metric != "accuracy":
            raise unknown_metric(metric, self.name, self.metrics)
        return float(prediction == gold)

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` is not the one digit that ``gold`` asks for, or None."""
        if metric != "accuracy":
            raise unknown_metric(metric, self.name, self.metrics)
        if type(gold) is not int or gold < 0:
            return "gold-not-a-number"
        if gold > 9:
            return "more-than-ten-options"
        if text == _DIGITS[gold]:
            return None
        return "wrong-answer" if text in _DIGITS else "not-one-digit"

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the share of right answers."""
        return mean([self.score(p, g, metric) for p, g in zip(predictions, golds, strict=True)])


def _texts(positive: str | None, negatives: Sequence[str] | None, count: int) -> list[str]:
    texts = [positive, *(negatives or ())[: count - 1]]
    if len(texts) < count:
        raise ArrangementError("too-few-negatives", f"{len(texts) - 1} of {count - 1}")
    if None in texts:
        raise ArrangementError("null-option")
    return cast(list[str], texts)


def _choice(answer: object, answers: tuple[str, ...]) -> int:
    try:
        return answers.index(cast(str, answer))
    except ValueError:
        raise ArrangementError("answer-not-a-choice", repr(answer)) from None


def _on_scale(answer: Any, scale: int) -> int:
    # Upstream ratings are often floats or decimals: 4.0 is 4 stars, 4.5 and "4" are no answer.
    try:
        stars = int(answer)
    except (TypeError, ValueError, OverflowError):
        stars = 0
    if stars != answer or not 1 <= stars <= scale:
        raise ArrangementError("answer-off-scale", f"{answer!r}, not 1 to {scale}")
    return stars
