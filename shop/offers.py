"""What each locale of the house's shop lists: the products, some of them a second time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shop import chinese, synonyms, wording
from shop.load import Ontology
from shop.model import HOUSE_LOCALES, Dice, Product, Shop
from shop.products import asin


@dataclass(frozen=True)
class Offer:
    """A product as one locale lists it; ``copy`` counts the listings of the same product."""

    product: Product
    locale: str
    copy: int

    @property
    def lang(self) -> str:
        """The language of the locale."""
        return HOUSE_LOCALES[self.locale]


def title_of(offer: Offer, ontology: Ontology, seed: int) -> str:
    """Return the title of a listing; further listings of a product are worded anew."""
    product = synonyms.renamed(offer.product, offer.lang, seed + offer.copy)
    if offer.lang == "zh":
        return chinese.title(product, seed + offer.copy)
    return wording.title(product, offer.lang, ontology, seed + offer.copy)


def offers_of(shop: Shop, ontology: Ontology) -> list[Offer]:
    """Return what every locale lists: each product, and about one in ten a second time.

    A second listing has another id and another title: it is what another seller offers.
    """
    offers = []
    for locale in HOUSE_LOCALES:
        for product in shop.products:
            if not product.sold_in(locale):
                continue
            first = Offer(product, locale, 0)
            offers.append(first)
            dice = Dice(shop.seed, "offer", locale, product.id)
            if "model" in product.facts or not dice.chance(0.10, "second"):
                continue
            twin = replace(
                product,
                id=asin(dice.integer("id")),
                price=round(product.price * dice.pick((0.92, 0.96, 1.05, 1.09), "price"), 2),
            )
            before = title_of(first, ontology, shop.seed)
            for copy in range(1, 9):
                second = Offer(twin, locale, copy)
                if title_of(second, ontology, shop.seed) != before:
                    offers.append(second)
                    break
    return offers
