"""Simplify entity recognition: its spans without types, one span's type, one type's spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick
from factory.sources.view import RowRejectedError
from factory.text import written

#: The share of rows that ask for a type that does not occur (catalogue of the paper: at most 20 %).
_ABSENT_OF: Final = 6


class EntityOptions(BaseModel):
    """``derive: {with: ...}`` of maps that ask about some of the types."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequencies: str | None = Field(
        None,
        description="the column that says, for each of the types, how many texts have it: with it, "
        "rare types are asked about as often as frequent ones",
    )
    asked: int | None = Field(
        None, ge=2, description="at most so many types are candidates, half of them occurring"
    )


class CheckOptions(EntityOptions):
    """``derive: {with: ...}`` of the map ``type_check``."""

    kin: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="types that one phrase may be given alike, such as quality and material: of a "
        "phrase of one of them, another is no wrong type",
    )


class SpanOptions(BaseModel):
    """``derive: {with: ...}`` of the map ``span_detection``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least_covered: float = Field(
        0,
        ge=0,
        le=1,
        description="how much of the text its phrases must make up, counted in letters and figures",
    )
    figures: bool = Field(
        False, description="whether a figure of the text must stand in one of its phrases"
    )


class _OfEntities(Map):
    operator: ClassVar[str] = "simplify"
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return what entity lines are made of."""
        return ("entities", "types")


class _OfSomeTypes(_OfEntities):
    options: ClassVar[type[BaseModel]] = EntityOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return what entity lines are made of, and how frequent their types are."""
        column = cast(EntityOptions, options).frequencies
        return ("entities", "types", *((column,) if column else ()))


class _Types:
    """The types of one record by how often they are asked about.

    Of a type that most texts have, the answer is known without the text.
    """

    def __init__(self, record: Record, options: BaseModel, draw: Draw) -> None:
        column = cast(EntityOptions, options).frequencies
        types = record.row["types"]
        counts = record.row[column] if column else [1] * len(types)
        self._often = {kind: max(int(n), 1) for kind, n in zip(types, counts, strict=True)}
        self._most = max(self._often.values(), default=1)
        self._draw = draw

    def any(self, kinds: Sequence[str], purpose: str) -> str:
        """Return one of the types that occur, so that over all texts each is asked as often."""
        return self._one(kinds, [self._most // self._often[kind] for kind in kinds], purpose)

    def occurring(self, kinds: Sequence[str], purpose: str) -> str:
        """Return one that occurs, so that each type is asked as often where it does not."""
        return self._one(kinds, [self._most + 1 - self._often[kind] for kind in kinds], purpose)

    def absent(self, kinds: Sequence[str], purpose: str) -> str:
        """Return one that does not occur, so that each type is asked as often where it does."""
        return self._one(kinds, [self._often[kind] for kind in kinds], purpose)

    def _one(self, kinds: Sequence[str], weights: Sequence[int], purpose: str) -> str:
        if not kinds:
            raise RowRejectedError("nothing-to-choose", purpose)
        ticket = self._draw.below(sum(weights), purpose)
        for kind, weight in zip(kinds, weights, strict=True):
            ticket -= weight
            if ticket < 0:
                return kind
        raise AssertionError("the weights sum to more than every ticket")


class SpanDetection(_OfEntities):
    """The phrases without their types, in the order of the text.

    What the phrases leave of the text must state nothing: a figure beside them surely does.
    """

    name: ClassVar[str] = "span_detection"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "phrases")
    options: ClassVar[type[BaseModel]] = SpanOptions

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with all of its phrases."""
        record, form = records[0], cast(SpanOptions, options)
        phrases = [entity["value"] for entity in record.row["entities"]]
        text = record.input.partition(": ")[2]
        left = text
        for phrase in sorted(set(phrases), key=lambda each: (-len(each), each)):
            left = left.replace(phrase, " ")
        if form.figures and any(character.isdigit() for character in left):
            raise RowRejectedError("figure-left-over", left)
        if written(left) > (1 - form.least_covered) * written(text):
            raise RowRejectedError("text-not-covered", left)
        yield Derived({"input_text": record.input, "phrases": phrases}, (record,))


