"""Which products from elsewhere stand beside three that were bought with a product.

Pairs say what was bought together, never what could not have been: so a wrong answer may share no
telling word with the product or with a right answer, only what says nothing of a kind of product
(colors, materials, counts). Two thirds are those that share most of that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("title", "positives", "negatives")

_MOST_NEGATIVES: Final = 12
_MOST_SIMILARITY: Final = 0.7
_LONGEST_TITLE: Final = 300
#: A word that stands in more than this share of the titles from elsewhere tells nothing either.
_WIDESPREAD: Final = 0.25
#: Words of titles that say nothing of what kind of product it is.
_PLAIN: Final = frozenset(
    re.findall(
        r"\w+",
        "about adjustable adult adults all aluminum and any are bamboo beige best black blue "
        "bonus bronze brown bulk can case ceramic clear cold color colors compatible cotton "
        "count dark deluxe double durable each easy edition extra fits for free from full "
        "genuine gift glass gold good gray great green grey hand heavy high home inch inches "
        "indoor into its kids kit kitchen large leather light lightweight long made magnetic "
        "material medium men mens metal mini model more multi natural navy new not nylon off "
        "office one only open orange out outdoor over pack pair per perfect piece pieces pink "
        "plastic plus portable premium professional purple quality quick replacement resistant "
        "round rubber safe series set silicone silver single size slim small soft solid "
        "stainless standard steel super that the this three top triple two ultra universal use "
        "used value water waterproof white with without women womens wood wooden yellow your ",
    )
)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with the product's ``title``, its ``positives`` and ``negatives``.

    Raises :class:`RowRejectedError` where a right answer is the product itself in another size or
    color, and where too few products from elsewhere are left.
    """
    product: str = facts["product"]
    golds = facts["partners"] or []
    own = frozenset(tokens(product))
    shown = [frozenset(tokens(each["title"])) for each in golds]
    if max(len(title) for title in (product, *(each["title"] for each in golds))) > _LONGEST_TITLE:
        raise RowRejectedError("title-too-long")
    for number, words in enumerate(shown):
        if any(similarity(words, other) >= _MOST_SIMILARITY for other in (own, *shown[:number])):
            raise RowRejectedError("variants", golds[number]["title"])
    partners = [frozenset(tokens(title)) for title in facts["all_partners"]]
    others = facts["others"] or ()
    spread = Counter(word for each in others for word in frozenset(tokens(each["title"])))
    telling = frozenset(
        word
        for words in (own, *partners)
        for word in words
        if _tells(word) and spread[word] <= _WIDESPREAD * len(others)
    )
    possible: list[tuple[int, int, dict[str, str]]] = []
    for turn, other in enumerate(others):
        words = frozenset(tokens(other["title"]))
        if len(other["title"]) > _LONGEST_TITLE or words & telling:
            continue
        if any(similarity(words, seen) >= _MOST_SIMILARITY for seen in shown):
            continue
        shown.append(words)
        possible.append((len(words & own), turn, other))
    near = sorted(possible, key=lambda each: (-each[0], each[1]))[: _MOST_NEGATIVES * 2 // 3]
    far = [each for each in possible if each not in near]
    negatives = [other for _, _, other in (near + far)[:_MOST_NEGATIVES]]
    if len(negatives) < _MOST_NEGATIVES:
        raise RowRejectedError("too-few-negatives", f"{len(negatives)} of {_MOST_NEGATIVES}")
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": product,
        "positives": [each["title"] for each in golds],
        "negatives": [
            negatives[place]["title"] for place in draw.permutation(_MOST_NEGATIVES, "negatives")
        ],
        "source_ids": [
            f"instruction:{name}" for name in dict.fromkeys(e["id"] for e in (*golds, *negatives))
        ],
    }


def _tells(word: str) -> bool:
    return len(word) > 2 and word.isalpha() and word not in _PLAIN
