"""Three categories beside the one that a product is in: one with a word of its title, near ones.

A category above or below a product's own is right as well, and so may one be whose every word
stands in the title: neither is shown. Nor are two options of which one holds the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("positive", "negatives")

_NEGATIVES: Final = 3
_MOST_SIMILARITY: Final = 0.6
_ORDER: Final = ("word", "near", "same", "far")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the title with its own category and three others.

    Raises :class:`RowRejectedError` where the catalogue has too few others.
    """
    path: list[str] = facts["path"]
    shown = [path]
    wrong = [
        each for each in facts["others"] if not may_be_right(each["path"], path, facts["title"])
    ]
    for other in in_turns(wrong):
        if len(shown) > _NEGATIVES:
            break
        candidate: list[str] = other["path"]
        if all(apart(candidate, each) for each in shown):
            shown.append(candidate)
    if len(shown) <= _NEGATIVES:
        raise RowRejectedError("too-few-categories", f"{len(shown) - 1} of {_NEGATIVES} others")
    names = [each[-1] for each in shown]
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": facts["title"],
        "positive": names[0],
        "negatives": names[1:],
        "source_ids": facts["source_ids"],
    }


def in_turns(others: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one of the others that shares a word, the nearest, one further off, and so on again."""
    parts = [[each for each in others if each["part"] == part] for part in _ORDER]
    for place in range(max(map(len, parts), default=0)):
        for part in parts:
            if place < len(part):
                yield part[place]


def apart(left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether neither category is the other, or above it, or nearly called the same."""
    if left[-1] in right or right[-1] in left:
        return False
    ones, others = singular(left[-1]), singular(right[-1])
    return not (ones <= others or others <= ones) and (similarity(ones, others) <= _MOST_SIMILARITY)


def may_be_right(candidate: Sequence[str], path: Sequence[str], title: str) -> bool:
    """Return whether a product of ``path`` with this title may be in the category as well."""
    return not apart(candidate, path) or singular(candidate[-1]) <= singular(title)


def singular(text: str) -> frozenset[str]:
    """Return the words of a text without the ends of plurals: a category holds dog beds."""
    return frozenset(
        word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
        for word in tokens(text)
    )
