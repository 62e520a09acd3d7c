"""Reverse with context: what was asked becomes the answer, beside enough to tell records apart.

A label alone has a hundred texts; with the product, or with the rest of the text, it has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import GAP, Derived, Map, Record, RecordMap, label_of, pick
from factory.generators.simplify_aspects import ReviewOptions
from factory.sources.view import RowRejectedError


class ContextOptions(BaseModel):
    """``derive: {with: ...}`` of the map ``answer_in_context``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(description="the column of the parent's rows that was labelled")
    shown: tuple[str, ...] = Field(min_length=1, description="columns that are shown beside it")


class AnswerInContext(Map):
    """A label, or a short answer, and some columns of the row to the text that was labelled.

    Rows: ``label``, ``shown`` (a text for each column; a list is joined by commas, and a
    conversation by line ends) and ``target``.
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "answer_in_context"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice", "classification", "text")
    offers: ClassVar[tuple[str, ...]] = ("label", "shown", "target")
    options: ClassVar[type[BaseModel]] = ContextOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the column of the text and those beside it."""
        form = cast(ContextOptions, options)
        return (form.text, *form.shown)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its answer and its context as what is given."""
        record, form = records[0], cast(ContextOptions, options)
        shown = [_shown(record.row[column]) for column in form.shown]
        if not all(shown):
            raise RowRejectedError("nothing-beside", ", ".join(form.shown))
        yield Derived(
            {"label": label_of(record), "shown": shown, "target": record.row[form.text]},
            (record,),
        )


def _shown(value: Any) -> str:
    if isinstance(value, list):
        lines = [str(each) for each in value]
        return ("\n" if any(": " in line for line in lines) else ", ").join(lines)
    return str(value or "")


class MissingSentence(Map):
    """A text without one of its sentences, and what that judges how: which sentence was it?

    Rows: ``text_with_gap``, ``asked_type``, ``asked_value`` and ``target``.
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "missing_sentence"
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)
    offers: ClassVar[tuple[str, ...]] = ("text_with_gap", "asked_type", "asked_value", "target")
    options: ClassVar[type[BaseModel]] = ReviewOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the aspects as they are said, and the text."""
        return ("aspects_said", cast(ReviewOptions, options).text)

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record without one of the sentences that judge an aspect."""
        record = records[0]
        said = pick(record.row["aspects_said"], draw, "sentence")
        text = str(record.row[cast(ReviewOptions, options).text])
        if text.count(said["sentence"]) != 1:
            raise RowRejectedError("sentence-not-once", said["sentence"])
        yield Derived(
            {
                "text_with_gap": text.replace(said["sentence"], GAP),
                "asked_type": said["aspect"],
                "asked_value": said["polarity"],
                "target": said["sentence"],
            },
            (record,),
        )


class LinesToTextOptions(ReviewOptions):
    """``derive: {with: ...}`` of the map ``lines_to_text``."""

    about: str = Field(description="the column of the parent's rows that says what it is about")


class LinesToText(Map):
    """Lines of types and values to the text that says so: write a review with these judgements.

    Rows: ``lines``, ``about`` and ``target``.
    """

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "lines_to_text"
    types: ClassVar[tuple[str, ...]] = ("entity_lines",)
    offers: ClassVar[tuple[str, ...]] = ("lines", "about", "target")
    options: ClassVar[type[BaseModel]] = LinesToTextOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the entities, the text and what it is about."""
        form = cast(LinesToTextOptions, options)
        return ("entities", form.text, form.about)

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,
    ) -> Iterator[Derived]:
        """Yield the record with its lines as what is given."""
        record, form = records[0], cast(LinesToTextOptions, options)
        if not record.row[form.about]:
            raise RowRejectedError("about-nothing", form.about)
        lines = [f"{each['type']}: {each['value']}" for each in record.row["entities"]]
        yield Derived(
            {
                "lines": list(dict.fromkeys(lines)),
                "about": record.row[form.about],
                "target": record.row[form.text],
            },
            (record,),
        )


MAPS: Final[tuple[RecordMap, ...]] = (AnswerInContext(), MissingSentence(), LinesToText())
