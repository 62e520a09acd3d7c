"""Confirm: the model that wrote a text must find again what it wrote it for.

It is shown the text and several candidates without being told which is the right one. Where it
chooses another, the text does not say what it was to say, or says it of several.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

from pydantic import BaseModel, Field, create_model

from factory.draw import Draw
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.llm import Answer, Question
from factory.sources.view import RowRejectedError

_TOKENS: Final = 30

#: Given the form of the answer and the candidates in their order, returns the question.
Posed: TypeAlias = Callable[[type[BaseModel], Sequence[str]], Question]


class ConfirmOptions(StepOptions):
    """The options of ``confirm``."""

    right: str = Field("positive", description="the column with the candidate that must be chosen")
    wrong: str = Field("negatives", description="the column with the other candidates")


class Confirm(Step[ConfirmOptions]):
    """Adds no column: keeps a row only where the model chooses the right candidate.

    Its prompt has the names ``candidates``, which it numbers from 1, beside the row's columns.
    """

    name: ClassVar[str] = "confirm"
    options_model: ClassVar[type[StepOptions]] = ConfirmOptions
    own: ClassVar[frozenset[str]] = frozenset({"candidates"})

    def __init__(self, options: ConfirmOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self.needs |= {options.right, options.wrong}

    @property
    def offers(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:
        """Ask which candidate it is; reject the row where another is chosen."""

        def posed(form: type[BaseModel], candidates: Sequence[str]) -> Question:
            return self.question(
                row, form, max_tokens=_TOKENS, temperature=0.0, candidates=candidates
            )

        yield from confirmed(str(row[self.options.right]), row[self.options.wrong], draw, posed)
        return {}


def confirmed(
    right: str, wrong: Sequence[str], draw: Draw, posed: Posed
) -> Generator[Question, Answer, None]:
    """Ask which of the candidates it is, in an order by draw and with its halves exchanged.

    Whoever takes a place, the first one, whatever stands there, chooses two different ones.

    Raises :class:`RowRejectedError` where the right one is not chosen both times.
    """
    candidates = [right, *wrong]
    order = [candidates[place] for place in draw.permutation(len(candidates), "confirm")]
    form = create_model("Chosen", number=(int, Field(ge=1, le=len(candidates))))
    half = len(order) // 2
    for shown in (order, order[half:] + order[:half]):
        answer = yield from typed(posed(form, shown), form)
        chosen = shown[int(answer.model_dump()["number"]) - 1]
        if chosen != right:
            raise RowRejectedError("not-confirmed", f"{chosen!r} was chosen, not {right!r}")
