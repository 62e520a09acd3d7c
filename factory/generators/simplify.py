"""Simplify: an easier question about the same record, which its answer already answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from factory.draw import Draw
from factory.generators.base import Derived, Map, Record, RecordMap, label_of, pick, shuffled
from factory.sources.view import RowRejectedError
from factory.text import tokens

#: To what share of shared words a length counts that is not as drawn.
_LENGTH_TELLS: Final = 0.25
_LABELLED: Final = ("multiple_choice", "classification")


class Binary(Map):
    """A choice to yes or no: is this option the right one?

    Half of the rows show a right option, half a wrong one. Rows: ``input_text`` (the record as its
    parent prints it), ``option``, and ``labels`` and ``answer`` (yes or no).
    """

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "binary"
    types: ClassVar[tuple[str, ...]] = (*_LABELLED, "retrieval")
    offers: ClassVar[tuple[str, ...]] = ("input_text", "option", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one of its options."""
        record = records[0]
        right, wrong = right_and_wrong(record)
        said = draw.below(2, "right") == 0
        answer = "yes" if said else "no"
        option = pick(right if said else wrong, draw, "option")
        yield Derived(
            {"input_text": record.input, "option": option, "labels": answer, "answer": answer},
            (record,),
        )


class OneOfTwo(Map):
    """A choice among many to a choice of two: the right option and one wrong one."""

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "one_of_two"
    types: ClassVar[tuple[str, ...]] = (*_LABELLED, "retrieval")
    offers: ClassVar[tuple[str, ...]] = (
        "input_text",
        "positive",
        "negatives",
        "labels",
        "candidate_labels",
    )

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with two of its options."""
        record = records[0]
        right, wrong = right_and_wrong(record)
        positive, negative = pick(right, draw, "right"), pick(wrong, draw, "wrong")
        yield _chosen(record, positive, [negative])


class OneOfFour(Map):
    """Retrieval to multiple choice: one right candidate and three wrong ones."""

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "one_of_four"
    types: ClassVar[tuple[str, ...]] = ("retrieval",)
    offers: ClassVar[tuple[str, ...]] = OneOfTwo.offers

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with four of its candidates."""
        record = records[0]
        right, wrong = right_and_wrong(record)
        if len(wrong) < 3:
            raise RowRejectedError("too-few-negatives", str(len(wrong)))
        yield _chosen(record, pick(right, draw, "right"), shuffled(wrong, draw, "wrong")[:3])


class PairwisePreference(Map):
    """Ranking to a choice of two: which of two items of different grades is better?

    Of all such pairs that one is shown whose better item has least more words of the question, and
    is the longer one or not as drawn: words or length alone would else tell most answers.
    """

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "pairwise_preference"
    types: ClassVar[tuple[str, ...]] = ("ranking",)
    offers: ClassVar[tuple[str, ...]] = OneOfTwo.offers

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with two of its items."""
        record = records[0]
        graded = grades(record)
        pairs = [(better, worse) for better, high in graded for worse, low in graded if high > low]
        if not pairs:
            raise RowRejectedError("no-single-best", "all items share one grade")
        said = frozenset(tokens(record.input))
        longer = draw.below(2, "longer") == 0

        def ease(pair: tuple[str, str]) -> float:
            """Return how much words and length tell of the better one."""
            one, other = pair
            amiss = (len(one) > len(other)) is not longer
            return _said(one, said) - _said(other, said) + _LENGTH_TELLS * amiss

        better, worse = min(shuffled(pairs, draw, "pair"), key=ease)
        yield _chosen(record, better, [worse])


class BestOf(Map):
    """Ranking to multiple choice: the one item that is better than every other.

    The others shown are those with most words of the question, beside the worst those with fewest:
    most like the answer, as far as words go. Where the words tell it even then, one row of four is
    kept: as many as a blind answer gets right.
    """

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "best_of"
    types: ClassVar[tuple[str, ...]] = ("ranking",)
    offers: ClassVar[tuple[str, ...]] = OneOfTwo.offers
    _sign: ClassVar[int] = 1

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with its best item and up to three others; ties have no best."""
        record = records[0]
        ordered = sorted(grades(record), key=lambda item: -self._sign * item[1])
        if len(ordered) < 4 or ordered[0][1] == ordered[1][1]:
            raise RowRejectedError("no-single-best", "two items share the grade")
        others = shuffled([text for text, _ in ordered[1:]], draw, "others")
        said = frozenset(tokens(record.input))
        others.sort(key=lambda text: -self._sign * _said(text, said))
        shown, gold = others[:3], ordered[0][0]
        rival = self._sign * _said(shown[0], said)
        if self._sign * _said(gold, said) > rival and draw.below(1 + len(shown), "known") > 0:
            raise RowRejectedError("known-by-its-words", gold)
        yield _chosen(record, gold, shown)


