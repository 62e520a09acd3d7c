"""What the generated shop consists of: types, products with facts, queries, judgements, talk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import TypeVar

LANGS = ("en", "es", "ja", "zh")
#: The locales of the upstream data sets, and with the Chinese shop those of the house's own form.
LOCALES = {"us": "en", "es": "es", "jp": "ja"}
HOUSE_LOCALES = {**LOCALES, "cn": "zh"}
DEPARTMENTS = {
    # A department's clusters; departments that share one are too close for a safe "irrelevant".
    "phones": "tech",
    "wearables": "tech sport",
    "audio": "tech music",
    "computers": "tech office",
    "auto": "tech tools",
    "kitchen": "kitchen home",
    "food": "kitchen",
    "bedding": "home",
    "bath": "home care",
    "furniture": "home office",
    "lighting": "home office",
    "cleaning": "home kitchen",
    "fitness": "sport",
    "outdoor": "sport",
    "shoes": "sport apparel",
    "apparel": "apparel sport",
    "cycling": "sport",
    "beauty": "care",
    "baby": "care toys",
    "toys": "toys",
    "pets": "pets",
    "garden": "garden home",
    "tools": "tools garden",
    "office": "office",
    "books": "office",
    "music": "music",
}
T = TypeVar("T")


class Dice:
    """Draws of one subject: a pure function of (seed, subject, purpose), never of their order."""

    def __init__(self, seed: int, *subject: object) -> None:
        self._prefix = "\x1f".join(map(str, (seed, *subject))) + "\x1f"

    def integer(self, purpose: object) -> int:
        """Return 64 bits."""
        text = f"{self._prefix}{purpose}".encode()
        return int.from_bytes(md5(text, usedforsecurity=False).digest()[:8], "little")

    def chance(self, share: float, purpose: object) -> bool:
        """Return true in ``share`` of all subjects."""
        return self.integer(purpose) % 1_000_000 < share * 1_000_000

    def pick(self, items: Sequence[T], purpose: object) -> T:
        """Return one item."""
        return items[self.integer(purpose) % len(items)]

    def between(self, low: int, high: int, purpose: object) -> int:
        """Return a whole number in ``low..high``, both included."""
        return low + self.integer(purpose) % (high - low + 1)

    def shuffled(self, items: Sequence[T], purpose: object) -> list[T]:
        """Return the items in a drawn order."""
        ranked = sorted(range(len(items)), key=lambda i: (self.integer(f"{purpose}/{i}"), i))
        return [items[i] for i in ranked]

    def weighted(self, items: Sequence[T], purpose: object) -> T:
        """Return one item, earlier ones more often (weights n, n-1, ... 1, squared)."""
        weights = [(len(items) - i) ** 2 for i in range(len(items))]
        ticket = self.integer(purpose) % sum(weights)
        for item, weight in zip(items, weights, strict=True):
            ticket -= weight
            if ticket < 0:
                return item
        raise AssertionError("weights sum to more than every ticket")


@dataclass(frozen=True)
class Value:
    """One attribute value with its names in :data:`LANGS`."""

    id: str
    names: tuple[str, str, str, str]

    def name(self, lang: str) -> str:
        """Return the value's name in a language."""
        return self.names[LANGS.index(lang)]


@dataclass(frozen=True)
class Brand:
    """An invented brand; ``lines`` are the names of lines that no other brand has."""

    name: str
    kana: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feature:
    """Something that some products of a type have: a short phrase and a sentence per language."""

    phrase: dict[str, str]
    sentence: dict[str, str]


@dataclass(frozen=True)
class ProductType:
    """A node of the ontology.

    ``subs`` are types that serve the same purpose (label S), ``comps`` types that are used together
    with it (label C), ``hard`` unrelated types whose names share a word with it (label I).
    """

    id: str
    dept: str
    family: str
    intl: bool
    names: tuple[str, str, str, str]
    gender: str
    plural: bool
    also: dict[str, list[str]]
    heads: dict[str, list[str]]
    price: tuple[int, int]
    axes: dict[str, list[Value]]
    subs: tuple[str, ...]
    comps: tuple[str, ...]
    hard: tuple[str, ...]
    ask: dict[str, str]
    uses: dict[str, list[str]]
    about: dict[str, str]
    box: dict[str, str]
    features: tuple[Feature, ...]

    def name(self, lang: str) -> str:
        """Return the type's name in a language."""
        return self.names[LANGS.index(lang)]


@dataclass(frozen=True)
class Product:
    """A product: facts that every text about it, in every language, follows from.

    ``price`` is in US dollars.
    """

    id: str
    type: ProductType
    brand: Brand
    line: str
    code: str
    facts: dict[str, Value]
    features: tuple[Feature, ...]
    price: float
    locales: tuple[str, ...]

    def sold_in(self, locale: str) -> bool:
        """Return whether a locale sells it; the Chinese shop sells what the Japanese one does."""
        return ("jp" if locale == "cn" else locale) in self.locales


@dataclass(frozen=True)
class Query:
    """What a shopper typed, and what it asks for.

    ``wants`` maps an axis (or ``brand``) to the value id that a product must have; ``avoids`` to
    the one that it must not have.
    """

    id: int
    text: str
    locale: str
    type: ProductType
    wants: dict[str, str]
    avoids: dict[str, str]
    source: str
    split: str
    small: bool


@dataclass(frozen=True)
class Judgement:
    """A label (E, S, C or I) and the rule that it follows from."""

    query: Query
    product: Product
    label: str
    why: str


@dataclass
class Shop:
    """The whole shop in memory; every file is a projection of it."""

    seed: int
    types: dict[str, ProductType]
    products: list[Product]
    queries: list[Query] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
