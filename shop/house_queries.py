"""The Chinese shop's queries and judgements, by the rules of the other locales."""

from __future__ import annotations

from dataclasses import replace

from shop import chinese
from shop.judge import Judge
from shop.load import Ontology
from shop.model import Dice, Product, ProductType, Query, Shop
from shop.queries import violations

#: Axes in the order in which a shopper types their values before the noun.
_SAID = ("device", "color", "audience", "material", "size", "capacity", "kind", "bed", "option")
#: Values that nobody types: the usual case goes without saying.
_UNSAID = frozenset(("adult", "pack1", "s1", "b1", "t1", "std", "caf", "reg"))
_PLAN = ("plain", "one", "one", "two", "brand", "negation")


def _found(kind_stock: list[Product], wants: dict[str, str], avoids: dict[str, str]) -> int:
    return sum(not violations(product, wants, avoids) for product in kind_stock)


def _query(
    kind: ProductType, stock: list[Product], form: str, dice: Dice
) -> tuple[str, dict[str, str], dict[str, str]] | None:
    """Return (text, wants, avoids), or None where the shop has no right and wrong answer to it."""
    noun, product = kind.name("zh"), dice.pick(stock, "product")
    wants: dict[str, str] = {}
    avoids: dict[str, str] = {}
    text = noun
    if form in ("one", "two"):
        axes = [
            a for a in _SAID if a in product.facts and product.facts[a].id not in _UNSAID
            and product.facts[a].name("zh") not in noun
        ]  # fmt: skip
        if any(product.facts.get(a) and product.facts[a].id[:1] in "wm" for a in ("size",)):
            axes = [a for a in axes if a != "size"]  # a shoe size alone says nothing of whose
        chosen = sorted(dice.shuffled(axes, "axes")[: 1 if form == "one" else 2], key=_SAID.index)
        if len(chosen) < (1 if form == "one" else 2):
            return None
        wants = {axis: product.facts[axis].id for axis in chosen}
        words = [product.facts[axis].name("zh") for axis in chosen]
        text = " ".join([*words, noun]) if dice.chance(0.6, "order") else " ".join([noun, *words])
    elif form == "brand":
        if "model" in kind.axes:
            return None
        wants, text = {"brand": product.brand.name}, f"{product.brand.name} {noun}"
    elif form == "negation":
        axis = next((a for a in ("color", "material") if a in product.facts), "")
        if not axis:
            return None
        avoids = {axis: product.facts[axis].id}
        text = f"{noun} 不要{product.facts[axis].name('zh')}"
    right = _found(stock, wants, avoids)
    if right == 0 or (form != "plain" and right == len(stock)):
        return None
    return text, wants, avoids


def chinese_shop(shop: Shop, ontology: Ontology) -> Shop:
    """Return the shop of the locale ``cn``: its products, and queries with their judgements."""
    products = [replace(p, locales=("cn",)) for p in shop.products if p.sold_in("cn")]
    by_type: dict[str, list[Product]] = {}
    for product in products:
        by_type.setdefault(product.type.id, []).append(product)
    queries: list[Query] = []
    seen: set[str] = set()
    for type_id, stock in by_type.items():
        for number, form in enumerate(_PLAN):
            dice = Dice(shop.seed, "chinese query", type_id, number)
            made = _query(ontology.types[type_id], stock, form, dice)
            if made is None or made[0] in seen:
                continue
            text, wants, avoids = made
            seen.add(text)
            split = "train" if dice.chance(0.75, "train") else "test"
            source = "negations" if avoids else "other"
            queries.append(
                Query(
                    len(shop.queries) + len(queries), text, "cn", ontology.types[type_id],
                    wants, avoids, source, split, dice.chance(0.43, "small"),
                )
            )  # fmt: skip
    titles = {product.id: chinese.title(product, shop.seed) for product in products}
    judge = Judge(ontology, products, lambda product, _lang: titles[product.id], shop.seed)
    judgements = [j for query in queries for j in judge.judge(query)]
    return Shop(shop.seed, ontology.types, products, queries, judgements)
