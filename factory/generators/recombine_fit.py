"""Recombine two fields of records: does one fit the other, where an unlike record's cannot?

Crossing the fields of two records makes a false pair only where the records differ in what decides
the fit: the title of another five-star review fits as well, that of a one-star review does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled

# The text of a map is part of its tasks' definitions, so the name that it says stays.
from factory.generators.base import field_text as shown_field
from factory.sources.view import RowRejectedError
from factory.text import folded_case

_LOOKED_THROUGH: Final = 40


class FitOptions(BaseModel):
    """``derive: {with: ...}`` of maps that cross two fields of unlike records."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: str = Field(description="the column that is shown")
    right: str = Field(description="the column that may or may not fit it")
    unlike: str = Field(description="the column in which crossed records must differ")
    apart: float = Field(0, ge=0, description="for numbers: by how much, at least")


class FitChoiceOptions(FitOptions):
    """``derive: {with: ...}`` of the map ``fit_choice``."""

    wrong: int = Field(
        3,
        ge=1,
        le=9,
        description="how many fields do not fit; 1 where they are unlike the right one in one way, "
        "as the odd one out would be known without the other field",
    )


class _OfFields(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("text", "multiple_choice", "classification")
    partners: ClassVar[int] = _LOOKED_THROUGH
    options: ClassVar[type[BaseModel]] = FitOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the two columns and the one that decides."""
        form = cast(FitOptions, options)
        return (form.left, form.right, form.unlike)


def unlike_records(records: Sequence[Record], form: FitOptions) -> list[Record]:
    """Return the others that differ where it counts, each right field once and not the first's."""
    own = records[0]
    decides = own.row[form.unlike]
    seen = {folded_case(shown_field(own, form.right))}
    found = []
    for record in records[1:]:
        value = record.row[form.unlike]
        numbers = isinstance(value, int | float) and isinstance(decides, int | float)
        differs = abs(value - decides) >= max(form.apart, 1e-9) if numbers else value != decides
        right = folded_case(shown_field(record, form.right))
        if value and differs and right and right not in seen:
            seen.add(right)
            found.append(record)
    return found


class FitMatch(_OfFields):
    """Two fields: do they belong together? Half of the rows say yes.

    Rows: ``left``, ``right``, ``labels`` and ``answer``.
    """

    name: ClassVar[str] = "fit_match"
    offers: ClassVar[tuple[str, ...]] = ("left", "right", "labels", "answer")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record's own pair, or its left field with an unlike record's right one."""
        form, own = cast(FitOptions, options), records[0]
        if not shown_field(own, form.right):
            raise RowRejectedError("nothing-to-fit", form.right)
        fits = draw.below(2, "fits") == 0
        other = own if fits else pick(unlike_records(records, form), draw, "other")
        answer = "yes" if fits else "no"
        yield Derived(
            {
                "left": shown_field(own, form.left),
                "right": shown_field(other, form.right),
                "labels": answer,
                "answer": answer,
            },
            (own,) if fits else (own, other),
        )


class FitChoice(_OfFields):
    """One field and a few of the other kind: which fits it?

    Rows: ``left``, ``positive`` and ``negatives``.
    """

    name: ClassVar[str] = "fit_choice"
    offers: ClassVar[tuple[str, ...]] = ("left", "positive", "negatives")
    options: ClassVar[type[BaseModel]] = FitChoiceOptions

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record's left field with its own right field and those of unlike records."""
        form, own = cast(FitChoiceOptions, options), records[0]
        if not shown_field(own, form.right):
            raise RowRejectedError("nothing-to-fit", form.right)
        others = unlike_records(records, form)
        if len(others) < form.wrong:
            raise RowRejectedError("too-few-negatives", str(len(others)))
        wrong = shuffled(others, draw, "others")[: form.wrong]
        yield Derived(
            {
                "left": shown_field(own, form.left),
                "positive": shown_field(own, form.right),
                "negatives": [shown_field(record, form.right) for record in wrong],
            },
            (own, *wrong),
        )


MAPS: Final[tuple[RecordMap, ...]] = (FitMatch(), FitChoice())
