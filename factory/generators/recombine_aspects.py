"""Recombine texts with several labels each: what do they share, and which of them has one?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, cast

from pydantic import BaseModel, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.generators.near import of_any_length
from factory.generators.recombine import TextOptions
from factory.generators.simplify_aspects import single_values
from factory.generators.simplify_entities import by_type
from factory.sources.view import RowRejectedError

_LOOKED_THROUGH: Final = 40


class LabelledTextOptions(TextOptions):
    """``derive: {with: ...}`` of the map ``text_with_label``."""

    kin: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="labels that one sentence may be given alike, such as quality and material: "
        "a text with one of them is no wrong answer to the question of another",
    )


class _OfTexts(Map):
    operator: ClassVar[str] = "recombine"
    partners: ClassVar[int] = _LOOKED_THROUGH
    options: ClassVar[type[BaseModel]] = TextOptions


class _OfLabels(_OfTexts):
    types: ClassVar[tuple[str, ...]] = ("classification",)

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the labels and the column of the text."""
        return ("labels", "candidate_labels", cast(TextOptions, options).text)


class _OfLines(_OfTexts):
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the lines' parts and the column of the text."""
        return ("entities", "types", cast(TextOptions, options).text)


def _text(record: Record, options: BaseModel) -> str:
    return str(record.row[cast(TextOptions, options).text])


def _labels(record: Record) -> list[str]:
    gold = record.gold
    return [str(label) for label in gold] if isinstance(gold, list) else []


def _others(records: Sequence[Record], options: BaseModel) -> list[Record]:
    """Return the other records, each text once and none equal to the first one's."""
    seen = {_text(records[0], options).casefold()}
    found = []
    for record in records[1:]:
        text = _text(record, options).casefold()
        if text not in seen:
            seen.add(text)
            found.append(record)
    return found


class SharedLabels(_OfLabels):
    """Two texts: which labels have both? At least one, and not all of either."""

    name: ClassVar[str] = "shared_labels"
    offers: ClassVar[tuple[str, ...]] = ("texts", "labels", "candidate_labels")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record beside one that shares labels with it; candidates are those of both."""
        own = records[0]
        labels = _labels(own)
        fits = [
            record
            for record in _others(records, options)
            if set(labels) & set(_labels(record)) and set(labels) != set(_labels(record))
        ]
        partner = pick(fits, draw, "partner")
        theirs = _labels(partner)
        yield Derived(
            {
                "texts": shuffled([_text(own, options), _text(partner, options)], draw, "order"),
                "labels": [label for label in labels if label in theirs],
                "candidate_labels": list(dict.fromkeys([*labels, *theirs])),
            },
            (own, partner),
        )


class TextWithLabel(_OfLabels):
    """A label and four texts, one of which has it among its labels: which?"""

    name: ClassVar[str] = "text_with_label"
    offers: ClassVar[tuple[str, ...]] = ("label", "positive", "negatives")
    options: ClassVar[type[BaseModel]] = LabelledTextOptions

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record with one of its labels among three without it."""
        own, form = records[0], cast(LabelledTextOptions, options)
        label = pick(_labels(own), draw, "label")
        alike = {label}.union(*(kin for kin in form.kin if label in kin))
        wrong = [r for r in _others(records, options) if not alike & set(_labels(r))]
        if len(wrong) < 3:
            raise RowRejectedError("too-few-negatives", str(len(wrong)))
        three = of_any_length(
            _text(own, options),
            shuffled(wrong, draw, "wrong"),
            lambda record: _text(record, options),
            3,
            draw,
        )
        yield Derived(
            {
                "label": label,
                "positive": _text(own, options),
                "negatives": [_text(record, options) for record in three],
            },
            (own, *three),
        )


class ValueAgreement(_OfLines):
    """Two texts with one type in common: do they give it the same value?"""

    name: ClassVar[str] = "value_agreement"
    offers: ClassVar[tuple[str, ...]] = ("texts", "asked_type", "labels", "answer")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record beside one that agrees or disagrees; half of the rows say yes."""
        own = records[0]
        values = single_values(own.row)
        same = draw.below(2, "same") == 0
        fits = [
            (record, kind)
            for record in _others(records, options)
            for kind, value in single_values(record.row).items()
            if kind in values and (values[kind] == value) == same
        ]
        partner, asked = pick(fits, draw, "partner")
        answer = "yes" if same else "no"
        yield Derived(
            {
                "texts": shuffled([_text(own, options), _text(partner, options)], draw, "order"),
                "asked_type": asked,
                "labels": answer,
                "answer": answer,
            },
            (own, partner),
        )


class TextWithValue(_OfLines):
    """A type with a value and four texts, one of which says so; another says the contrary."""

    name: ClassVar[str] = "text_with_value"
    offers: ClassVar[tuple[str, ...]] = ("asked_type", "asked_value", "positive", "negatives")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record with one of its types among three that do not give it that value."""
        own = records[0]
        values = single_values(own.row)
        asked = pick(list(values), draw, "type")
        wrong = [
            record
            for record in shuffled(_others(records, options), draw, "wrong")
            if values[asked] not in by_type(record.row).get(asked, ())
        ]
        contrary = [record for record in wrong if asked in by_type(record.row)]
        if len(wrong) < 3 or not contrary:
            raise RowRejectedError("too-few-negatives", f"{len(wrong)}, {len(contrary)} contrary")
        first, *others = contrary
        others += [record for record in wrong if record not in contrary]
        two = of_any_length(
            _text(own, options), others, lambda record: _text(record, options), 2, draw
        )
        three = [first, *two]
        yield Derived(
            {
                "asked_type": asked,
                "asked_value": values[asked],
                "positive": _text(own, options),
                "negatives": [_text(record, options) for record in three],
            },
            (own, *three),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    SharedLabels(),
    TextWithLabel(),
    ValueAgreement(),
    TextWithValue(),
)
