"""Recombine shopping sessions: which products were looked at in one visit?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.sources.view import RowRejectedError
from factory.text import folded_case

_LOOKED_THROUGH: Final = 40


class _OfSessions(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("text", "generation")
    partners: ClassVar[int] = _LOOKED_THROUGH

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the query and the products with their types."""
        return ("query", "items", "item_types")


def outsiders(records: Sequence[Record]) -> list[tuple[Record, str]]:
    """Return a product of each other session, of a type that the first session does not have."""
    own = records[0]
    kinds = set(own.row["item_types"])
    seen = {folded_case(title) for title in own.row["items"]}
    found = []
    for record in records[1:]:
        kind, title = record.row["item_types"][0], record.row["items"][0]
        if kind in kinds or folded_case(title) in seen:
            continue
        seen.add(folded_case(title))
        found.append((record, title))
    return found


def _three(records: Sequence[Record], draw: Draw) -> list[tuple[Record, str]]:
    found = outsiders(records)
    if len(found) < 3:
        raise RowRejectedError("too-few-negatives", str(len(found)))
    return shuffled(found, draw, "outsiders")[:3]


class OddItem(_OfSessions):
    """Three products of a session and one of another: which is the other one?

    Rows: ``positive`` (the odd one) and ``negatives``.
    """

    name: ClassVar[str] = "odd_item"
    offers: ClassVar[tuple[str, ...]] = ("positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield three products of the record and an outsider."""
        own = records[0]
        if len(own.row["items"]) < 3:
            raise RowRejectedError("too-few-items", str(len(own.row["items"])))
        items = shuffled(own.row["items"], draw, "items")[:3]
        longest = max(map(len, items))
        odd_is_longest = draw.below(4, "longest") == 0
        found = outsiders(records)
        alike = [each for each in found if (len(each[1]) > longest) == odd_is_longest]
        other, title = pick(alike or found, draw, "outsider")
        yield Derived(
            {"positive": title, "negatives": items},
            (own, other),
        )


class SameSession(_OfSessions):
    """Two products: were they looked at in one visit? Half of the rows say yes."""

    name: ClassVar[str] = "same_session"
    offers: ClassVar[tuple[str, ...]] = ("texts", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield two products of the record, or one and an outsider."""
        own = records[0]
        same = draw.below(2, "same") == 0
        one, another = shuffled(own.row["items"], draw, "items")[:2]
        of: tuple[Record, ...] = (own,)
        if not same:
            other, another = pick(outsiders(records), draw, "outsider")
            of = (own, other)
        answer = "yes" if same else "no"
        yield Derived(
            {
                "texts": shuffled([one, another], draw, "order"),
                "labels": answer,
                "answer": answer,
            },
            of,
        )


class ItemOfSession(_OfSessions):
    """Products of a session but one, and four others: which was looked at in the same visit?"""

    name: ClassVar[str] = "item_of_session"
    offers: ClassVar[tuple[str, ...]] = ("viewed", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record without its last product, which stands among three outsiders."""
        own = records[0]
        three = _three(records, draw)
        *viewed, last = own.row["items"]
        yield Derived(
            {"viewed": viewed, "positive": last, "negatives": [title for _, title in three]},
            (own, *(record for record, _ in three)),
        )


class ItemForQuery(_OfSessions):
    """A query and four products: which was clicked after it?"""

    name: ClassVar[str] = "item_for_query"
    offers: ClassVar[tuple[str, ...]] = ("query", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's query with its first product among three outsiders."""
        own = records[0]
        three = _three(records, draw)
        yield Derived(
            {
                "query": own.row["query"],
                "positive": own.row["items"][0],
                "negatives": [title for _, title in three],
            },
            (own, *(record for record, _ in three)),
        )


class SameSearch(_OfSessions):
    """A query and a product: would whoever searches for the one click the other?"""

    name: ClassVar[str] = "query_and_item"
    offers: ClassVar[tuple[str, ...]] = ("query", "item", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's query with its first product, or with an outsider."""
        own = records[0]
        same = draw.below(2, "same") == 0
        other, title = (
            (own, own.row["items"][0]) if same else pick(outsiders(records), draw, "outsider")
        )
        answer = "yes" if same else "no"
        yield Derived(
            {"query": own.row["query"], "item": title, "labels": answer, "answer": answer},
            (own,) if same else (own, other),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    OddItem(),
    SameSession(),
    ItemOfSession(),
    ItemForQuery(),
    SameSearch(),
)
