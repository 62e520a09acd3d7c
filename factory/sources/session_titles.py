"""What the row mappers of sessions share: which titles can be shown, and which can stand as wrong.

A session is what one shopper viewed. What a wrong candidate must not be is another form of
something viewed, nor of its kind: the same model in another color would be as right, and so would
another pack of staples beside a stapler.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Final

from factory.draw import Draw
from factory.sources.title_kinds import Kind, all_kinds, kind_of, same_kind, tongue
from factory.text import clean, similarity, tokens

#: Titles that share this much are forms of one product.
VARIANT: Final = 0.6
#: A wrong product that shares this much with a viewed one might be as right.
_TOO_LIKE: Final = 0.4
_MOST_CHARACTERS: Final = 200
_FEWEST_TOKENS: Final = 3
#: Among so few wrong products two of one kind would make the right one stand out.
_FEW: Final = 3
_MOST_OF_BRAND: Final = 3
#: Of more products than these the same ones would always share most words.
_MOST_COMPARED: Final = 400
#: Products that lend themselves are as many in all shops; those of sessions come once.
_KEPT: Final = 4_096


@dataclass(frozen=True)
class Viewed:
    """A product with a title that can be shown; ``words`` are the title's tokens.

    What else the title tells is read once it is asked for: most titles are only counted.
    """

    id: str
    title: str
    brand: str
    words: frozenset[str]

    @cached_property
    def kind(self) -> Kind:
        """What the title tells of the product's kind."""
        return kind_of(self.title, self.brand, self.words)

    @cached_property
    def tongue(self) -> str:
        """A sign of the title's language."""
        return tongue(self.title)


def viewed_products(
    ids: Sequence[str], titles: Sequence[str | None], brands: Sequence[str | None]
) -> list[Viewed] | None:
    """Return the products of a session, each once, where it was viewed last.

    None where the last one has no title that can be shown; others without one are left out.
    """
    last: dict[str, Viewed | None] = {}
    for name, title, brand in zip(ids, titles, brands, strict=True):
        last.pop(name, None)
        last[name] = _product(name, title, brand)
    products = list(last.values())
    if not products or products[-1] is None:
        return None
    return [product for product in products if product is not None]


def akin(product: Viewed, others: Iterable[Viewed], least: float = 0.2) -> bool:
    """Return whether one of ``others`` is of its brand, names its kind, or has a similar title."""
    return any(
        (product.brand and product.brand == other.brand)
        or similarity(product.words, other.words) >= least
        or not product.kind.words.isdisjoint(other.kind.words)
        for other in others
    )


def variant(product: Viewed, others: Iterable[Viewed]) -> bool:
    """Return whether a title is nearly one of ``others``: at least :data:`VARIANT` alike."""
    words = product.words
    size = len(words)
    for other in others:
        # Jaccard similarity, without dividing: shared / (size + other - shared) >= VARIANT.
        if len(words & other.words) * (1 + VARIANT) >= VARIANT * (size + len(other.words)):
            return True
    return False


def of_kind(product: Viewed, others: Iterable[Viewed]) -> bool:
    """Return whether ``product`` is, or may be, of the kind of one of ``others``.

    It may be where its title does not tell its kind.
    """
    return not product.kind or any(same_kind(product.kind, other.kind) for other in others)


@dataclass(frozen=True, slots=True)
class Apart:
    """Tells which products are surely less right than those of a session.

    Such a product is of no kind that the session holds, has no title like any of it, and is in the
    language of a right one: kinds cannot be compared across languages. Where a right one is of
    another kind than what is shown, the brand may be all that speaks for it: then a wrong one is of
    none of the brands shown.
    """

    session: tuple[Viewed, ...]
    words: frozenset[str]
    kinds: Kind
    tongues: frozenset[str]
    brands: frozenset[str]

    @classmethod
    def of(
        cls, session: Sequence[Viewed], right: Sequence[Viewed], shown: Sequence[Viewed]
    ) -> Apart:
        """Return the test for a session of which ``right`` is asked for and ``shown`` is told."""
        told = all(of_kind(each, shown) for each in right)
        return cls(
            session=tuple(session),
            words=frozenset[str]().union(*(each.words for each in session)),
            kinds=all_kinds(each.kind for each in session),
            tongues=frozenset(each.tongue for each in right),
            brands=frozenset() if told else frozenset(each.brand for each in shown if each.brand),
        )

    def __call__(self, product: Viewed) -> bool:
        """Return whether ``product`` can stand as wrong."""
        kind = product.kind
        if (
            not kind
            or product.tongue not in self.tongues
            or product.brand in self.brands
            or same_kind(kind, self.kinds)
        ):
            return False
        # It is as like to one of them as it is to all at most.
        shared, size = len(product.words & self.words), len(product.words)
        return shared < _TOO_LIKE * size or all(
            similarity(product.words, each.words) < _TOO_LIKE for each in self.session
        )


