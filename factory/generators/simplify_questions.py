"""Simplify a question about a product page: which line answers it, does one, what does it ask for?

The parent's rows have the ``page`` as lines, ``page_facts`` (each line with the attribute that it
gives), the right ``line`` and the attribute ``asked`` for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.sources.view import RowRejectedError


class _OfQuestions(Map):
    operator: ClassVar[str] = "simplify"
    types: ClassVar[tuple[str, ...]] = ("text",)

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the question, the page and the line of the answer."""
        return ("question", "product", "page", "page_facts", "line", "asked", "product_type")


class AnswerLine(_OfQuestions):
    """The answer to the line of the page that it rests on."""

    name: ClassVar[str] = "answer_line"
    offers: ClassVar[tuple[str, ...]] = ("question", "product", "page", "target")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the question with the line as what is wanted."""
        record = records[0]
        row = record.row
        yield Derived(
            {
                "question": row["question"],
                "product": row["product"],
                "page": row["page"],
                "target": row["line"],
            },
            (record,),
        )


class LineChoice(_OfQuestions):
    """The line of the answer among three others of the page."""

    name: ClassVar[str] = "line_choice"
    offers: ClassVar[tuple[str, ...]] = ("question", "product_type", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the question with four lines; lines of the same kind as the right one go first."""
        record = records[0]
        row = record.row
        others = [each for each in row["page_facts"] if each["text"] != row["line"]]
        if len(others) < 3:
            raise RowRejectedError("too-few-lines", str(len(others)))
        is_feature = all(
            f["text"] != row["line"] or f["value"] == f["text"] for f in row["page_facts"]
        )
        others = shuffled(others, draw, "others")
        others.sort(key=lambda each: (each["value"] == each["text"]) != is_feature)
        yield Derived(
            {
                "question": row["question"],
                "product_type": row["product_type"],
                "positive": row["line"],
                "negatives": [each["text"] for each in others[:3]],
            },
            (record,),
        )


class LineCheck(_OfQuestions):
    """Yes or no: does this line of the page answer the question?"""

    name: ClassVar[str] = "line_check"
    offers: ClassVar[tuple[str, ...]] = ("question", "shown_line", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the question with one line."""
        record = records[0]
        row = record.row
        said = draw.below(2, "right") == 0
        others = [each for each in row["page"] if each != row["line"]]
        answer = "yes" if said else "no"
        yield Derived(
            {
                "question": row["question"],
                "shown_line": row["line"] if said else pick(others, draw, "line"),
                "labels": answer,
                "answer": answer,
            },
            (record,),
        )


class PageAnswers(_OfQuestions):
    """Yes or no: does the page answer the question? In half of the rows the line is taken out."""

    name: ClassVar[str] = "page_answers"
    offers: ClassVar[tuple[str, ...]] = ("question", "page", "product_type", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the question with the page, one line short either way: its length says nothing."""
        record = records[0]
        row = record.row
        said = draw.below(2, "right") == 0
        others = [each for each in row["page"] if each != row["line"]]
        out = pick(others, draw, "line") if said else row["line"]
        answer = "yes" if said else "no"
        yield Derived(
            {
                "question": row["question"],
                "page": [each for each in row["page"] if each != out],
                "product_type": row["product_type"],
                "labels": answer,
                "answer": answer,
            },
            (record,),
        )


class AskedAttribute(_OfQuestions):
    """The attribute that the question asks for, among those of the page."""

    name: ClassVar[str] = "asked_attribute"
    offers: ClassVar[tuple[str, ...]] = (
        "question",
        "product",
        "product_type",
        "labels",
        "candidate_labels",
    )

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the question with the names of the page's attributes."""
        record = records[0]
        row = record.row
        yield Derived(
            {
                "question": row["question"],
                "product": row["product"],
                "product_type": row["product_type"],
                "labels": row["asked"],
                "candidate_labels": list(dict.fromkeys(f["name"] for f in row["page_facts"])),
            },
            (record,),
        )


class QuestionOfAnswer(_OfQuestions):
    """The answer to the question that it was given to, with the line that it rests on."""

    operator: ClassVar[str] = "reverse"
    name: ClassVar[str] = "question_of_answer"
    offers: ClassVar[tuple[str, ...]] = ("product", "line", "given", "target")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with question and answer exchanged."""
        record = records[0]
        row = record.row
        yield Derived(
            {
                "product": row["product"],
                "line": row["line"],
                "given": record.output,
                "target": row["question"],
            },
            (record,),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    AnswerLine(),
    LineChoice(),
    LineCheck(),
    PageAnswers(),
    AskedAttribute(),
    QuestionOfAnswer(),
)
