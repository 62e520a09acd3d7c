"""What the row mappers of sessions share: which titles can be shown, and which can stand as wrong.

A session is what one shopper viewed. What a wrong candidate must not be is another form of
something viewed, nor of its kind: the same model in another color would be as right, and so would
another pack of staples beside a stapler.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from factory.draw import Draw
from factory.sources.title_kinds import kind_words, same_kind, tongue
from factory.text import similarity, tokens

#: Titles that share this much are forms of one product.
VARIANT: Final = 0.6
#: A wrong product that shares this much with a viewed one might be as right.
_TOO_LIKE: Final = 0.4
#: How many wrong products may be as like as some of the right ones.
_MOST_NEAR: Final = 4
_MOST_CHARACTERS: Final = 200
_FEWEST_TOKENS: Final = 3


@dataclass(frozen=True, slots=True)
class Viewed:
    """A product with a title that can be shown; ``words`` are the title's tokens."""

    id: str
    title: str
    brand: str
    words: frozenset[str]

    @property
    def kind(self) -> frozenset[str]:
        """The words of the title that tell which kind of product it is."""
        return kind_words(self.title, self.brand)


def viewed_products(listed: Iterable[dict[str, Any]]) -> list[Viewed] | None:
    """Return the products of a session, each once, where it was viewed last.

    None where the last one has no title that can be shown; others without one are left out.
    """
    last: dict[str, Viewed | None] = {}
    for each in listed:
        last.pop(each["id"], None)
        last[each["id"]] = _product(each)
    products = list(last.values())
    if not products or products[-1] is None:
        return None
    return [product for product in products if product is not None]


def akin(product: Viewed, others: Iterable[Viewed], least: float = 0.2) -> bool:
    """Return whether ``product`` is of the brand of one of ``others``, or has a similar title."""
    return any(
        (product.brand and product.brand == other.brand)
        or similarity(product.words, other.words) >= least
        for other in others
    )


def likeness(product: Viewed, others: Iterable[Viewed]) -> float:
    """Return the similarity of a title to the likest of ``others``."""
    return max((similarity(product.words, other.words) for other in others), default=0.0)


def of_kind(product: Viewed, others: Iterable[Viewed]) -> bool:
    """Return whether ``product`` is, or may be, of the kind of one of ``others``.

    It may be where its title does not tell its kind.
    """
    return not product.kind or any(same_kind(product.kind, other.kind) for other in others)


def apart(
    product: Viewed, session: Sequence[Viewed], right: Sequence[Viewed], shown: Sequence[Viewed]
) -> bool:
    """Return whether ``product`` is surely less right than those of ``right`` beside ``shown``.

    It is of no kind that the session holds, and in the language of a right one: kinds cannot be
    compared across languages. Where a right one is of another kind than what is shown, the brand
    may be all that speaks for it: then the wrong one is of none of the brands shown.
    """
    if of_kind(product, session) or tongue(product.title) not in {tongue(e.title) for e in right}:
        return False
    return all(of_kind(each, shown) for each in right) or not (
        product.brand and any(product.brand == other.brand for other in shown)
    )


def wrong_products(
    facts: dict[str, Any],
    session: Sequence[Viewed],
    shown: Sequence[Viewed],
    right: Sequence[Viewed],
    below: tuple[float, float],
    count: int,
    draw: Draw,
) -> list[Viewed]:
    """Return up to ``count`` products that were not viewed, and are of no kind that was.

    One after another has a title like the last product's (the likest first), is of its brand, and
    comes by chance. A few are nearly as like to what is ``shown`` as the likest of the right ones,
    ``below[0]``, so that shared words alone do not tell; none of the others is as like as
    ``below[1]``: of many products of one kind nobody could say which was viewed.
    """
    known = {each["id"] for each in facts["viewed"]}
    columns: list[list[Viewed]] = []
    for part in ("alike", "near_by", "elsewhere"):
        found = []
        for each in facts[part]:
            product = None if each["id"] in known else _product(each)
            if product is not None and likeness(product, shown) < below[0]:
                known.add(product.id)
                found.append(product)
        if part == "alike":
            columns.append(found[::-1])
        else:
            columns.append([found[place] for place in draw.permutation(len(found), part)])
    taken: list[Viewed] = []
    near = 0
    while any(columns) and len(taken) < count:
        for column in columns:
            while column:
                product = column.pop()
                is_near = likeness(product, shown) >= below[1]
                if (
                    (near < _MOST_NEAR or not is_near)
                    and likeness(product, session) < _TOO_LIKE
                    and apart(product, session, right, shown)
                    and likeness(product, taken) < VARIANT
                ):
                    near += is_near
                    taken.append(product)
                    break
    return taken[:count]


def _product(each: dict[str, Any]) -> Viewed | None:
    title = each["title"] or ""
    if not title or len(title) > _MOST_CHARACTERS:
        return None
    words = frozenset(tokens(title))
    if len(words) < _FEWEST_TOKENS:
        return None
    return Viewed(each["id"], title, each.get("brand") or "", words)
