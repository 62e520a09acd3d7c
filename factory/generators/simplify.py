"""Simplify: a part of the answer, or an easier question about the same record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, NoOptions, Record, RecordMap
from factory.sources.view import RowRejectedError


class Binary:
    """Multiple choice to yes or no: is this option the right one?

    Half of the rows show the right option, half a wrong one. Rows: ``input`` (the record as its
    parent prints it), ``option``, ``answer`` (yes or no).
    """

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "binary"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice",)
    partners: ClassVar[int] = 0
    offers: ClassVar[tuple[str, ...]] = ("input_text", "option", "answer")
    options: ClassVar[type[BaseModel]] = NoOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return none: it reads the options as they are displayed."""
        return ()

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with one of its options."""
        record = records[0]
        gold = record.gold
        if not record.options or not isinstance(gold, int):
            raise RowRejectedError("no-options", "the parent displays nothing to choose from")
        right = draw.below(2, "right") == 0
        wrong = [option for place, option in enumerate(record.options) if place != gold]
        option = record.options[gold] if right else wrong[draw.below(len(wrong), "wrong")]
        yield Derived(
            {"input_text": record.input, "option": option, "answer": "yes" if right else "no"},
            (record,),
        )


MAPS: Final[tuple[RecordMap, ...]] = (Binary(),)
