"""Maps over pairs that carry a label: two texts, and how the second relates to the first.

A parent says of two products whether they are the same, or of a query and a product what the one is
to the other. Its label holds for other fields of the two as well, and answers other questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, field_text, label_of
from factory.sources.view import RowRejectedError

_LABELLED: Final = ("multiple_choice", "classification")


class SidesOptions(BaseModel):
    """``derive: {with: ...}`` of maps over the two sides of a labelled pair."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: str = Field(description="a column of the first side")
    right: str = Field(description="a column of the second side")


class OtherSideOptions(SidesOptions):
    """``derive: {with: ...}`` of the map ``other_side``."""

    labels: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="the labels that are given; without it, all"
    )


class OfSides(Map):
    """What maps over the two sides of a labelled pair share."""

    types: ClassVar[tuple[str, ...]] = _LABELLED
    options: ClassVar[type[BaseModel]] = SidesOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the columns of the two sides."""
        form = cast(SidesOptions, options)
        return (form.left, form.right)


class CrossFields(OfSides):
    """One field of the first side and another field of the second: the label of the pair holds.

    EcomInstruct's ``title_attribute_matching``: of two aligned items the title of one is shown with
    the attributes of the other. Rows: ``left``, ``right``, ``labels`` and ``answer``.
    """

    operator: ClassVar[str] = "recombine"
    name: ClassVar[str] = "cross_fields"
    offers: ClassVar[tuple[str, ...]] = ("left", "right", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record's two fields with its label."""
        record, form = records[0], cast(SidesOptions, options)
        label = label_of(record)
        yield Derived(
            {
                "left": field_text(record, form.left),
                "right": field_text(record, form.right),
                "labels": label,
                "answer": label,
            },
            (record,),
        )


class OtherSide(OfSides):
    """The first side and the label to the second side: a product that stands so to the first.

    Rows: ``given``, ``label`` and ``target``.
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "other_side"
    offers: ClassVar[tuple[str, ...]] = ("given", "label", "target")
    options: ClassVar[type[BaseModel]] = OtherSideOptions

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its second side wanted."""
        record, form = records[0], cast(OtherSideOptions, options)
        label = label_of(record)
        if form.labels is not None and label not in form.labels:
            raise RowRejectedError("another-label", label)
        yield Derived(
            {
                "given": field_text(record, form.left),
                "label": label,
                "target": field_text(record, form.right),
            },
            (record,),
        )


MAPS: Final[tuple[RecordMap, ...]] = (CrossFields(), OtherSide())
