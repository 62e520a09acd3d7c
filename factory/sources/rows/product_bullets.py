"""Which bullet points stand in the list: three of the product's own, and twelve of other products.

A bullet that several products carry (warranty, customer service) describes none of them, and one
whose words all stand in the product's own text would be right as well: neither is shown.
Boilerplate is counted among the products of the row, not over the whole catalogue, so that a row
depends on itself alone; what a row cannot show to be boilerplate is known by its words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.product_text import BOILERPLATE
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

OFFERS: Final = ("title", "positives", "negatives", "subject")

_GOLDS: Final = 3
_MOST_NEGATIVES: Final = 19
_MOST_POSSIBLE: Final = 28
_PER_PRODUCT: Final = 6
_MOST_CHARACTERS: Final = 500
_FEWEST_TOKENS: Final = 4
#: A bullet of another product that shares this much with the product's own text may be true of it.
_MOST_SUPPORT: Final = 0.5
_MOST_SIMILARITY: Final = 0.6
_MOST_TITLE_SIMILARITY: Final = 0.34


@dataclass(frozen=True, slots=True)
class _Product:
    id: str
    part: str
    title: str | None
    bullets: tuple[str, ...]


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a product's title, three of its bullets, and bullets that are not its own.

    Raises :class:`RowRejectedError` where no exact match has three bullets of its own.
    """
    products = _products(facts["products"])
    carriers = Counter(text for product in products for text in set(map(_plain, product.bullets)))
    own, golds = _subject(products, carriers, draw)
    shown = [_words(text) for text in own.bullets]
    about = _words(own.title or "").union(*shown)
    possible: list[tuple[str, str]] = []
    for product_id, text in _others(products, own, carriers):
        words = _words(text)
        if len(words) < _FEWEST_TOKENS or len(words & about) >= _MOST_SUPPORT * len(words):
            continue
        if _is_like_any(words, shown):
            continue
        shown.append(words)
        possible.append((product_id, text))
        if len(possible) == _MOST_POSSIBLE:
            break
    negatives = _as_long_as(golds, possible, draw)
    locale = facts["locale"]
    sources = dict.fromkeys((own.id, *(product_id for product_id, _ in negatives)))
    yield {
        "key": facts["key"],
        "locale": locale,
        "title": own.title,
        "positives": golds,
        "negatives": [text for _, text in negatives],
        "subject": f"product:{locale}:{own.id}",
        "source_ids": [*facts["source_ids"], *(f"product:{locale}:{name}" for name in sources)],
    }


def _products(listed: Sequence[dict[str, Any]]) -> list[_Product]:
    """Return the products, each once: the products file may list one twice."""
    once = {(each["part"], each["id"]): each for each in reversed(listed)}
    return [
        _Product(
            each["id"],
            each["part"],
            each["title"],
            tuple(each["bullets"]),
        )
        for each in reversed(once.values())
    ]


def _subject(
    products: Sequence[_Product], carriers: Counter[str], draw: Draw
) -> tuple[_Product, list[str]]:
    """Return the first exact match with three bullets of its own, and three of them, by draw."""
    for product in products:
        if product.part != "own" or not product.title:
            continue
        good: list[str] = []
        seen: list[frozenset[str]] = []
        for text in product.bullets:
            words = _words(text)
            if (
                len(words) >= _FEWEST_TOKENS
                and _usable(text, carriers)
                and not _is_like_any(words, seen)
            ):
                good.append(text)
                seen.append(words)
        if len(good) >= _GOLDS:
            order = draw.permutation(len(good), f"golds {product.id}")
            return product, [good[place] for place in sorted(order[:_GOLDS])]
    raise RowRejectedError(
        "too-few-bullets", "no exact match of the query has three bullet points of its own"
    )


def _others(
    products: Sequence[_Product], own: _Product, carriers: Counter[str]
) -> Iterator[tuple[str, str]]:
    """Yield bullets of other products: near and far in turn, one of each product in turn."""

    def column(product: _Product) -> Iterator[tuple[str, str]]:
        usable = (text for text in product.bullets if _usable(text, carriers))
        return ((product.id, text) for text in islice(usable, _PER_PRODUCT))

    # A variant of the product (another size, the same series) has bullets that are true of both.
    title = _words(own.title or "")
    others = [
        product
        for product in products
        if product.id != own.id
        and similarity(title, _words(product.title or "")) < _MOST_TITLE_SIMILARITY
    ]
    near = _in_turns([column(product) for product in others if product.part != "far"])
    far = _in_turns([column(product) for product in others if product.part == "far"])
    return _in_turns([near, far])


def _as_long_as(
    golds: Sequence[str], possible: Sequence[tuple[str, str]], draw: Draw
) -> list[tuple[str, str]]:
    """Return the negatives, each as near in length as can be to one gold after another.

    One is longer than every gold, where there is one, in nine rows of ten: with the rows that have
    none, a gold is then the longest of fifteen as often as chance has it (rule G4).
    """
    left = list(possible)
    lengths = [len(text) for _, text in left]
    chosen: list[tuple[str, str]] = []

    def choose(place: int) -> None:
        chosen.append(left.pop(place))
        del lengths[place]

    longest = max(map(len, golds))
    longer = [length for length in lengths if length > longest]
    if longer and draw.below(10, "longest"):
        choose(lengths.index(min(longer)))
    while left and len(chosen) < _MOST_NEGATIVES:
        length = len(golds[len(chosen) % len(golds)])
        distances = [abs(each - length) for each in lengths]
        choose(distances.index(min(distances)))
    return chosen


def _in_turns(columns: Iterable[Iterator[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    return (each for each in chain.from_iterable(zip_longest(*columns)) if each is not None)


def _usable(text: str, carriers: Counter[str]) -> bool:
    plain = _plain(text)
    if not 0 < len(text) <= _MOST_CHARACTERS or carriers[plain] != 1:
        return False
    # A loop, since a row asks this of dozens of bullets: any() takes twice as long.
    for words in BOILERPLATE:  # noqa: SIM110
        if words in plain:
            return False
    return True


def _is_like_any(words: frozenset[str], shown: Sequence[frozenset[str]]) -> bool:
    """Return whether a bullet says nearly the same as one of ``shown``."""
    size = len(words)
    # No set that is much smaller or larger can be so similar: most pairs end here.
    least, most = _MOST_SIMILARITY * size, size / _MOST_SIMILARITY
    for other in shown:
        if least < len(other) < most:
            shared = len(words & other)
            if shared > _MOST_SIMILARITY * (size + len(other) - shared):
                return True
    return False


def _plain(text: str) -> str:
    return text.casefold().strip(" .!;")


def _words(text: str) -> frozenset[str]:
    return frozenset(tokens(text))
