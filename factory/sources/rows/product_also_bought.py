"""Which products are shown: three that buyers of the anchor bought too, and twelve that none did.

Another product of the anchor's own type is no answer: it replaces the anchor, or was bought by who
sent it back.
Variants of the anchor and of each other are left out, and so is what could well be bought with it
although nobody here did: another product of a type that its buyers bought. Types are known by the
last part of the category path; where a shop gives none, by two neighbouring words of the titles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import clean, tokens

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
    listed: Sequence[Mapping[str, Any]] = json.loads(facts["products"])
    anchor = next((each for each in listed if each["part"] == "anchor"), None)
    words = _usable_words(anchor["title"]) if anchor else None
    if anchor is None or words is None:
        raise RowRejectedError("no-title", "the product has no title of a usable length")
    shown = [words]
    golds = _golds(listed, anchor["kind"], shown)
    if len(golds) < _GOLDS:
        raise RowRejectedError("too-few-bought", f"{len(golds)} of {_GOLDS}")
    negatives = _negatives(listed, shown)
    locale = facts["locale"]
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": clean(anchor["title"]),
        "positives": [clean(each["title"]) for each in golds],
        "negatives": [clean(each["title"]) for each in negatives],
        "subject": f"product:{locale}:{anchor['id']}",
        "source_ids": [f"product:{locale}:{each['id']}" for each in (anchor, *golds, *negatives)],
    }


def _golds(
    listed: Sequence[Mapping[str, Any]], own_kind: str, shown: list[frozenset[str]]
) -> list[Mapping[str, Any]]:
    """Return up to three that were bought too; their words are added to ``shown``."""
    golds: list[Mapping[str, Any]] = []
    for each in listed:
        if each["part"] != "gold" or (own_kind and each["kind"] == own_kind):
            continue
        words = _usable_words(each["title"])
        if words is not None and _differs(words, shown, _MOST_SIMILARITY):
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
    kinds = {each["kind"] for each in bought} - {""}
    pairs: frozenset[tuple[str, str]] | None = None
    negatives: list[tuple[int, int]] = []
    for place, each in enumerate(listed):
        kind = each["kind"]
        if each["part"] != "other" or kind in kinds:
            continue
        words = _usable_words(each["title"])
        if words is None or not _differs(words, shown, _MOST_LIKENESS):
            continue
        if not kind:
            if pairs is None:
                pairs = frozenset().union(*(_pairs(other["title"] or "") for other in bought))
            if not pairs.isdisjoint(_pairs(each["title"])):
                continue
        negatives.append((-len(anchor & words), place))
        shown.append(words)
    near = [place for _, place in sorted(negatives)[:_NEAR]]
    others = [place for _, place in negatives if place not in near]
    return [listed[place] for place in (*near, *others)[:_NEGATIVES]]


# A product is looked at for ten keys or so.
@lru_cache(maxsize=1 << 13)
def _usable_words(title: str | None) -> frozenset[str] | None:
    """Return the words of a title; None for one of no usable length."""
    shown = clean(title or "")
    if len(shown) > _MOST_CHARACTERS:
        return None
    found = tokens(shown)
    return frozenset(found) if len(found) >= _FEWEST_TOKENS else None


def _differs(words: frozenset[str], shown: Sequence[frozenset[str]], most: float) -> bool:
    """Return whether the Jaccard similarity of ``words`` to each of ``shown`` is below ``most``."""
    # Two sets that are that similar share at least this many.
    fewest = most * len(words)
    for other in shown:
        shared = len(words & other)
        if shared >= fewest and shared >= most * (len(words) + len(other) - shared):
            return False
    return True


@lru_cache(maxsize=1 << 13)
def _pairs(title: str) -> frozenset[tuple[str, str]]:
    """Return the pairs of neighbouring words, numbers left out."""
    words = [word for word in tokens(clean(title)) if word.isalpha()]
    return frozenset(pairwise(words))
