"""Recombine: one question about several labelled records, answered by their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, label_of, pick, shuffled
from factory.generators.near import apart, by_likeness, nearest, of_any_length
from factory.sources.view import RowRejectedError

_LABELLED: Final = ("multiple_choice", "classification")
#: Further records that are looked through for ones that fit: enough for the rarest of 20 labels.
_LOOKED_THROUGH: Final = 40


class TextOptions(BaseModel):
    """``derive: {with: ...}`` of maps that show the text of several records."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(description="the column of the parent's rows that was labelled")


class ClassOptions(TextOptions):
    """``derive: {with: ...}`` of maps that show texts of other classes beside one."""

    near: bool = Field(
        default=False,
        description="whether texts of other classes share words with the one, and those of its own "
        "class few: for classes that one word of a text gives away",
    )


class _OfLabelled(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = _LABELLED
    partners: ClassVar[int] = _LOOKED_THROUGH
    options: ClassVar[type[BaseModel]] = ClassOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the column of the text."""
        return (cast(TextOptions, options).text,)


def _text(record: Record, options: BaseModel) -> str:
    return str(record.row[cast(TextOptions, options).text])


def _labelled(
    records: Sequence[Record], options: BaseModel
) -> tuple[tuple[Record, str], list[tuple[Record, str]]]:
    """Return the key's own record with its label, and each other of another text with its own."""
    own, *others = records
    label = label_of(own)
    seen = {_text(own, options).casefold()}
    found = []
    for record in others:
        text = _text(record, options).casefold()
        if text in seen:
            continue
        try:
            found.append((record, label_of(record)))
        except RowRejectedError:
            continue
        seen.add(text)
    return (own, label), found


def _of_other_classes(
    own: Record, right: Record, wrong: Sequence[Record], options: BaseModel, draw: Draw
) -> list[Record]:
    """Return three wrong records: near misses of ``own``, some shorter than ``right``, some longer.

    Raises :class:`RowRejectedError` where there are fewer.
    """
    if len(wrong) < 3:
        raise RowRejectedError("too-few-negatives", str(len(wrong)))
    mixed = shuffled(wrong, draw, "wrong")

    def text(record: Record) -> str:
        return _text(record, options)

    if cast(ClassOptions, options).near:
        mixed = nearest(text(own), mixed, text, 3)
    return of_any_length(text(right), mixed, text, 3, draw)


def _of_own_class(
    own: Record, alike: Sequence[Record], options: BaseModel, draw: Draw, purpose: str
) -> Record:
    """Return a record of the first one's class; where near misses are shown, one unlike it."""
    found = shuffled(alike, draw, purpose)
    if not found:
        raise RowRejectedError("nothing-to-choose", purpose)
    if cast(ClassOptions, options).near:
        found = by_likeness(_text(own, options), found, lambda each: _text(each, options))[::-1]
    return found[0]


class SameLabel(_OfLabelled):
    """Two texts: are they of one class? Half of the rows say yes.

    Rows: ``texts`` (two), ``labels`` and ``answer`` (yes or no).
    """

    name: ClassVar[str] = "same_label"
    offers: ClassVar[tuple[str, ...]] = ("texts", "labels", "answer")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record beside another of its own class, or of another."""
        (own, label), others = _labelled(records, options)
        same = draw.below(2, "same") == 0
        alike = [record for record, other in others if other == label]
        unlike = [record for record, other in others if other != label]
        if not alike or not unlike:  # or a rare label would say no more often than yes
            raise RowRejectedError("nothing-to-choose", "partner")
        if same or not cast(ClassOptions, options).near:
            partner = _of_own_class(own, alike if same else unlike, options, draw, "partner")
        else:
            found = shuffled(unlike, draw, "partner")
            partner = nearest(_text(own, options), found, lambda r: _text(r, options), 1)[0]
        texts = shuffled([_text(own, options), _text(partner, options)], draw, "order")
        answer = "yes" if same else "no"
        yield Derived({"texts": texts, "labels": answer, "answer": answer}, (own, partner))


class OddOneOut(_OfLabelled):
    """Four texts, three of one class: which is the other one?

    Rows: ``positive`` (the odd one), ``negatives``; ``label`` is the class of the three.
    """

    name: ClassVar[str] = "odd_one_out"
    offers: ClassVar[tuple[str, ...]] = ("positive", "negatives", "label")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record as the odd one among three others that are of one class."""
        (own, label), others = _labelled(records, options)
        by_label: dict[str, list[Record]] = {}
        for record, other in others:
            if other != label:
                by_label.setdefault(other, []).append(record)
        classes = [(other, found) for other, found in by_label.items() if len(found) >= 3]
        if cast(ClassOptions, options).near:
            classes = nearest(
                _text(own, options), classes, lambda c: " ".join(_text(r, options) for r in c[1]), 1
            )
        of, found = pick(classes, draw, "class")
        if cast(ClassOptions, options).near:
            found = apart(found, lambda record: _text(record, options))
        three = of_any_length(
            _text(own, options), found, lambda record: _text(record, options), 3, draw
        )
        yield Derived(
            {
                "positive": _text(own, options),
                "negatives": [_text(record, options) for record in three],
                "label": of,
            },
            (own, *three),
        )


class TextOfLabel(_OfLabelled):
    """A class and four texts, one of each class: which one is of it?

    Rows: ``label``, ``positive`` and ``negatives``.
    """

    name: ClassVar[str] = "text_of_label"
    offers: ClassVar[tuple[str, ...]] = ("label", "positive", "negatives")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record among three of other classes."""
        (own, label), others = _labelled(records, options)
        wrong = [record for record, other in others if other != label]
        three = _of_other_classes(own, own, wrong, options, draw)
        yield Derived(
            {
                "label": label,
                "positive": _text(own, options),
                "negatives": [_text(record, options) for record in three],
            },
            (own, *three),
        )


class LikeThis(_OfLabelled):
    """One text and four others: which of the four is of its class?

    Rows: ``text``, ``label``, ``positive`` and ``negatives``.
    """

    name: ClassVar[str] = "like_this"
    offers: ClassVar[tuple[str, ...]] = ("text", "label", "positive", "negatives")

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record with one of its class and three of others."""
        (own, label), others = _labelled(records, options)
        alike = _of_own_class(
            own, [record for record, other in others if other == label], options, draw, "alike"
        )
        wrong = [record for record, other in others if other != label]
        three = _of_other_classes(own, alike, wrong, options, draw)
        yield Derived(
            {
                "text": _text(own, options),
                "label": label,
                "positive": _text(alike, options),
                "negatives": [_text(record, options) for record in three],
            },
            (own, alike, *three),
        )


class _OfScale(Map):
    operator: ClassVar[str] = "recombine"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice",)
    partners: ClassVar[int] = _LOOKED_THROUGH
    options: ClassVar[type[BaseModel]] = TextOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the column of the text."""
        return (cast(TextOptions, options).text,)


def _on_scale(records: Sequence[Record], options: BaseModel) -> list[tuple[Record, int]]:
    found: list[tuple[Record, int]] = []
    texts: set[str] = set()
    for record in records:
        text = _text(record, options).casefold()
        if record.options or not isinstance(record.gold, int):
            raise RowRejectedError("no-scale", "the parent's answer is no number on a scale")
        if text not in texts:
            texts.add(text)
            found.append((record, record.gold))
    return found


class OrderByScale(_OfScale):
    """Texts with different numbers on a scale: put them in order, the highest first.

    Rows: ``items`` (one for each number that was found) and ``relevance`` (1 for the highest
    number, 0 for the lowest).
    """

    name: ClassVar[str] = "order_by_scale"
    offers: ClassVar[tuple[str, ...]] = ("items", "relevance")
    wanted: ClassVar[int] = 5

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield five records of five different numbers, the key's own among them."""
        found = _on_scale(records, options)
        chosen: dict[int, Record] = {found[0][1]: found[0][0]}
        for record, number in shuffled(found[1:], draw, "others"):
            chosen.setdefault(number, record)
        if len(chosen) < self.wanted:
            raise RowRejectedError("too-few-numbers", f"{len(chosen)} of {self.wanted}")
        own = found[0][1]
        others = shuffled(sorted(chosen.keys() - {own}), draw, "numbers")[: self.wanted - 1]
        numbers = shuffled(sorted([own, *others]), draw, "order")
        lowest, highest = min(numbers), max(numbers)
        yield Derived(
            {
                "items": [_text(chosen[number], options) for number in numbers],
                "relevance": [(number - lowest) / (highest - lowest) for number in numbers],
            },
            [found[0][0], *(chosen[n] for n in numbers if n != own)],
        )


class HigherOfTwo(_OfScale):
    """Two texts with clearly different numbers on a scale: which has the higher one?

    Rows: ``positive`` and ``negatives`` (one), two numbers apart at least.
    """

    name: ClassVar[str] = "higher_of_two"
    offers: ClassVar[tuple[str, ...]] = ("positive", "negatives")
    least_apart: ClassVar[int] = 2

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield the record beside one that is clearly higher or lower."""
        (own, number), *others = _on_scale(records, options)
        partner, other = pick(
            [(r, n) for r, n in others if abs(n - number) >= self.least_apart], draw, "partner"
        )
        higher, lower = (own, partner) if number > other else (partner, own)
        yield Derived(
            {"positive": _text(higher, options), "negatives": [_text(lower, options)]},
            (own, partner),
        )


MAPS: Final[tuple[RecordMap, ...]] = (
    SameLabel(),
    OddOneOut(),
    TextOfLabel(),
    LikeThis(),
    OrderByScale(),
    HigherOfTwo(),
)
