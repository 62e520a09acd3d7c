"""Recombine questions about products: another product's page, another product's answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.generators.simplify_questions import fact_asked, is_feature
from factory.sources.view import RowRejectedError
from factory.text import folded_case, tokens

_LOOKED_THROUGH: Final = 120
_AMOUNT: Final = re.compile(r"\d+(?:[.,]\d+)*")


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


def wrong_answers(records: Sequence[Record], draw: Draw) -> list[tuple[Record, str]]:
    """Return wrong answers to the first record's question, each with the record of its value.

    Each is the right answer with the value that another product has for the same attribute, so
    that the page alone tells them apart. Values that the product could have go first: those of
    its own type, then amounts in the same unit, then values that are found with several types,
    such as colors.

    Raises :class:`RowRejectedError` where the question is for no attribute, or states its value.
    """
    own, fact = records[0], fact_asked(records[0])
    answer, question = own.row["answer"], folded_case(own.row["question"])
    value = folded_case(fact["value"])
    if is_feature(fact):
        raise RowRejectedError("no-attribute", "only attributes have wrong values")
    if value in question:
        raise RowRejectedError("question-states-value", own.row["question"])
    place = re.search(re.escape(fact["value"]), answer, re.IGNORECASE)
    if place is None:
        raise RowRejectedError("value-not-in-answer", answer)
    found: dict[str, tuple[Record, str]] = {}
    types: dict[str, set[str]] = {}
    for record in records:
        for each in record.row["page_facts"]:
            if each["name"] == fact["name"] and not is_feature(each):
                other = folded_case(each["value"])
                found.setdefault(other, (record, each["value"]))
                types.setdefault(other, set()).add(record.row["product_type"])
    ranked = []
    for other, (record, said) in found.items():
        if value in other or other in value or other in question:
            continue
        rank = _farness(other, value, own.row["product_type"], types)
        if rank is not None:
            wrong = answer[: place.start()] + _as_in(place[0], said) + answer[place.end() :]
            ranked.append((rank, record, wrong))
    ranked = shuffled(ranked, draw, "wrong")
    return [(record, wrong) for _, record, wrong in sorted(ranked, key=lambda each: each[0])]


def _farness(other: str, value: str, own_type: str, types: Mapping[str, set[str]]) -> int | None:
    """Return how far ``other`` is from what a product of the type may have; None: too far."""
    if own_type in types[other]:
        return 0
    if any(map(str.isdigit, value)):
        return 1 if _AMOUNT.sub("#", other) == _AMOUNT.sub("#", value) else None
    return 2 if len(types[other]) > 1 and len(types[value]) > 1 else None


def _as_in(said: str, value: str) -> str:
    """Return a value in the case in which an answer says its own, acronyms apart."""
    if not said.islower():
        return value
    return " ".join(
        word if sum(map(str.isupper, word)) > 1 else word.lower() for word in value.split(" ")
    )


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
                if not is_feature(fact_asked(own))
                else all(
                    len(about & frozenset(tokens(line))) * 2 < len(about)
                    for line in record.row["page"]
                )
            )
        ]
        another = pick(unanswered, draw, "page")  # also where it is not shown: as often yes as no
        other = own if said else another
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
        """Yield the question with its own answer, or with another product's value in it."""
        own = records[0]
        right = draw.below(2, "right") == 0
        # Also where it is not shown: as often yes as no.
        other, wrong = pick(wrong_answers(records, draw)[:2], draw, "other")
        answer = "yes" if right else "no"
        yield Derived(
            {
                "question": own.row["question"],
                "product": own.row["product"],
                "page": own.row["page"],
                "given": own.row["answer"] if right else wrong,
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
        """Yield the question with its own answer and two with other values of the attribute."""
        own = records[0]
        two = wrong_answers(records, draw)[:2]
        if len(two) < 2:
            raise RowRejectedError("too-few-negatives", str(len(two)))
        yield Derived(
            {
                "question": own.row["question"],
                "product": own.row["product"],
                "page": own.row["page"],
                "positive": own.row["answer"],
                "negatives": [wrong for _, wrong in two],
            },
            (own, *(record for record, _ in two)),
        )


MAPS: Final[tuple[RecordMap, ...]] = (Answerability(), AnswerCheck(), AnswerChoice())
