"""Simplify entity recognition: its spans without types, one span's type, one type's spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick
from factory.sources.view import RowRejectedError

#: The share of rows that ask for a type that does not occur (catalogue of the paper: at most 20 %).
_ABSENT_OF: Final = 6


class _OfEntities(Map):
    operator: ClassVar[str] = "simplify"
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return what entity lines are made of."""
        return ("entities", "types")


class SpanDetection(_OfEntities):
    """The phrases without their types, in the order of the text."""

    name: ClassVar[str] = "span_detection"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "phrases")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with all of its phrases."""
        record = records[0]
        phrases = [entity["value"] for entity in record.row["entities"]]
        yield Derived({"input_text": record.input, "phrases": phrases}, (record,))


class EntityTyping(_OfEntities):
    """One phrase of the text and the question of its type; a phrase of two types is none."""

    name: ClassVar[str] = "entity_typing"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "span", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one of its phrases."""
        record = records[0]
        kinds: dict[str, set[str]] = {}
        for entity in record.row["entities"]:
            kinds.setdefault(entity["value"], set()).add(entity["type"])
        spans = [(value, min(found)) for value, found in kinds.items() if len(found) == 1]
        span, kind = pick(spans, draw, "span")
        yield Derived(
            {
                "input_text": record.input,
                "span": span,
                "labels": kind,
                "candidate_labels": list(record.row["types"]),
            },
            (record,),
        )


class SingleType(_OfEntities):
    """The phrases of one type; one row in six asks for a type that does not occur."""

    name: ClassVar[str] = "single_type"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "asked_type", "phrases")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one type asked for."""
        record = records[0]
        found = by_type(record.row)
        absent = [kind for kind in record.row["types"] if kind not in found]
        asks_absent = bool(absent) and draw.below(_ABSENT_OF, "absent") == 0
        asked = pick(absent if asks_absent else list(found), draw, "type")
        yield Derived(
            {
                "input_text": record.input,
                "asked_type": asked,
                "phrases": found.get(asked, []),
            },
            (record,),
        )


class TypePresence(_OfEntities):
    """Yes or no: does the text name an entity of this type?"""

    name: ClassVar[str] = "type_presence"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "asked_type", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one type asked about."""
        record = records[0]
        found = by_type(record.row)
        said = draw.below(2, "present") == 0
        absent = [kind for kind in record.row["types"] if kind not in found]
        asked = pick(list(found) if said else absent, draw, "type")
        answer = "yes" if said else "no"
        yield Derived(
            {
                "input_text": record.input,
                "asked_type": asked,
                "labels": answer,
                "answer": answer,
            },
            (record,),
        )


class TypesPresent(_OfEntities):
    """Which types occur: the labels without the phrases."""

    name: ClassVar[str] = "types_present"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with the types that occur."""
        record = records[0]
        found = list(by_type(record.row))
        known = list(dict.fromkeys(record.row["types"]))
        if len(found) == len(known):
            raise RowRejectedError("every-type-occurs", record.output)
        yield Derived(
            {"input_text": record.input, "labels": found, "candidate_labels": known}, (record,)
        )


class TypeCheck(_OfEntities):
    """Yes or no: is this phrase of the text an entity of this type?"""

    name: ClassVar[str] = "type_check"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "span", "asked_type", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one phrase and one type."""
        record = records[0]
        found = by_type(record.row)
        kind = pick(list(found), draw, "kind")
        span = pick(found[kind], draw, "span")
        said = draw.below(2, "right") == 0
        others = [other for other in record.row["types"] if span not in found.get(other, ())]
        asked = kind if said else pick(others, draw, "other")
        answer = "yes" if said else "no"
        yield Derived(
            {
                "input_text": record.input,
                "span": span,
                "asked_type": asked,
                "labels": answer,
                "answer": answer,
            },
            (record,),
        )


def by_type(row: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the distinct phrases of a row by type, both in the order of the text."""
    found: dict[str, list[str]] = {}
    for entity in row["entities"]:
        values = found.setdefault(entity["type"], [])
        if entity["value"] not in values:
            values.append(entity["value"])
    return found


MAPS: Final[tuple[RecordMap, ...]] = (
    SpanDetection(),
    EntityTyping(),
    SingleType(),
    TypePresence(),
    TypesPresent(),
    TypeCheck(),
)
