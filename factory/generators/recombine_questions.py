"""Recombine questions about products: another product's page, another product's answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.sources.view import RowRejectedError
from factory.text import folded_case, tokens

_LOOKED_THROUGH: Final = 60
#: "Yes, ", "No, ", and what is as short in other languages.
_AGREEMENT: Final = re.compile(r"[^\W\d]{1,4}[,，、]")


class _OfQuestions(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("text",)
    partners: ClassVar[int] = _LOOKED_THROUGH

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the question, its answer, and the page with the facts of its lines."""
        return (
            "question",
            "answer",
            "product",
            "product_type",
            "page",
            "page_facts",
            "line",
            "asked",
        )


def _is_attribute(record: Record) -> bool:
    """Return whether the question asks for an attribute, not for what a bullet point says."""
    return any(
        each["text"] == record.row["line"] and each["text"] != each["value"]
        for each in record.row["page_facts"]
    )


def _named(record: Record) -> frozenset[str]:
    """Return the words of the answer that are the product's name, not the fact."""
    row = record.row
    named = frozenset(tokens(row["answer"])) & frozenset(tokens(row["product"]))
    return named - frozenset(tokens(row["line"])) - frozenset(tokens(row["product_type"]))


def wrong_answers(records: Sequence[Record]) -> list[Record]:
    """Return other records whose answers answer the first one's question, and wrongly.

    They tell the same attribute of another product, in the form that the question calls for, with
    a value that neither contains the right one nor is contained in it, and name no product: the
    name alone would tell them apart.
    """
    own = records[0]
    value = folded_case(_value(own))
    seen = [folded_case(own.row["answer"])]
    found = []
    for record in records[1:]:
        if record.row["asked"] != own.row["asked"] or not _is_attribute(record) or _named(record):
            continue
        other, answer = folded_case(_value(record)), folded_case(record.row["answer"])
        if _agrees(record) != _agrees(own):
            continue
        if value in other or other in value or answer in seen or value in answer:
            continue
        if any(other in said for said in seen):
            continue
        seen.append(answer)
        found.append(record)
    return found


def _value(record: Record) -> str:
    return next(
        str(each["value"])
        for each in record.row["page_facts"]
        if each["text"] == record.row["line"]
    )


def _agrees(record: Record) -> bool:
    """Return whether the answer starts like one to a yes-or-no question: a word and a comma."""
    return _AGREEMENT.match(record.row["answer"]) is not None


def _checked(own: Record) -> None:
    if not _is_attribute(own):
        raise RowRejectedError("no-attribute", "only attributes have wrong values")
    if _named(own):
        raise RowRejectedError("answer-names-product", own.row["answer"])
    if _value(own).casefold() in own.row["question"].casefold():
        raise RowRejectedError("question-states-value", own.row["question"])


class Answerability(_OfQuestions):
    """A question with the page of its product, or of another kind of product: is it answered?

    The other page has no line about what is asked. The product's name stays out of both.
    """

    name: ClassVar[str] = "answerability"
    offers: ClassVar[tuple[str, ...]] = ("question", "page", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the question with either page."""
        own = records[0]
        said = draw.below(2, "answered") == 0
        asked = own.row["asked"]
        about = frozenset(tokens(own.row["line"]))
        unanswered = [
            record
            for record in records[1:]
            if record.row["product_type"] != own.row["product_type"]
            and (
                asked not in {each["name"] for each in record.row["page_facts"]}
                if _is_attribute(own)
                else all(
                    len(about & frozenset(tokens(line))) * 2 < len(about)
                    for line in record.row["page"]
                )
            )
        ]
        other = own if said else pick(unanswered, draw, "page")
        answer = "yes" if said else "no"
        yield Derived(
            {
                "question": own.row["question"],
                "page": other.row["page"],
                "labels": answer,
                "answer": answer,
            },
            (own,) if said else (own, other),
        )


class AnswerCheck(_OfQuestions):
    """A question, the page and an answer: is the answer right? Half of the rows say yes."""

    name: ClassVar[str] = "answer_check"
    offers: ClassVar[tuple[str, ...]] = ("question", "product", "page", "given", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the question with its own answer, or with the same attribute of another product."""
        own = records[0]
        _checked(own)
        right = draw.below(2, "right") == 0
        other = own if right else pick(wrong_answers(records), draw, "other")
        answer = "yes" if right else "no"
        yield Derived(
            {
                "question": own.row["question"],
                "product": own.row["product"],
                "page": own.row["page"],
                "given": other.row["answer"],
                "labels": answer,
                "answer": answer,
            },
            (own,) if right else (own, other),
        )


class AnswerChoice(_OfQuestions):
    """A question, the page and three answers: which one is right?"""

    name: ClassVar[str] = "answer_choice"
    offers: ClassVar[tuple[str, ...]] = ("question", "product", "page", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the question with its own answer and two of the same attribute."""
        own = records[0]
        _checked(own)
        wrong = wrong_answers(records)
        if len(wrong) < 2:
            raise RowRejectedError("too-few-negatives", str(len(wrong)))
        two = shuffled(wrong, draw, "wrong")
        if draw.below(3, "longest"):
            # In two rows of three some wrong answer is longer, where there is one.
            two.sort(key=lambda record: len(record.row["answer"]) < len(own.row["answer"]))
        two = two[:2]
        yield Derived(
            {
                "question": own.row["question"],
                "product": own.row["product"],
                "page": own.row["page"],
                "positive": own.row["answer"],
                "negatives": [record.row["answer"] for record in two],
            },
            (own, *two),
        )


MAPS: Final[tuple[RecordMap, ...]] = (Answerability(), AnswerCheck(), AnswerChoice())
