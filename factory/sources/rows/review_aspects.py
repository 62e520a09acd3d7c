"""Three aspects that a review judges, among seven that it does not speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.aspect_names import ASPECTS, apart, has_cue
from factory.sources.view import RowRejectedError
from factory.text import clean

OFFERS: Final = ("review", "positives", "negatives")

_GOLDS: Final = 3
_NEGATIVES: Final = 7
_LONGEST: Final = 2_000


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the review with three aspects that it judges and seven that it does not.

    Of more than three, those that are not drawn stand in no list. No two of a list may be taken
    for each other (fit and size), and a review has no word that speaks of a wrong one.

    Raises :class:`RowRejectedError` where too few of either kind are left.
    """
    text = clean(facts["text"])
    if not text or len(text) > _LONGEST:
        raise RowRejectedError("text-length", f"{len(text)} characters")
    said = facts["said"]
    golds: list[str] = []
    for place in draw.permutation(len(said), "golds"):
        if len(golds) < _GOLDS and apart(said[place], golds):
            golds.append(said[place])
    if len(golds) < _GOLDS:
        raise RowRejectedError("too-few-aspects", ", ".join(said))
    others = sorted(ASPECTS, key=lambda name: (draw.integer(f"other:{name}"), name))
    # What others judge in products of the type comes first, as often as they do.
    names = [
        name
        for name in dict.fromkeys((*facts["near"], *facts["far"], *others))
        if apart(name, said) and not has_cue(text, name)
    ]
    negatives = _negatives(names, max(map(len, golds)), draw)
    if len(negatives) < _NEGATIVES:
        raise RowRejectedError("too-few-others", ", ".join(negatives))
    yield {
        **{name: facts[name] for name in ("key", "locale", "product_type", "subject")},
        "review": text,
        "positives": golds,
        "negatives": negatives,
        "source_ids": facts["source_ids"],
    }


def _negatives(names: Sequence[str], longest: int, draw: Draw) -> list[str]:
    """Return the first seven that can be told apart, of which one is long as often as it should be.

    Whether a right one is the longest of the list is drawn, or the length would give it away.
    """
    # The longest names of all have no longer one beside them: so the others have one more often.
    if draw.below(_GOLDS + _NEGATIVES, "longest") >= _GOLDS - 1:
        longer = [name for name in names if len(name) > longest][:1]
        names = [*longer, *(name for name in names if name not in longer)]
    else:
        names = sorted(names, key=lambda name: len(name) > longest)
    negatives: list[str] = []
    for name in names:
        if len(negatives) < _NEGATIVES and apart(name, negatives):
            negatives.append(name)
    return negatives
