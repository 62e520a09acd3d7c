"""What a task type is: the grammar of an answer, in one place and used by everyone.

The factory prints and checks training answers with it, an evaluator parses a model's answers with
it, and a served model constrains its output with it; so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from factory.draw import Draw
from factory.sample import Gold


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How one row is shown: the candidates in display order, and the gold that follows from it.

    ``candidates`` are plain texts without numbers; the template prints the numbers. ``order`` maps
    display positions back to the row's own lists (``candidates[i]`` is item ``order[i]``), so that
    provenance can say which source item stands where; empty where nothing is displayed.
    """

    candidates: tuple[str, ...]
    gold: Gold
    order: tuple[int, ...] = ()


class TaskType(Protocol):
    """One of ShopBench's five kinds of answer.

    Attributes:
        name: the name on disk (``task_type``), ShopBench's own spelling.
        metrics: the metrics that apply, the default first.
        base: the file name of the base template that a task's template extends.
        options: the pydantic model of the ``with:`` block of a recipe.
    """

    name: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    base: ClassVar[str]
    options: ClassVar[type[BaseModel]]

    def columns(self, options: BaseModel) -> tuple[str, ...]:
        """Return the columns of a facts row that :meth:`arrange` reads."""

    def positions(self, options: BaseModel) -> int | None:
        """Return how many places the gold can take, where that is a stratum with a quota."""

    def arrange(self, row: Mapping[str, Any], draw: Draw, options: BaseModel) -> Arrangement:
        """Lay out one facts row; raise :class:`ArrangementError` where it cannot be done."""

    def render(self, gold: Gold) -> str:
        """Return the exact text that a model must print for ``gold``."""

    def parse(self, text: str) -> Gold:
        """Read a model's answer as ShopBench's parser does; never raises."""

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return the score of one parsed answer, in [0, 1]."""

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` would not score full marks against ``gold`` (rule G1), or None."""

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the score of a whole task, in [0, 1]."""


class ArrangementError(ValueError):
    """A row that cannot be laid out; ``reason`` is the machine-readable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
