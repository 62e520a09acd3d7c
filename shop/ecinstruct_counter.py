"""The shop as one counter sells it, for the tasks of ECInstruct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from shop import wording
from shop.load import Ontology
from shop.model import Dice, Product, Shop


@dataclass(frozen=True)
class Counter:
    """The shop as one counter sells it: what is sold in us, by type, with English titles."""

    shop: Shop
    ontology: Ontology
    title: Callable[[Product], str]
    stock: Mapping[str, list[Product]]

    def dice(self, *subject: object) -> Dice:
        """Return the draws of one subject of the file."""
        return Dice(self.shop.seed, "ecinstruct", *subject)

    @property
    def products(self) -> list[Product]:
        """All that is sold, by type."""
        return [product for listed in self.stock.values() for product in listed]


def counter_of(shop: Shop, ontology: Ontology) -> Counter:
    """Return the American counter of the shop."""

    @cache
    def titled(place: int) -> str:
        return wording.title(shop.products[place], "en", ontology, shop.seed)

    places = {product.id: place for place, product in enumerate(shop.products)}
    stock: dict[str, list[Product]] = {}
    for product in shop.products:
        if "us" in product.locales:
            stock.setdefault(product.type.id, []).append(product)
    return Counter(shop, ontology, lambda p: titled(places[p.id]), stock)


def careless(text: str, dice: Dice) -> str:
    """Escape a title as sellers' tools do, at times."""
    return text.replace("&", "&amp;") if "&" in text and dice.chance(0.4, "entity") else text
