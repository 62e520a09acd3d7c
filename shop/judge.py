"""Judge products for a query by rule: every label follows from the ontology.

E: the asked type with everything that the query states. S: the asked type with something other than
stated, or a type that serves the same purpose. C: a type that is used together with the asked one
(and fits the same device). I: a type of a department that has nothing to do with it, or one that
only shares a word. What fits another device, bed or person than the asked one is not judged: people
disagree on whether that is a substitute.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from shop.load import Ontology
from shop.model import DEPARTMENTS, HOUSE_LOCALES, Dice, Judgement, Product, ProductType, Query
from shop.queries import violations

#: Titles of different labels under one query must differ by more than this token overlap.
MAX_OVERLAP = 0.75
_WORD = re.compile(r"[\w+.]+")


def tokens(title: str) -> frozenset[str]:
    """Return the lower-cased words of a title."""
    return frozenset(_WORD.findall(title.lower()))


def overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the Jaccard index of two token sets."""
    return len(left & right) / len(left | right)


#: Pairs that share no cluster and still might serve: never judged irrelevant.
_DISPUTED = (
    {"backpack", "diaper_bag"},
    {"backpack", "laptop_sleeve"},
    {"backpack", "tablet"},
    {"backpack", "tablet_case"},
    {"backpack", "notebook"},
    {"backpack", "power_bank"},
    {"water_bottle", "baby_bottle"},
    {"tumbler", "baby_bottle"},
    {"bottle_cleaner", "baby_bottle"},
    {"bed_blanket", "dog_bed"},
    {"light_bulb", "bike_light"},
    {"tent", "power_bank"},
    {"tent", "travel_guide"},
    {"pillow", "sleeping_bag"},
    {"sheet_set", "sleeping_bag"},
    {"bed_blanket", "sleeping_bag"},
)


#: What must fit: on these axes no other value will do; on the size, of these types alone.
_FITTING = ("device", "bed")
_FITTING_SIZE = frozenset((
    "pan_lid", "running_shoes", "rain_jacket", "bicycle_helmet", "dog_collar", "laptop_sleeve",
    "light_bulb", "staples",
))  # fmt: skip
#: Departments whose things for women, men and children differ in their size.
_WORN = ("shoes", "apparel", "cycling", "outdoor", "fitness")


def _fits(kind: ProductType, wrong: list[str]) -> bool:
    """Return whether a product that is wrong on these axes can be used all the same."""
    if any(axis in wrong for axis in _FITTING):
        return False
    if "size" in wrong and kind.id in _FITTING_SIZE:
        return False
    return "audience" not in wrong or kind.dept not in _WORN


def related(left: ProductType, right: ProductType) -> bool:
    """Return whether the ontology states any relation between two types, in either direction."""
    if left is right:
        return True
    pairs = ((left, right), (right, left))
    return any(b.id in a.subs or b.id in a.comps for a, b in pairs)


def unrelated(left: ProductType, right: ProductType) -> bool:
    """Return whether two types are safely irrelevant to each other."""
    clusters = set(DEPARTMENTS[left.dept].split()) & set(DEPARTMENTS[right.dept].split())
    # What serves as a companion of the other does: a tumbler goes with a backpack as a bottle does.
    companions = set(left.comps) & set(right.subs) or set(right.comps) & set(left.subs)
    disputed = {left.id, right.id} in _DISPUTED or bool(companions)
    return not clusters and not related(left, right) and not disputed


def _device(product: Product) -> str | None:
    for axis in ("device", "model"):
        if axis in product.facts:
            return product.facts[axis].id
    return None


