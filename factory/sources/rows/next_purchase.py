"""A purchase history, what was bought next, and what was not, out of ECInstruct's lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import (
    FieldsError,
    chosen,
    read_list,
    without_letter,
    without_ordinal,
)
from factory.sources.view import RowRejectedError
from factory.text import clean, similarity, tokens

OFFERS: Final = ("history", "positives", "negatives")

#: Of a long history the last items are shown: they are the nearest to what comes next.
_MOST_SHOWN: Final = 10
_MOST_SIMILARITY: Final = 0.8


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with ``history``, one of ``positives``, and ``negatives``, the likest first.

    Upstream draws its wrong options from everything but the last purchases, so some of them were
    bought before: those are left out. Raises :class:`RowRejectedError` for lists that are none, and
    where the right product was bought before, since it alone would then stand in the history.
    """
    try:
        history = [clean(without_ordinal(item)) for item in read_list(facts["input"].decode())]
        options = facts["options"] or []
        gold = chosen(facts["output"], options)
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    shown = [clean(without_letter(option)) for option in options]
    bought = [frozenset(tokens(item)) for item in history]
    right = frozenset(tokens(shown[gold]))
    if any(similarity(right, words) >= _MOST_SIMILARITY for words in bought):
        raise RowRejectedError("bought-before", shown[gold])
    negatives: list[tuple[int, str]] = []
    known = [right, *bought]
    said = frozenset[str]().union(*bought[-_MOST_SHOWN:])
    for place in draw.permutation(len(shown), "negatives"):
        words = frozenset(tokens(shown[place]))
        if place != gold and all(similarity(words, each) < _MOST_SIMILARITY for each in known):
            negatives.append((len(words & said), shown[place]))
            known.append(words)
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    yield {
        **kept,
        "history": history[-_MOST_SHOWN:],
        "positives": [shown[gold]],
        # Upstream offers more than a row shows: those that are most like what was bought.
        "negatives": [text for _, text in sorted(negatives, key=lambda each: -each[0])],
    }
