"""Recombine shopping sessions: which products were looked at in one visit, after which search?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled
from factory.generators.near import nearest, of_any_length
from factory.sources.view import RowRejectedError
from factory.text import folded_case

_LOOKED_THROUGH: Final = 40


class _OfSessions(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("text", "generation")
    partners: ClassVar[int] = _LOOKED_THROUGH

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return the query and the products with their categories."""
        return ("query", "items", "item_types", "item_departments")


def _departments(record: Record) -> set[str]:
    return set(record.row["item_departments"])


def outsiders(records: Sequence[Record], draw: Draw) -> list[Record]:
    """Return, in drawn order, the other sessions that have nothing to do with the first one.

    They are of departments that no session at hand joins to the first one's: a charging cable and
    a tablet may well be looked at in one visit. What the first product of a session is called
    comes once.
    """
    near = set(_departments(records[0]))
    for record in records[1:]:
        if _departments(record) & _departments(records[0]):
            near |= _departments(record)
    seen = {folded_case(title) for title in records[0].row["items"]}
    found = []
    for record in records[1:]:
        title = folded_case(record.row["items"][0])
        if _departments(record) & near or title in seen:
            continue
        seen.add(title)
        found.append(record)
    return shuffled(found, draw, "outsiders")


def _first(record: Record, column: str) -> str:
    value = record.row[column]
    return value if isinstance(value, str) else str(value[0])


def near_misses(
    records: Sequence[Record], draw: Draw, column: str, own: str, right: str, wanted: int
) -> list[Record]:
    """Return outsiders whose ``column`` shares words with ``own``, some shorter than ``right``.

    A color or a material in common is no sign of belonging together, and neither should its
    absence be. Raises :class:`RowRejectedError` where there are too few.
    """
    found = outsiders(records, draw)
    if len(found) < wanted:
        raise RowRejectedError("too-few-negatives", str(len(found)))

    def text(record: Record) -> str:
        return _first(record, column)

    return of_any_length(right, nearest(own, found, text, wanted), text, wanted, draw)


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
        """Yield three products of the record, of several types if it has them, and an outsider."""
        own = records[0]
        if len(own.row["items"]) < 3:
            raise RowRejectedError("too-few-items", str(len(own.row["items"])))
        # A product of each type first: three of one type make the other one too easy to find.
        titles = shuffled(own.row["items"], draw, "items")
        kind_of = dict(zip(own.row["items"], own.row["item_types"], strict=True))
        firsts = {kind_of[title]: title for title in reversed(titles)}.values()
        items = sorted(titles, key=lambda title: title not in firsts)[:3]
        longest = max(map(len, items))
        odd_is_longest = draw.below(4, "longest") == 0
        found = outsiders(records, draw)
        alike = [each for each in found if (len(_first(each, "items")) > longest) == odd_is_longest]
        near = nearest(" ".join(items), alike or found, lambda each: _first(each, "items"), 3)
        other = pick(near, draw, "outsider")
        yield Derived({"positive": other.row["items"][0], "negatives": items}, (own, other))


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
            (other,) = near_misses(records, draw, "items", one, another, 1)
            another, of = other.row["items"][0], (own, other)
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
        """Yield the record without one product, which stands among three outsiders.

        It is one of a type that was looked at twice, where there is such a type: of an accessory
        nobody can know whether it was that one.
        """
        own = records[0]
        items, kinds = own.row["items"], own.row["item_types"]
        twice = [place for place, kind in enumerate(kinds) if kinds.count(kind) > 1]
        place = pick(twice, draw, "hidden") if twice else len(items) - 1
        viewed, hidden = [*items[:place], *items[place + 1 :]], items[place]
        three = near_misses(records, draw, "items", " ".join(viewed), hidden, 3)
        yield Derived(
            {
                "viewed": viewed,
                "positive": hidden,
                "negatives": [record.row["items"][0] for record in three],
            },
            (own, *three),
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
        query, right = own.row["query"], _first(own, "items")
        three = near_misses(records, draw, "items", query, right, 3)
        yield Derived(
            {
                "query": query,
                "positive": right,
                "negatives": [record.row["items"][0] for record in three],
            },
            (own, *three),
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
        own = other = records[0]
        same = draw.below(2, "same") == 0
        if not same:
            query, right = own.row["query"], _first(own, "items")
            (other,) = near_misses(records, draw, "items", query, right, 1)
        answer = "yes" if same else "no"
        yield Derived(
            {
                "query": own.row["query"],
                "item": other.row["items"][0],
                "labels": answer,
                "answer": answer,
            },
            (own,) if same else (own, other),
        )


class QueryMatch(_OfSessions):
    """Products of a session and a query: was it searched for? Half of the rows say yes."""

    name: ClassVar[str] = "query_match"
    offers: ClassVar[tuple[str, ...]] = ("items", "query", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's products with its own query, or with an outsider's."""
        own = other = records[0]
        same = draw.below(2, "same") == 0
        if not same:
            items, right = " ".join(own.row["items"]), own.row["query"]
            (other,) = near_misses(records, draw, "query", items, right, 1)
        answer = "yes" if same else "no"
        yield Derived(
            {
                "items": own.row["items"],
                "query": other.row["query"],
                "labels": answer,
                "answer": answer,
            },
            (own,) if same else (own, other),
        )


class QueryChoice(_OfSessions):
    """Products of a session and four queries: which one was searched for?"""

    name: ClassVar[str] = "query_choice"
    offers: ClassVar[tuple[str, ...]] = ("items", "positive", "negatives")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record's products with its own query among those of three outsiders."""
        own = records[0]
        items, right = " ".join(own.row["items"]), own.row["query"]
        three = near_misses(records, draw, "query", items, right, 3)
        yield Derived(
            {
                "items": own.row["items"],
                "positive": right,
                "negatives": [record.row["query"] for record in three],
            },
            (own, *three),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    OddItem(),
    SameSession(),
    ItemOfSession(),
    ItemForQuery(),
    SameSearch(),
    QueryMatch(),
    QueryChoice(),
)
