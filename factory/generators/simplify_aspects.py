"""Simplify a review: its stars to a sentiment, its judged aspects to one of them.

The parent's lines name aspects with ``positive`` or ``negative``; its rows have ``aspects_said``,
with the sentence of the review that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick
from factory.generators.simplify_entities import by_type
from factory.sources.view import RowRejectedError


class ReviewOptions(BaseModel):
    """``derive: {with: ...}`` of maps that carry the labelled text on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field("review", description="the column of the parent's rows that was labelled")


class _OfAspects(Map):
    operator: ClassVar[str] = "simplify"
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)
    options: ClassVar[type[BaseModel]] = ReviewOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the lines' parts and the text."""
        return ("entities", "types", cast(ReviewOptions, options).text)


def single_values(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the value of each type that has exactly one, in the order of the text."""
    return {kind: values[0] for kind, values in by_type(row).items() if len(values) == 1}


class Sentiment(Map):
    """Stars to three classes: 1 and 2 are negative, 3 is mixed, 4 and 5 are positive."""

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "sentiment"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice",)
    offers: ClassVar[tuple[str, ...]] = ("text", "labels")
    options: ClassVar[type[BaseModel]] = ReviewOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the column of the text."""
        return (cast(ReviewOptions, options).text,)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its class."""
        record = records[0]
        stars = record.gold
        if record.options or not isinstance(stars, int):
            raise RowRejectedError("no-stars", record.output)
        said = "mixed" if stars == 3 else "positive" if stars > 3 else "negative"
        text = record.row[cast(ReviewOptions, options).text]
        yield Derived({"text": text, "labels": said}, (record,))


class AspectSentences(_OfAspects):
    """Aspects with polarities to aspects with the sentences that judge them."""

    name: ClassVar[str] = "aspect_sentences"
    offers: ClassVar[tuple[str, ...]] = ("text", "entities", "types", "frequencies")

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the aspects as they are said, how frequent each is, and the text."""
        return ("aspects_said", "types", "frequencies", cast(ReviewOptions, options).text)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its sentences; a final stop is no part of one."""
        record = records[0]
        row = record.row
        yield Derived(
            {
                "text": row[cast(ReviewOptions, options).text],
                "entities": [
                    {"type": each["aspect"], "value": each["sentence"].rstrip(".。")}
                    for each in row["aspects_said"]
                ],
                "types": list(row["types"]),
                "frequencies": list(row["frequencies"]),
            },
            (record,),
        )


class SentencePolarity(_OfAspects):
    """One sentence of the text and what it judges: is that praise or a complaint?"""

    name: ClassVar[str] = "sentence_polarity"
    offers: ClassVar[tuple[str, ...]] = ("sentence", "asked_type", "labels")

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the aspects as they are said."""
        return ("aspects_said",)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield one sentence of the record."""
        record = records[0]
        said = pick(record.row["aspects_said"], draw, "sentence")
        yield Derived(
            {
                "sentence": said["sentence"],
                "asked_type": said["aspect"],
                "labels": said["polarity"],
            },
            (record,),
        )


class ValueOfType(_OfAspects):
    """One type of the lines: which value has it?"""

    name: ClassVar[str] = "value_of_type"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "asked_type", "labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one type asked about."""
        record = records[0]
        values = single_values(record.row)
        asked = pick(list(values), draw, "type")
        yield Derived(
            {"input_text": record.input, "asked_type": asked, "labels": values[asked]}, (record,)
        )


class TypesOfValue(_OfAspects):
    """One value of the lines: which types have it? The candidates are the types that occur."""

    name: ClassVar[str] = "types_of_value"
    offers: ClassVar[tuple[str, ...]] = (
        "input_text",
        "asked_value",
        "labels",
        "candidate_labels",
    )

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one value asked about; types of several values are left out."""
        record = records[0]
        values = single_values(record.row)
        asked = pick(list(dict.fromkeys(values.values())), draw, "value")
        absent = [kind for kind in record.row["types"] if kind not in by_type(record.row)]
        yield Derived(
            {
                "input_text": record.input,
                "asked_value": asked,
                "labels": [kind for kind, value in values.items() if value == asked],
                # One aspect that does not occur beside those that do: not all of them are right.
                "candidate_labels": [*values, *absent[:1]],
            },
            (record,),
        )


class ValueCheck(_OfAspects):
    """Yes or no: has this type this value?"""

    name: ClassVar[str] = "value_check"
    offers: ClassVar[tuple[str, ...]] = (
        "input_text",
        "asked_type",
        "asked_value",
        "labels",
        "answer",
    )
    values: ClassVar[tuple[str, ...]] = ("positive", "negative")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one type and a value, its own or the other one."""
        record = records[0]
        values = single_values(record.row)
        asked = pick(list(values), draw, "type")
        said = draw.below(2, "right") == 0
        claimed = values[asked]
        if not said:
            claimed = pick([v for v in self.values if v != claimed], draw, "other")
        answer = "yes" if said else "no"
        yield Derived(
            {
                "input_text": record.input,
                "asked_type": asked,
                "asked_value": claimed,
                "labels": answer,
                "answer": answer,
            },
            (record,),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    Sentiment(),
    AspectSentences(),
    SentencePolarity(),
    ValueOfType(),
    TypesOfValue(),
    ValueCheck(),
)
