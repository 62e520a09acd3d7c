"""Recombine records of two fields: which of them belong together?

A record that was generated from another field (a description from a title, a reply from what was
said before) is a true pair; fields of two records crossed are a false one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, pick, shuffled

# The text of a map is part of its tasks' definitions, so the name that it says stays.
from factory.generators.base import field_text as _field
from factory.generators.near import by_likeness
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

_LOOKED_THROUGH: Final = 16
#: A crossed field that shares this much with the true one may be true as well.
_MOST_SIMILARITY: Final = 0.6
#: So may one of which so much is said by the field that it would be crossed with.
_MOST_SAID: Final = 0.8
#: With their boilerplate, options that are more alike are told apart by nobody.
_MOST_ALIKE: Final = 0.75
#: Words that more than this share of the fields of one kind have are its boilerplate.
_USUAL: Final = 0.6


class PairOptions(BaseModel):
    """``derive: {with: ...}`` of maps over two fields of a record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: str = Field(description="the column that is shown")
    right: str = Field(description="the column that may or may not belong to it")
    kind: str | None = Field(
        None, description="a column whose value crossed records should share, such as the type"
    )
    other_kinds: bool = Field(
        default=False,
        description="whether crossed records are of other kinds: for a right field that may be "
        "true of everything of its kind; those that share most words come first",
    )


class _OfPairs(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = (
        "text",
        "generation",
        "extraction",
        "classification",
        "entity_lines",
        "multiple_choice",
    )
    partners: ClassVar[int] = _LOOKED_THROUGH
    options: ClassVar[type[BaseModel]] = PairOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the two columns, and the one that crossed records share."""
        form = cast(PairOptions, options)
        return tuple(filter(None, (form.left, form.right, form.kind)))


def crossed(records: Sequence[Record], options: PairOptions) -> list[Record]:
    """Return the other records whose right field cannot belong to the first one's left field.

    Those of the first one's kind come first, or those that share most words with its left field:
    they are the near misses.
    """
    own = records[0]
    left = _field(own, options.left).casefold()
    said = frozenset(tokens(left))
    usual = _usual(records, options)
    wholes = [frozenset(tokens(_field(own, options.right)))]
    shown = [wholes[0] - usual]
    near: list[Record] = []
    far: list[Record] = []
    for record in records[1:]:
        whole = frozenset(tokens(_field(record, options.right)))
        words = whole - usual
        if not words or _field(record, options.left).casefold() == left:
            continue
        if len(words & said) > _MOST_SAID * len(words):
            continue
        if any(similarity(words, other) > _MOST_SIMILARITY for other in shown):
            continue
        if any(similarity(whole, other) > _MOST_ALIKE for other in wholes):
            continue
        alike = options.kind is not None and record.row[options.kind] == own.row[options.kind]
        if alike and options.other_kinds:
            continue
        shown.append(words)
        wholes.append(whole)
        (near if alike else far).append(record)
    if options.other_kinds:
        return by_likeness(left, far, lambda record: _field(record, options.right))
    return by_likeness(left, near, lambda record: _field(record, options.right)) + far


def _usual(records: Sequence[Record], options: PairOptions) -> frozenset[str]:
    """Return the words that most right fields of the first record's kind have: its boilerplate.

    What such fields share says nothing of which of them belongs to the first one.
    """
    if options.kind is None:
        return frozenset()
    kind = records[0].row[options.kind]
    alike = [
        frozenset(tokens(_field(record, options.right)))
        for record in records
        if record.row[options.kind] == kind
    ]
    counts = Counter(chain.from_iterable(alike))
    return frozenset(w for w, n in counts.items() if len(alike) > 2 and n > _USUAL * len(alike))


class PairMatch(_OfPairs):
    """Two fields: do they belong to one record? Half of the rows say yes.

    Rows: ``left``, ``right``, ``labels`` and ``answer`` (yes or no).
    """

    name: ClassVar[str] = "pair_match"
    offers: ClassVar[tuple[str, ...]] = ("left", "right", "labels", "answer")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record's own pair, or its left field with another's right one."""
        form = cast(PairOptions, options)
        own = records[0]
        belongs = draw.below(2, "belongs") == 0
        other = own if belongs else pick(crossed(records, form)[:4], draw, "other")
        right = _field(other, form.right)
        if not right:
            raise RowRejectedError("nothing-to-match", form.right)
        answer = "yes" if belongs else "no"
        yield Derived(
            {
                "left": _field(own, form.left),
                "right": right,
                "labels": answer,
                "answer": answer,
            },
            (own,) if belongs else (own, other),
        )


class PairChoice(_OfPairs):
    """One field and four of the other kind: which belongs to it?

    Rows: ``left``, ``positive`` and ``negatives``.
    """

    name: ClassVar[str] = "pair_choice"
    offers: ClassVar[tuple[str, ...]] = ("left", "positive", "negatives")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record's left field with its own right field among three others."""
        form = cast(PairOptions, options)
        own = records[0]
        others = crossed(records, form)[:6]
        if len(others) < 3:
            raise RowRejectedError("too-few-negatives", str(len(others)))
        three = shuffled(others, draw, "others")[:3]
        yield Derived(
            {
                "left": _field(own, form.left),
                "positive": _field(own, form.right),
                "negatives": [_field(record, form.right) for record in three],
            },
            (own, *three),
        )


MAPS: Final[tuple[RecordMap, ...]] = (PairMatch(), PairChoice())
