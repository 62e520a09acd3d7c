"""A category and four titles, of which one product is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.category_options import apart, in_turns, singular
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("category", "positive", "negatives")

_NEGATIVES: Final = 3
_MOST_SIMILARITY: Final = 0.7


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the category with its product's title and three titles of other categories.

    Raises :class:`RowRejectedError` where too few titles surely are of another category.
    """
    path: list[str] = facts["path"]
    asked = singular(path[-1])
    own = frozenset(tokens(facts["title"]))
    paths, titles, ids = [path], [facts["title"]], [facts["product_id"]]
    for other in in_turns([each for each in facts["others"] if _wrong(each, path, asked, own)]):
        if len(titles) > _NEGATIVES:
            break
        if all(apart(other["path"], each) for each in paths):
            paths.append(other["path"])
            titles.append(other["title"])
            ids.append(other["id"])
    if len(titles) <= _NEGATIVES:
        raise RowRejectedError("too-few-titles", f"{len(titles) - 1} of {_NEGATIVES} others")
    locale = facts["locale"]
    yield {
        "key": facts["key"],
        "locale": locale,
        "category": path[-1],
        "positive": titles[0],
        "negatives": titles[1:],
        "source_ids": [f"product:{locale}:{name}" for name in ids],
    }


def _wrong(
    other: dict[str, Any], path: Sequence[str], asked: frozenset[str], own: frozenset[str]
) -> bool:
    """Return whether a title surely is of no product of the category that is asked for."""
    title = other["title"] or ""
    return (
        bool(title)
        and apart(other["path"], path)
        and not asked <= singular(title)
        and similarity(frozenset(tokens(title)), own) < _MOST_SIMILARITY
    )
