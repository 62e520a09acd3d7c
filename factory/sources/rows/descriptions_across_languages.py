"""Which descriptions stand beside that of the same product in another language.

The language of an option must not give the answer away: either all four are in one, or two and two
are. Of the same brand only those in the right one's own language are taken, where a form of the
same product would show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.translated import in_language, translated
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("positive", "negatives", "source_ids")

_NEGATIVES: Final = 3
_MOST_SIMILARITY: Final = 0.4
#: Two wrong options may be alike, but not the same text in other words.
_MOST_ALIKE: Final = 0.6


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a description, the same product's in another language, and three others.

    Raises :class:`RowRejectedError` where a description was not translated, or too few others are
    in the languages that are wanted.
    """
    asked, right = facts["description"], facts["positive"]
    locale, other = facts["locale"], facts["other_locale"]
    if not translated(asked, right) or not in_language(asked, locale):
        raise RowRejectedError("untranslated", asked)
    if not in_language(right, other):
        raise RowRejectedError("untranslated", right)
    possible = _possible(facts)
    same = [each for each in possible if each["locale"] == other]
    abroad = [each for each in possible if each["locale"] != other and not each["near_by"]]
    wanted = draw.largest(sorted({each["locale"] for each in abroad}) or [other], "language")
    third = [each for each in abroad if each["locale"] == wanted]
    mixed = draw.below(2, "mixed") == 0 and len(third) > 1
    about = frozenset(tokens(asked))
    wrong = _chosen(same, 1 if mixed else _NEGATIVES, about, len(right), draw)
    if mixed:
        wrong += _chosen(third, 2, about, len(right), draw)
    if len(wrong) < _NEGATIVES:
        raise RowRejectedError("too-few-descriptions", f"{len(wrong)} others in {other}")
    kept = {name: facts[name] for name in ("key", "locale", "description", "subject")}
    yield {
        **kept,
        "positive": right,
        "negatives": [each["text"] for each in wrong],
        "source_ids": [
            *facts["source_ids"],
            *(f"product:{each['locale']}:{each['id']}" for each in wrong),
        ],
    }


def _possible(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the descriptions of other products that cannot be this one's, with their ``words``."""
    shown = [frozenset(tokens(facts["description"])), frozenset(tokens(facts["positive"]))]
    found = []
    for each in facts["others"]:
        words = frozenset(tokens(each["text"]))
        if all(similarity(words, other) < _MOST_SIMILARITY for other in shown) and in_language(
            each["text"], each["locale"]
        ):
            found.append({**each, "words": words})
    return found


def _chosen(
    possible: Sequence[dict[str, Any]], count: int, about: frozenset[str], length: int, draw: Draw
) -> list[dict[str, Any]]:
    """Return ``count`` of ``possible``: of the brand, then sharing words, then of like length."""
    order = draw.permutation(len(possible), f"order {count}")
    left = [possible[place] for place in order]
    left.sort(key=lambda each: (not each["near_by"], -len(about & each["words"])))
    chosen: list[dict[str, Any]] = []
    # Three of four rows have a wrong option that is longer than the right one.
    if draw.below(4, "longest"):
        longer = [each for each in left if len(each["text"]) > length]
        chosen += longer[:1]
    while len(chosen) < count:
        rest = [
            each
            for each in left
            if all(similarity(each["words"], other["words"]) < _MOST_ALIKE for other in chosen)
        ]
        if not rest:
            break
        chosen.append(
            min(rest, key=lambda each: abs(len(each["text"]) - length))
            if len(chosen) == 1
            else rest[0]
        )
    return chosen[:count]