class EntityTyping(_OfSomeTypes):
    """One phrase of the text and the question of its type; a phrase of two types is none."""

    name: ClassVar[str] = "entity_typing"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "span", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with one of its phrases."""
        record = records[0]
        kinds: dict[str, set[str]] = {}
        for entity in record.row["entities"]:
            kinds.setdefault(entity["value"], set()).add(entity["type"])
        spans: dict[str, list[str]] = {}
        for value, found in kinds.items():
            if len(found) == 1:
                spans.setdefault(min(found), []).append(value)
        kind = _Types(record, options, draw).any(list(spans), "kind")
        span = pick(spans[kind], draw, "span")
        yield Derived(
            {
                "input_text": record.input,
                "span": span,
                "labels": kind,
                "candidate_labels": list(record.row["types"]),
            },
            (record,),
        )


class SingleType(_OfSomeTypes):
    """The phrases of one type; one row in six asks for a type that does not occur."""

    name: ClassVar[str] = "single_type"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "asked_type", "phrases")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with one type asked for."""
        record = records[0]
        found = by_type(record.row)
        absent = [kind for kind in record.row["types"] if kind not in found]
        asks_absent = bool(absent) and draw.below(_ABSENT_OF, "absent") == 0
        types = _Types(record, options, draw)
        asked = types.absent(absent, "type") if asks_absent else types.any([*found], "type")
        yield Derived(
            {
                "input_text": record.input,
                "asked_type": asked,
                "phrases": found.get(asked, []),
            },
            (record,),
        )


class TypePresence(_OfSomeTypes):
    """Yes or no: does the text name an entity of this type?"""

    name: ClassVar[str] = "type_presence"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "asked_type", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with one type asked about."""
        record = records[0]
        found = by_type(record.row)
        said = draw.below(2, "present") == 0
        absent = [kind for kind in record.row["types"] if kind not in found]
        types = _Types(record, options, draw)
        asked = types.occurring([*found], "type") if said else types.absent(absent, "type")
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


class TypesPresent(_OfSomeTypes):
    """Which types occur: the labels without the phrases."""

    name: ClassVar[str] = "types_present"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "labels", "candidate_labels")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with the types that occur."""
        record = records[0]
        found = list(by_type(record.row))
        known = list(dict.fromkeys(record.row["types"]))
        if len(found) == len(known):
            raise RowRejectedError("every-type-occurs", record.output)
        if (most := cast(EntityOptions, options).asked) is not None:
            types = _Types(record, options, draw)
            absent = [kind for kind in known if kind not in found]
            several = draw.below(min(len(found), most // 2), "several") + 1
            asked = set[str]()
            for turn in range(several):
                left = [kind for kind in found if kind not in asked]
                asked.add(types.occurring(left, f"occurring {turn}"))
            found = [kind for kind in found if kind in asked]
            for turn in range(min(most - several, len(absent))):
                left = [kind for kind in absent if kind not in asked]
                asked.add(types.absent(left, f"absent {turn}"))
            known = [kind for kind in known if kind in asked]
        yield Derived(
            {"input_text": record.input, "labels": found, "candidate_labels": known}, (record,)
        )


class TypeCheck(_OfSomeTypes):
    """Yes or no: is this phrase of the text an entity of this type?"""

    name: ClassVar[str] = "type_check"
    offers: ClassVar[tuple[str, ...]] = ("input_text", "span", "asked_type", "labels", "answer")
    options: ClassVar[type[BaseModel]] = CheckOptions

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with one phrase and one type."""
        record = records[0]
        found = by_type(record.row)
        kind = _Types(record, options, draw).any([*found], "kind")
        span = pick(found[kind], draw, "span")
        said = draw.below(2, "right") == 0
        right = {other for other, spans in found.items() if span in spans}
        alike = right.union(*(kin for kin in cast(CheckOptions, options).kin if right & {*kin}))
        others = [other for other in record.row["types"] if other not in alike]
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