class Judge:
    """Judges one query after the other over the same products."""

    def __init__(
        self, ontology: Ontology, products: list[Product], titles: Callable[[Product, str], str],
        seed: int,
    ) -> None:  # fmt: skip
        self.ontology, self.titles, self.seed = ontology, titles, seed
        self.stock: dict[tuple[str, str], list[Product]] = {}
        for product in products:
            for locale in product.locales:
                self.stock.setdefault((locale, product.type.id), []).append(product)

    def _fitting(self, query: Query, other: str) -> list[Product]:
        """Return the complements of one type that fit the device that the query names."""
        stock = self.stock.get((query.locale, other), [])
        wanted = query.wants.get("device") or query.wants.get("model")
        if wanted is not None:
            stock = [p for p in stock if _device(p) in (None, wanted)]
        for axis in ("size", "audience", "kind"):
            # A lid for a 10 inch pan is a 10 inch lid; strings for an electric guitar are electric.
            value = query.wants.get(axis)
            known = {v.id for v in self.ontology.types[other].axes.get(axis, ())}
            if value in known:
                stock = [p for p in stock if p.facts[axis].id == value]
        return stock

    def judge(self, query: Query) -> list[Judgement]:
        """Return the judgements of one query, in a drawn order."""
        dice = Dice(self.seed, "judge", query.id, query.text)
        own = dice.shuffled(self.stock[(query.locale, query.type.id)], "own")
        exact: list[Product] = []
        near: list[Product] = []
        far: list[Product] = []
        for product in own:
            wrong = violations(product, query.wants, query.avoids)
            if not wrong:
                exact.append(product)
            elif _fits(query.type, wrong):
                (near if len(wrong) == 1 else far).append(product)
        picked: list[Judgement] = []
        bags: list[tuple[str, frozenset[str]]] = []

        def add(label: str, why: str, candidates: list[Product], limit: int) -> None:
            left = limit
            for product in candidates:
                if left <= 0:
                    return
                bag = tokens(self.titles(product, HOUSE_LOCALES[query.locale]))
                clash = any(overlap(bag, b) >= MAX_OVERLAP for x, b in bags if x != label)
                if clash or any(j.product is product for j in picked):
                    continue
                bags.append((label, bag))
                picked.append(Judgement(query, product, label, why))
                left -= 1

        most = dice.between(11, 17, "most") if not dice.chance(0.06, "few") else 3
        add("E", "type and all constraints", exact, most)
        found = len(picked)
        same = dice.between(4, 7, "same") if found > 4 else dice.between(3, 5, "same")
        add("S", "same type, other attribute", near + far, same)
        for other in query.type.subs:
            stock = self.stock.get((query.locale, other), [])
            count = dice.between(3, 5, f"sub/{other}") if not (near or far) else 1
            add("S", f"substitute type {other}", dice.shuffled(stock, other), count)
        comps = [c for c in query.type.comps if self._fitting(query, c)]
        for other in dice.shuffled(comps, "comps")[: 1 if dice.chance(0.75, "one") else 2]:
            fitting = dice.shuffled(self._fitting(query, other), f"fit/{other}")
            add("C", f"used together with {other}", fitting, 1)
        self._irrelevant(query, dice, add)
        return dice.shuffled(picked, "order")

    def _irrelevant(
        self, query: Query, dice: Dice, add: Callable[[str, str, list[Product], int], None]
    ) -> None:
        hard = [h for h in query.type.hard if (query.locale, h) in self.stock]
        if hard and dice.chance(0.7, "hard"):
            other = dice.pick(hard, "which")
            stock = dice.shuffled(self.stock[(query.locale, other)], "hard")
            add("I", f"only shares a word: {other}", stock, 1)
        strange = [
            p
            for (locale, other), stock in self.stock.items()
            if locale == query.locale and unrelated(query.type, self.ontology.types[other])
            for p in stock
        ]
        words = tokens(query.text)
        sharing = [
            p for p in strange if words & tokens(self.titles(p, HOUSE_LOCALES[query.locale]))
        ]
        add("I", "unrelated type with a word of the query", dice.shuffled(sharing, "sharing"), 1)
        add("I", "unrelated type", dice.shuffled(strange, "strange"), dice.between(0, 1, "rest"))