class WorstOf(BestOf):
    """Ranking to multiple choice: the one item that is worse than every other."""

    name: ClassVar[str] = "worst_of"
    _sign: ClassVar[int] = -1


class TopGrade(Map):
    """Ranking to yes or no: does this item have the highest grade of all?"""

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "top_grade"
    types: ClassVar[tuple[str, ...]] = ("ranking",)
    offers: ClassVar[tuple[str, ...]] = Binary.offers

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Derived]:
        """Yield the record with one of its items."""
        record = records[0]
        graded = grades(record)
        best = max(grade for _, grade in graded)
        said = draw.below(2, "right") == 0
        option = pick([text for text, g in graded if (g == best) == said], draw, "option")
        answer = "yes" if said else "no"
        yield Derived(
            {"input_text": record.input, "option": option, "labels": answer, "answer": answer},
            (record,),
        )


class Polarity(Map):
    """Stars to polarity: 1 and 2 are negative, 4 and 5 positive; 3 says neither."""

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "polarity"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice",)
    offers: ClassVar[tuple[str, ...]] = ("input_text", "labels", "answer")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with its polarity."""
        record = records[0]
        stars = record.gold
        if record.options or not isinstance(stars, int) or stars == 3:
            raise RowRejectedError("no-polarity", record.output)
        said = "positive" if stars > 3 else "negative"
        yield Derived({"input_text": record.input, "labels": said, "answer": said}, (record,))


class LabelOnly(Map):
    """A numbered choice to the label in words: the same question, answered by name.

    Where all options are shown they are the candidates; the answer is one of them.
    """

    operator: ClassVar[str] = "simplify"
    name: ClassVar[str] = "label_in_words"
    types: ClassVar[tuple[str, ...]] = ("multiple_choice",)
    offers: ClassVar[tuple[str, ...]] = ("input_text", "labels", "candidate_labels", "target")

    def rows(
        self,
        records: Sequence[Record],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002
    ) -> Iterator[Derived]:
        """Yield the record with the words of its right option."""
        record = records[0]
        if not record.options:
            raise RowRejectedError("no-options", "the parent displays nothing to choose from")
        label = label_of(record)
        yield Derived(
            {
                "input_text": record.input,
                "labels": label,
                "candidate_labels": list(record.options),
                "target": label,
            },
            (record,),
        )


def right_and_wrong(record: Record) -> tuple[list[str], list[str]]:
    """Return the right options of a record and the wrong ones, as displayed.

    Raises :class:`RowRejectedError` where it displays none, or where all are alike.
    """
    gold, shown = record.gold, record.options
    if isinstance(gold, int):
        places = {gold}
    elif isinstance(gold, list) and gold and isinstance(gold[0], str):
        places = {place for place, text in enumerate(shown) if text in gold}
    elif isinstance(gold, list):
        places = {int(number) - 1 for number in gold}
    else:
        places = set()
    right = [text for place, text in enumerate(shown) if place in places]
    wrong = [text for place, text in enumerate(shown) if place not in places]
    if not right or not wrong:
        raise RowRejectedError("no-options", "nothing is displayed that is right, or wrong")
    return right, wrong


def grades(record: Record) -> list[tuple[str, float]]:
    """Return the items of a ranking with their grades, in display order."""
    gold = record.gold
    if not isinstance(gold, list) or len(gold) != len(record.options):
        raise RowRejectedError("no-grades", record.output)
    numbers = [float(grade) for grade in gold]
    return list(zip(record.options, numbers, strict=True))


def _said(text: str, said: frozenset[str]) -> float:
    """Return the share of the words of ``text`` or of ``said``, the fewer, that the other has."""
    words = frozenset(tokens(text))
    return len(words & said) / max(1, min(len(words), len(said)))


def _chosen(record: Record, positive: str, negatives: list[str]) -> Derived:
    return Derived(
        {
            "input_text": record.input,
            "positive": positive,
            "negatives": negatives,
            "labels": positive,
            "candidate_labels": [positive, *negatives],
        },
        (record,),
    )


MAPS: Final[tuple[RecordMap, ...]] = (
    Binary(),
    OneOfTwo(),
    OneOfFour(),
    PairwisePreference(),
    BestOf(),
    WorstOf(),
    TopGrade(),
    Polarity(),
    LabelOnly(),
)
