"""Reverse: what was asked becomes the answer, and the answer what is asked about.

Reversing twice gives the parent's fields back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, label_of
from factory.sources.view import RowRejectedError
from factory.text import tokens, written

_TEXTS: Final = ("text", "generation")


class SwapOptions(BaseModel):
    """``derive: {with: ...}`` of the map ``swap``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wanted: str = Field(description="the column of the parent's rows that becomes the answer")
    beside: str | None = Field(
        default=None, description="a column of lines that are given beside the parent's answer"
    )
    support: float = Field(
        default=0,
        ge=0,
        le=1,
        description="how much of the answer's words must stand in what it is to be written from",
    )


class Swap(Map):
    """A generated text to what it was generated from: description to title, product to query.

    Rows: ``given`` (the parent's answer) and ``target`` (the column that is now wanted).
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "swap"
    types: ClassVar[tuple[str, ...]] = _TEXTS
    offers: ClassVar[tuple[str, ...]] = ("given", "target")
    options: ClassVar[type[BaseModel]] = SwapOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the column that is wanted, and the one that is given beside the answer."""
        form = cast(SwapOptions, options)
        return (form.wanted, *((form.beside,) if form.beside else ()))

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with question and answer exchanged."""
        record, form = records[0], cast(SwapOptions, options)
        wanted = record.row[form.wanted]
        if isinstance(wanted, list):
            wanted = "\n".join(wanted)
        if not wanted:
            raise RowRejectedError("nothing-wanted", form.wanted)
        given = "\n".join([record.output, *(record.row[form.beside] if form.beside else ())])
        words = frozenset(tokens(wanted))
        told = len(words & frozenset(tokens(given)))
        if told < form.support * len(words):
            raise RowRejectedError("not-supported", f"{told} of {len(words)} words of {wanted!r}")
        yield Derived({"given": given, "target": wanted}, (record,))


class LabelToTextOptions(BaseModel):
    """``derive: {with: ...}`` of the map ``label_to_text``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(description="the column of the parent's rows that was labelled")


class LabelToText(Map):
    """A label to a text that has it: write a title of this type, a query for this intent.

    Rows: ``label`` and ``target``. Many texts have one label: each label of a shop is asked about
    once, since two answers to one question would contradict each other.
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "label_to_text"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice", "classification")
    offers: ClassVar[tuple[str, ...]] = ("label", "target")
    options: ClassVar[type[BaseModel]] = LabelToTextOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the column of the text."""
        return (cast(LabelToTextOptions, options).text,)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its label as what is given."""
        record = records[0]
        text = record.row[cast(LabelToTextOptions, options).text]
        label = label_of(record)
        subject = f"{record.locale} {label}"
        yield Derived({"label": label, "target": text, "subject": subject}, (record,))


class EntitiesToText(Map):
    """Entities to the text that names them: write the title of a product with these attributes.

    Rows: ``lines`` (``type: value`` of each entity, in the order of the text) and ``target``. The
    entities must make up most of the text, or the rest of it would have to be invented.
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "entities_to_text"
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)
    offers: ClassVar[tuple[str, ...]] = ("lines", "target")
    options: ClassVar[type[BaseModel]] = LabelToTextOptions
    least_covered: ClassVar[float] = 0.8

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the entities and the column of the text."""
        return ("entities", cast(LabelToTextOptions, options).text)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its entities as what is given."""
        record = records[0]
        text = record.row[cast(LabelToTextOptions, options).text]
        entities = record.row["entities"]
        named = sum(written(value) for value in {entity["value"] for entity in entities})
        covered = named / max(written(text), 1)
        if covered < self.least_covered:
            raise RowRejectedError("text-not-covered", f"{covered:.0%} of {text!r}")
        lines = [f"{entity['type']}: {entity['value']}" for entity in entities]
        yield Derived({"lines": list(dict.fromkeys(lines)), "target": text}, (record,))


MAPS: Final[tuple[RecordMap, ...]] = (Swap(), LabelToText(), EntitiesToText())
