"""Which products are shown: three that buyers of the anchor bought too, and twelve that none did.

Another product of the anchor's own type is no answer: it replaces the anchor, or was bought by who
sent it back.
Variants of the anchor and of each other are left out, and so is what could well be bought with it
although nobody here did: another product of a type that its buyers bought. Types are known by the
last part of the category path; where a shop gives none, by two neighbouring words of the titles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("title", "positives", "negatives", "subject")

_GOLDS: Final = 3
_NEGATIVES: Final = 17
_NEAR: Final = 5
_MOST_SIMILARITY: Final = 0.6
_MOST_LIKENESS: Final = 0.34
_MOST_CHARACTERS: Final = 200
_FEWEST_TOKENS: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the anchor's title, three golds, and up to seventeen others.

    Raises :class:`RowRejectedError` where the anchor has no good title, or fewer than three others
    were bought with it by two people or more.
    """
    listed: Sequence[Mapping[str, Any]] = facts["products"]
    anchor = next((each for each in listed if each["part"] == "anchor"), None)
    if anchor is None or not _usable(anchor["title"]):
        raise RowRejectedError("no-title", "the product has no title of a usable length")
    shown = [_words(anchor["title"])]
    golds = _golds(listed, _type(anchor), shown)
    if len(golds) < _GOLDS:
        raise RowRejectedError("too-few-bought", f"{len(golds)} of {_GOLDS}")
    negatives = _negatives(listed, shown)
    locale = facts["locale"]
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": anchor["title"],
        "positives": [each["title"] for each in golds],
        "negatives": [each["title"] for each in negatives],
        "subject": f"product:{locale}:{anchor['id']}",
        "source_ids": [f"product:{locale}:{each['id']}" for each in (anchor, *golds, *negatives)],
    }


def _golds(
    listed: Sequence[Mapping[str, Any]], own_type: str, shown: list[frozenset[str]]
) -> list[Mapping[str, Any]]:
    """Return up to three that were bought too; their words are added to ``shown``."""
    golds: list[Mapping[str, Any]] = []
    for each in listed:
        if each["part"] != "gold" or not _usable(each["title"]):
            continue
        words = _words(each["title"])
        replaces = own_type and _type(each) == own_type
        if not replaces and all(similarity(words, other) < _MOST_SIMILARITY for other in shown):
            golds.append(each)
            shown.append(words)
            if len(golds) == _GOLDS:
                break
    return golds


def _negatives(
    listed: Sequence[Mapping[str, Any]], shown: list[frozenset[str]]
) -> list[Mapping[str, Any]]:
    """Return up to seventeen that nobody bought with the anchor, nor anything of their type.

    What is used together shares words (a material, a color): the first few are those that share
    most with the anchor, or to count the words would find the answer.
    """
    anchor = shown[0]
    # Everything that two buyers bought, shown or not, says what kind of thing is bought.
    bought = [each for each in listed if each["part"] != "other"]
    types = {_type(each) for each in bought} - {""}
    pairs = {pair for each in bought for pair in _pairs(each["title"] or "")}
    negatives: list[Mapping[str, Any]] = []
    for each in listed:
        kind = _type(each)
        if each["part"] != "other" or not _usable(each["title"]) or kind in types:
            continue
        if not kind and not pairs.isdisjoint(_pairs(each["title"])):
            continue
        words = _words(each["title"])
        if all(similarity(words, other) < _MOST_LIKENESS for other in shown):
            negatives.append(each)
            shown.append(words)
    near = sorted(negatives, key=lambda each: -len(anchor & _words(each["title"])))[:_NEAR]
    return [*near, *(each for each in negatives if each not in near)][:_NEGATIVES]


def _usable(title: str | None) -> bool:
    return (
        title is not None
        and len(title) <= _MOST_CHARACTERS
        and len(tokens(title)) >= _FEWEST_TOKENS
    )


def _type(product: Mapping[str, Any]) -> str:
    """Return the last part of the category path; '' where the path is the department alone."""
    path: Sequence[str] = product["path"] or []
    return str(path[-1]) if len(path) > 1 else ""


def _words(title: str) -> frozenset[str]:
    return frozenset(tokens(title))


def _pairs(title: str) -> list[tuple[str, str]]:
    """Return the pairs of neighbouring words, numbers left out."""
    words = [word for word in tokens(title) if word.isalpha()]
    return list(pairwise(words))
