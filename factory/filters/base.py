"""What a filter is: a frozen model of its own options with one method that judges a sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict

from factory.errors import RecipeError
from factory.sample import Sample, Verdict


class Filter(BaseModel, ABC):
    """One rule over one sample. The fields of a subclass are what a recipe may write for it.

    Attributes:
        name: the name in a recipe's ``filters:`` block and in the verdicts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]

    @property
    def costly(self) -> bool:
        """Whether judging costs enough to be spared for a sample that is rejected already."""
        return False

    def require(self) -> None:
        """Raise :class:`~factory.errors.MissingExtraError` where an optional package is missing."""

    @abstractmethod
    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on ``sample``: a function of the sample and the options alone."""

    def keep(self, score: float | None = None) -> Verdict:
        """Return the verdict that keeps a sample."""
        return _kept(self.name, score)

    def drop(self, reason: str, detail: str, score: float | None = None) -> Verdict:
        """Return the verdict that drops a sample for ``reason``; ``detail`` is cut to 200."""
        return Verdict(self.name, False, reason, detail[:200], score)


# Most scores are small whole numbers or shares of a few words: a few hundred say almost all.
@lru_cache(maxsize=1 << 13, typed=True)
def _kept(name: str, score: float | None) -> Verdict:
    return Verdict(name, True, score=score)


def run_filters(filters: Sequence[Filter], sample: Sample) -> tuple[Verdict, ...]:
    """Return the verdicts on ``sample``, in the order of ``filters``.

    Every cheap filter judges, so that a rejected sample shows all that is wrong with it; a costly
    one is spared after a rejection, and its verdict is then absent.
    """
    verdicts: list[Verdict] = []
    kept = True
    for each in filters:
        if kept or not each.costly:
            verdict = each.judge(sample)
            kept = kept and verdict.keep
            verdicts.append(verdict)
    return tuple(verdicts)


def first_rejection(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict that a rejected sample is filed under, None where all keep it."""
    for verdict in verdicts:
        if not verdict.keep:
            return verdict
    return None


def field_texts(sample: Sample, field: str, filter_name: str) -> tuple[str, ...]:
    """Return the texts of one field that a filter's ``fields`` option names.

    ``options``, ``output_field``, ``input_field`` and ``input`` are the sample's own, ``slots``
    means all of its slots, and any other name is one slot. Texts inside lists and mappings are
    found; a slot without text (null, a number) gives none.

    Raises:
        RecipeError: the sample has no such slot.
    """
    if field == "options":
        return sample.options
    if field == "slots":
        return texts_of_slots(sample)
    if field in ("input", "input_field", "output_field"):
        return (getattr(sample, field),)
    if field not in sample.slots:
        known = ", ".join(sorted(sample.slots)) or "none"
        raise RecipeError(
            f"filters.{filter_name}.fields: task {sample.task!r} has no slot {field!r}; "
            f"name one of its slots ({known}) or options, output_field, input_field, input, slots"
        )
    return tuple(slot_texts(sample.slots[field]))


def slot_texts(value: Any) -> list[str]:
    """Return the texts in a slot's value, depth first, in order."""
    if isinstance(value, str):
        return [value]
    texts: list[str] = []
    if isinstance(value, dict):
        _gather(value.values(), texts)
    elif isinstance(value, list | tuple):
        _gather(value, texts)
    return texts


_TEXTLESS: Final = frozenset({int, float, bool, type(None), bytes})


def _gather(values: Iterable[Any], texts: list[str]) -> None:
    for value in values:
        # A look at the type is a third of isinstance, and a row holds dozens of values.
        kind = type(value)
        if kind is str:
            texts.append(value)
        elif kind is list:
            _gather(value, texts)
        elif kind is dict:
            _gather(value.values(), texts)
        elif kind not in _TEXTLESS:
            texts += slot_texts(value)


class _LastSlots:
    """The texts in the slots of the sample that was judged last: several filters read them."""

    slots: object = None
    texts: tuple[str, ...] = ()


def texts_of_slots(sample: Sample) -> tuple[str, ...]:
    """Return the texts in all slots of ``sample``, depth first, in order."""
    if _LastSlots.slots is not sample.slots:
        _LastSlots.texts = tuple(slot_texts(sample.slots))
        _LastSlots.slots = sample.slots
    return _LastSlots.texts
