"""An event, what surely stands in a relation to it, and what surely does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.everyday_events import FEELINGS, TAILS, is_anybodys, telling
from factory.sources.view import RowRejectedError

OFFERS: Final = ("positive", "negatives")

_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row; options say what stands in the ``relation`` to the ``event`` in full.

    Wrong feelings are of the other mood; other wrong tails are those of events with other products,
    share no word that tells anything with the event, the answer or each other, and are nothing that
    anybody may lack or want.

    Raises :class:`RowRejectedError` where too few are left.
    """
    relation, value = facts["relation"], facts["value"]
    if relation == "feel":
        other = next(mood for mood, feelings in FEELINGS.items() if value not in feelings)
        order = draw.permutation(len(FEELINGS[other]), "feelings")
        wrong = [FEELINGS[other][place] for place in order[:_NEGATIVES]]
    else:
        wrong = _apart(facts["others"], telling(facts["event"]) | telling(value))
    if len(wrong) < _NEGATIVES:
        raise RowRejectedError("too-few-negatives", f"{len(wrong)} of {_NEGATIVES}")
    said = TAILS[relation]
    yield {
        **{name: facts[name] for name in ("key", "locale", "relation", "event", "source_ids")},
        "positive": said.format(value),
        "negatives": [said.format(each) for each in wrong],
    }


def _apart(others: list[str], said: frozenset[str]) -> list[str]:
    """Return the first tails of which none shares a telling word with what was said or another."""
    kept: list[str] = []
    for other in others:
        words = telling(other)
        if len(kept) < _NEGATIVES and words and not words & said and not is_anybodys(other):
            kept.append(other)
            said |= words
    return kept
