"""Pairs of products of one locale: the same, different, substitutes, complements, also bought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from shop.judge import MAX_OVERLAP, overlap, tokens
from shop.model import HOUSE_LOCALES, Dice, Product, Shop
from shop.offers import Offer

#: Pairs of each relation in a locale; of "same" there are as many as there are second listings.
COUNT = 170
#: What must be equal for one product to stand in for another.
_BINDING = ("device", "model", "size", "bed", "audience", "storage", "kind")


def _device(product: Product) -> str | None:
    for axis in ("device", "model"):
        if axis in product.facts:
            return product.facts[axis].id
    return None


def goes_with(left: Product, right: Product) -> bool:
    """Return whether ``right`` is used together with ``left``: by type, device, size and user."""
    if right.type.id not in left.type.comps:
        return False
    if None not in (_device(left), _device(right)) and _device(left) != _device(right):
        return False
    for axis in ("size", "audience", "kind", "bed"):
        # A lid for a 10 inch pan is a 10 inch lid; strings for an electric guitar are electric.
        value = left.facts.get(axis)
        known = {v.id for v in right.type.axes.get(axis, ())}
        if value is not None and value.id in known and right.facts[axis].id != value.id:
            return False
    return True


def stands_in(left: Product, right: Product) -> bool:
    """Return whether ``right`` serves the purpose of ``left`` although it is another product."""
    if right.type.id in left.type.subs:
        return _device(left) in (None, _device(right))
    if right.type is not left.type or left.brand.name == right.brand.name:
        return False
    return all(left.facts.get(a) == right.facts.get(a) for a in _BINDING)


def differs(left: Product, right: Product) -> bool:
    """Return whether two products of a type are easily taken for one: brand or facts are shared."""
    if left.type is not right.type:
        return False
    wrong = sum(left.facts[axis] != right.facts[axis] for axis in left.facts)
    same_maker = left.brand.name == right.brand.name and left.line == right.line
    if same_maker:
        return wrong > 0
    return left.brand.name == right.brand.name and wrong > 0


def _partners(
    relation: str, stock: Sequence[Offer], dice: Dice
) -> Iterator[tuple[Product, Product]]:
    """Yield pairs in a drawn order, each product on the left at most once."""
    rule = {"different": differs, "substitute": stands_in, "complement": goes_with}[relation]
    products = [offer.product for offer in stock if offer.copy == 0]
    by_type: dict[str, list[Product]] = {}
    for product in products:
        by_type.setdefault(product.type.id, []).append(product)
    for left in dice.shuffled(products, relation):
        near = (left.type.id, *left.type.subs, *left.type.comps)
        others = [
            right
            for kind in near
            for right in by_type.get(kind, ())
            if right is not left and rule(left, right)
        ]
        if others:
            yield left, dice.pick(others, f"{relation}/{left.id}")


class _Pairs:
    """The pairs of one locale; no two of them join the same products."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, str]] = []
        self._seen: set[frozenset[str]] = set()

    def add(self, relation: str, left: str, right: str) -> bool:
        """Add a pair; return whether the two were not joined yet."""
        both = frozenset((left, right))
        if both in self._seen or len(both) < 2:
            return False
        self._seen.add(both)
        self.made.append((relation, left, right))
        return True


def _bought_together(session: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    bought = {e["product_id"] for e in session["events"] if e["kind"] == "purchase"}
    yield from combinations(sorted(bought), 2)


def _of_locale(
    dice: Dice,
    stock: Sequence[Offer],
    titles: Mapping[str, str],
    sessions: Sequence[Mapping[str, Any]],
) -> list[tuple[str, str, str]]:
    """Return the pairs of one locale as (relation, left id, right id)."""
    pairs = _Pairs()
    for first, second in pairwise(stock):
        if second.copy:
            pairs.add("same", first.product.id, second.product.id)
    for relation in ("different", "substitute", "complement"):
        left = COUNT
        for one, two in _partners(relation, stock, dice):
            words = tokens(titles[one.id]), tokens(titles[two.id])
            if relation != "complement" and overlap(*words) >= MAX_OVERLAP:
                continue  # the titles must tell the two apart
            left -= pairs.add(relation, one.id, two.id)
            if not left:
                break
    for session in sessions:
        for one_id, two_id in _bought_together(session):
            pairs.add("also_bought", one_id, two_id)
    return pairs.made


def make_pairs(
    shop: Shop,
    offers: Sequence[Offer],
    titles: Mapping[tuple[str, str], str],
    sessions: Sequence[Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Yield the pairs of every locale; no two of one locale join the same products."""
    for locale in HOUSE_LOCALES:
        pairs = _of_locale(
            Dice(shop.seed, "pairs", locale),
            [offer for offer in offers if offer.locale == locale],
            {product: title for (place, product), title in titles.items() if place == locale},
            [session for session in sessions if session["locale"] == locale],
        )
        for number, (relation, left_id, right_id) in enumerate(pairs):
            yield {
                "pair_id": f"p{locale}{number:04d}",
                "locale": locale,
                "left_id": left_id,
                "right_id": right_id,
                "relation": relation,
            }
