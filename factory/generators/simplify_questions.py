"""Simplify a question about a product page: which line answers it, does one, what does it ask for?

The parent's rows have the ``page`` as lines, ``page_facts`` (each line with the attribute that it
gives), the right ``line`` and the attribute ``asked`` for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.sources.view import RowRejectedError

#: To name one of two attributes is hardly a choice.
_LEAST_NAMES: Final = 3


def is_feature(fact: Mapping[str, Any]) -> bool:
    """Return whether a line of a page is a bullet point, not an attribute with its value."""
    return bool(fact["value"] == fact["text"])


def fact_asked(record: Record) -> Mapping[str, Any]:
    """Return the line that answers the question, with its attribute and value."""
    line = record.row["line"]
    return next(each for each in record.row["page_facts"] if each["text"] == line)


def _other_lines(record: Record, draw: Draw) -> list[str]:
    """Return the lines that do not answer, in drawn order; those like the right one go first."""
    feature = is_feature(fact_asked(record))
    others = [each for each in record.row["page_facts"] if each["text"] != record.row["line"]]
    others = shuffled(others, draw, "others")
    return [each["text"] for each in sorted(others, key=lambda each: is_feature(each) != feature)]


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
        others = _other_lines(record, draw)
        if len(others) < 3:
            raise RowRejectedError("too-few-lines", str(len(others)))
        yield Derived(
            {
                "question": row["question"],
                "product_type": row["product_type"],
                "positive": row["line"],
                "negatives": others[:3],
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
        answer = "yes" if said else "no"
        yield Derived(
            {
                "question": row["question"],
                "shown_line": row["line"]
                if said
                else pick(_other_lines(record, draw)[:2], draw, "line"),
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
    """The attribute that the question asks for, among those of the page.

    Questions about a bullet point are left out: what they ask for has no name, and two of them do
    not ask for the same.
    """

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
        names = [each["name"] for each in row["page_facts"] if not is_feature(each)]
        if is_feature(fact_asked(record)) or len(set(names)) < _LEAST_NAMES:
            raise RowRejectedError("no-attribute", row["line"])
        yield Derived(
            {
                "question": row["question"],
                "product": row["product"],
                "product_type": row["product_type"],
                "labels": row["asked"],
                "candidate_labels": list(dict.fromkeys(names)),
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