def wrong_products(
    facts: dict[str, Any],
    session: Sequence[Viewed],
    shown: Sequence[Viewed],
    right: Sequence[Viewed],
    counts: Sequence[int],
    draw: Draw,
) -> list[Viewed]:
    """Return products that were not viewed, and are of no kind that was: at most ``counts[-1]``.

    How many of the first ``counts[0]``, and of the others up to each further count, share as many
    words with what is ``shown`` as the first of ``right`` does, is drawn, and had as far as there
    are such: so words say little, and kinds tell. The rest come next in the number of words. Up to
    three of the brand that was shown last come first, and few wrong products are of as many kinds.
    """
    known = frozenset(facts["viewed_ids"])
    words = frozenset[str]().union(*(product.words for product in shown))
    bar = len(words & right[0].words)
    others = _lent(facts["others"])
    start = draw.below(len(others) or 1, "others")
    brand = shown[-1].brand
    # So many of the brand come before what shares more words.
    promoted = draw.below(_MOST_OF_BRAND + 1, "brand") if brand else 0
    found: list[tuple[bool, int, Viewed]] = []
    for product in (others[start:] + others[:start])[:_MOST_COMPARED]:
        if product.id not in known:
            first = promoted > 0 and product.brand == brand
            promoted -= first
            found.append((first, len(words & product.words), product))
    found.sort(key=_brand_and_words)
    above = [product for _, shared, product in found if shared >= bar]
    under = [product for _, shared, product in found if shared < bar]
    stands_apart = Apart.of(session, right, shown)
    length = len(right[0].title)
    taken: list[Viewed] = []
    short = 0
    for count in counts:
        more = draw.below(count + 1, f"more words {count}")
        if len(above) < count:
            # Of few of them all are taken: words would tell too much without.
            more = count
        # Titles that share many words are long: how many are shorter than the right one is drawn.
        shorter = draw.below(count + 1, f"length rank {count}")
        alike: list[Viewed] = []
        while len(taken) < count and (above or under):
            stack = above if above and (len(taken) < more or not under) else under
            product = _taken(stack, length, short=short < shorter)
            if not stands_apart(product) or variant(product, taken):
                continue
            if count <= _FEW and of_kind(product, taken):
                alike.append(product)
                continue
            taken.append(product)
            short += len(product.title) < length
        under.extend(reversed(alike))
    return taken


_brand_and_words: Final = itemgetter(0, 1)


def _taken(stack: list[Viewed], length: int, *, short: bool) -> Viewed:
    """Take the last product of ``stack`` whose title is shorter than ``length``, or is not."""
    for place in range(len(stack) - 1, -1, -1):
        if (len(stack[place].title) < length) is short:
            return stack.pop(place)
    return stack.pop()


@lru_cache(maxsize=64)
def _lent(products: bytes) -> tuple[Viewed, ...]:
    """Return what the view ``ended_sessions`` lends: the same to neighbouring rows of a shop."""
    found = []
    for each in products.decode(errors="replace").split("\x1e") if products else ():
        name, title, brand = each.split("\x1f")
        if product := _product(name, clean(title), clean(brand)):
            found.append(product)
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def _product(name: str, title: str | None, brand: str | None) -> Viewed | None:
    if not title or len(title) > _MOST_CHARACTERS:
        return None
    words = frozenset(tokens(title))
    if len(words) < _FEWEST_TOKENS:
        return None
    return Viewed(name, title, brand or "", words)
