"""Recombine labelled pairs: which of four products is the partner of a given one?

Wrong answers must be wrong for sure and near all the same: products that a label itself rules out,
then those that have most words in common with the given one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, cast

from pydantic import BaseModel, Field

from factory.draw import Draw
from factory.generators.base import Derived, Record, RecordMap, field_text, label_of, shuffled
from factory.generators.labelled_pairs import OfSides, SidesOptions
from factory.generators.near import by_likeness, nearest, of_any_length
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

_LOOKED_THROUGH: Final = 120
#: A wrong answer that shares this much with another option can hardly be told from it.
_MOST_SIMILARITY: Final = 0.8
#: Enough for longer and shorter ones than the right answer.
_TO_CHOOSE_FROM: Final = 6


class PartnerOptions(SidesOptions):
    """What maps that look for the second side of a pair are told of pairs of other labels."""

    label: str = Field(description="the label of the pairs that are asked about")
    kind: str = Field(description="the column that says of what kind the second side is")


class OtherKindOptions(PartnerOptions):
    """``derive: {with: ...}`` of the map ``partner_of_kind``."""

    left_kind: str = Field(description="the column that says of what kind the first side is")
    group: str = Field(description="the column with the wider group of the second side")
    ruled_out: str = Field(
        description="the label of pairs whose second side cannot be a partner of their first one"
    )


class UnlikeOptions(PartnerOptions):
    """``derive: {with: ...}`` of the map ``partner_of_value``."""

    unlike: str = Field(description="the column in which a wrong second side must differ")


class _OfPartners(OfSides):
    operator: ClassVar[str] = "recombine"
    partners: ClassVar[int] = _LOOKED_THROUGH
    offers: ClassVar[tuple[str, ...]] = ("left", "positive", "negatives")


def _own(records: Sequence[Record], form: PartnerOptions) -> Record:
    if (label := label_of(records[0])) != form.label:
        raise RowRejectedError("another-label", label)
    return records[0]


def _among(
    own: Record, near: Sequence[Record], far: Sequence[Record], form: PartnerOptions, draw: Draw
) -> Derived:
    """Return the first side of ``own`` with its second side among those of three others.

    Those of ``near`` go first; of either, those that share most words with the first side.
    """
    left, right = field_text(own, form.left), field_text(own, form.right)

    def text(record: Record) -> str:
        return field_text(record, form.right)

    shown = [frozenset(tokens(each)) for each in (left, right)]
    others: list[Record] = []
    for record in (
        *by_likeness(left, shuffled(near, draw, "near"), text),
        *nearest(left, shuffled(far, draw, "far"), text, 3),
    ):
        words = frozenset(tokens(text(record)))
        if all(similarity(words, other) <= _MOST_SIMILARITY for other in shown):
            shown.append(words)
            others.append(record)
    if len(others) < 3:
        raise RowRejectedError("too-few-negatives", str(len(others)))
    three = of_any_length(right, others[:_TO_CHOOSE_FROM], text, 3, draw)
    return Derived(
        {"left": left, "positive": right, "negatives": [text(record) for record in three]},
        (own, *three),
    )


class PartnerOfKind(_OfPartners):
    """The first side of a pair, and four second sides, one of the partner's kind: which is it?

    Near are second sides that are ruled out for the kind of the first one, such as what is used
    together with it; far are those of other groups.
    """

    name: ClassVar[str] = "partner_of_kind"
    options: ClassVar[type[BaseModel]] = OtherKindOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the columns of the two sides, of their kinds and of the group."""
        form = cast(OtherKindOptions, options)
        return (form.left, form.right, form.kind, form.left_kind, form.group)

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record's first side with its own second side among three others."""
        form = cast(OtherKindOptions, options)
        own = _own(records, form)
        kind, group = own.row[form.kind], own.row[form.group]
        near = [
            record
            for record in records[1:]
            if label_of(record) == form.ruled_out
            and record.row[form.left_kind] == kind != record.row[form.kind]
        ]
        far = [record for record in records[1:] if record.row[form.group] != group]
        yield _among(own, near[:2], far, form, draw)


class PartnerOfValue(_OfPartners):
    """The first side of a pair, and four second sides: which is the partner?

    Near are second sides of the partner's kind that differ from it in a column, such as the
    attributes of a listing.
    """

    name: ClassVar[str] = "partner_of_value"
    options: ClassVar[type[BaseModel]] = UnlikeOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the columns of the two sides, of the kind and of what must differ."""
        form = cast(UnlikeOptions, options)
        return (form.left, form.right, form.kind, form.unlike)

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record's first side with its own second side among three others."""
        form = cast(UnlikeOptions, options)
        own = _own(records, form)
        kind, value = own.row[form.kind], own.row[form.unlike]
        others = [record for record in records[1:] if record.row[form.unlike] != value]
        near = [record for record in others if record.row[form.kind] == kind]
        far = [record for record in others if record.row[form.kind] != kind]
        yield _among(own, near, far, form, draw)


MAPS: Final[tuple[RecordMap, ...]] = (PartnerOfKind(), PartnerOfValue())
