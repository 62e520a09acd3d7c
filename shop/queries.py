"""Write the queries: what a shopper types, from the constraints that it states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from shop.load import Ontology
from shop.model import LOCALES, Dice, Product, ProductType, Query, Value

#: Axes in the order in which a shopper says them before and after the noun.
_BEFORE = ("audience", "color", "material", "kind", "bed")
_AFTER = ("size", "capacity", "storage", "power", "length", "weight", "pack", "option")
_FEMININE = {"negro": "negra", "blanco": "blanca", "rojo": "roja", "amarillo": "amarilla",
             "morado": "morada", "plateado": "plateada"}  # fmt: skip
_PLURAL = {"azul": "azules", "gris": "grises", "marrón": "marrones", "verde": "verdes"}
#: Values that nobody types: the usual case goes without saying.
_UNSAID = frozenset(("adult", "pack1", "s1", "b1", "t1", "std", "caf"))


def _spanish_color(color: str, gender: str) -> str:
    if "f" in gender:
        color = _FEMININE.get(color, color)
    if "p" in gender and color[-1] in "oa" and color not in ("rosa", "naranja"):
        return color + "s"
    return _PLURAL.get(color, color) if "p" in gender else color


def phrase(kind: ProductType, head: str, wants: dict[str, Value], lang: str, dice: Dice) -> str:
    """Return the query text for a head noun and the wanted values."""
    said = {a: v.name(lang) for a, v in wants.items()}
    if "model" in said:
        tail = [said[a] for a in _AFTER if a in said]
        color = said.get("color", "")
        noun = [head] if dice.chance(0.4, "noun") else []
        if lang == "en":
            return " ".join(x for x in [said["model"], *tail, color, *noun] if x).lower()
        if lang == "es":
            return " ".join(x for x in [*noun, said["model"], *tail, color] if x).lower()
        return " ".join(x for x in [said["model"], *tail, color, *noun] if x)
    if lang == "en":
        return _english(head, said, dice)
    if lang == "es":
        parts = [head]
        parts += [said[a] for a in ("kind", "material", "audience", "bed") if a in said]
        if "color" in said:
            parts.insert(1, _spanish_color(said["color"], kind.gender))
        parts += [said[a] for a in _AFTER if a in said]
        if "device" in said:
            parts.append(dice.pick(["para ", ""], "para") + said["device"])
        return " ".join(parts).lower()
    parts = [_short(said[a]) for a in ("device",) if a in said] + [head]
    parts += [_short(said[a]) for a in (*_BEFORE, *_AFTER) if a in said]
    if len(parts) == 2 and dice.chance(0.3, "front"):
        parts.reverse()
    return " ".join(parts)


def _short(value: str) -> str:
    return value.removesuffix("製")


def _english(head: str, said: dict[str, str], dice: Dice) -> str:
    before = [said[a] for a in _BEFORE if a in said and a != "audience"]
    after = [said[a] for a in _AFTER if a in said]
    audience = said.get("audience", "")
    form = dice.between(0, 2, "form")
    if audience:
        if form == 0 and audience.endswith("'s"):
            after.insert(0, audience.removesuffix("'s"))
        else:
            before.insert(0, audience)
    option = [x for x in after if x.startswith(("with", "GPS", "Print"))]
    after = [x for x in after if x not in option]
    if form == 1:
        before, after = after + before, []
    parts = [*before, head, *option, *after]
    if "device" in said:
        if form == 1:
            parts.insert(0, said["device"])
        else:
            parts.append(f"for {said['device']}")
    text = " ".join(parts).lower()
    return text.replace("gray", "grey") if dice.chance(0.2, "grey") else text


def matches(product: Product, wants: dict[str, str], avoids: dict[str, str]) -> bool:
    """Return whether a product of the right type has all that is wanted and nothing avoided."""
    return not violations(product, wants, avoids)


def violations(product: Product, wants: dict[str, str], avoids: dict[str, str]) -> list[str]:
    """Return the axes on which the product is not what the query asks for."""
    wrong = []
    for axis, value in wants.items():
        has = product.brand.name if axis == "brand" else product.facts[axis].id
        if has != value:
            wrong.append(axis)
    wrong += [axis for axis, value in avoids.items() if product.facts[axis].id == value]
    return wrong


def _negation(kind: ProductType, head: str, axis: str, value: Value, lang: str) -> str | None:
    name = value.name(lang)
    if lang == "en":
        return f"{head} not {name}".lower()
    if lang == "es":
        name = _spanish_color(name, kind.gender) if axis == "color" else name
        verb = "sean" if "p" in kind.gender else "sea"
        return f"{head} que no {verb} {name}".lower()
    return f"{head} {_short(name)}以外"


class _Plan:
    """The queries of one type in one locale, chosen so that right answers exist."""

    def __init__(self, kind: ProductType, locale: str, stock: list[Product], seed: int) -> None:
        self.kind, self.locale, self.lang = kind, locale, LOCALES[locale]
        self.stock = stock
        self.heads = kind.heads[self.lang]
        self.seed = seed
        self.seen: set[str] = set()

    def sets(self, size: int) -> list[dict[str, Value]]:
        """Return the constraint sets of ``size`` axes with right and wrong products, best first."""
        axes = list(self.kind.axes)
        found: list[tuple[int, str, dict[str, Value]]] = []
        for chosen in combinations(axes, size):
            if self.kind.dept == "shoes" and "size" in chosen and "audience" not in chosen:
                continue  # A women's 9 and a men's 9 are two sizes with one name.
            combos = {tuple(p.facts[a].id for a in chosen): p for p in self.stock}
            for ids, sample in combos.items():
                if _UNSAID & set(ids):
                    continue
                wants = {a: sample.facts[a] for a in chosen}
                count = sum(matches(p, dict(zip(chosen, ids, strict=True)), {}) for p in self.stock)
                if 2 <= count < len(self.stock) or (size > 2 and count == 1):
                    found.append((-count, str(ids), wants))
        return [w for _, _, w in sorted(found, key=lambda x: x[:2])]

    def queries(self, plan: str) -> Iterator[tuple[str, dict[str, str], dict[str, str], str]]:
        """Yield (text, wants, avoids, source) for each letter of the plan."""
        for number, letter in enumerate(plan):
            dice = Dice(self.seed, "query", self.kind.id, self.locale, number)
            made = self.one(letter, dice)
            if made is not None and made[0] not in self.seen:
                self.seen.add(made[0])
                yield made

    def one(
        self, letter: str, dice: Dice
    ) -> tuple[str, dict[str, str], dict[str, str], str] | None:
        """Return one query, or None where the type has none of this form."""
        head = dice.weighted(self.heads, "head")
        if letter == "0":
            return self.heads[0], {}, {}, "other"
        if letter == "q":
            text = self.kind.ask.get(self.lang)
            return (text, {}, {}, "nlqec") if text else None
        if letter == "m":
            return self.model()
        if letter == "b":
            return self.brand(head, dice)
        if letter == "n":
            return self.negation(head, dice)
        sets = self.sets(int(letter))
        if not sets:
            return None
        wants = dice.weighted(sets[: max(3, len(sets) // 2)], "set")
        text = phrase(self.kind, head, wants, self.lang, dice)
        ids = {a: v.id for a, v in wants.items()}
        negative = any(v.names[0].startswith("without") for v in wants.values())
        source = "negations" if negative else dice.pick(["other"] * 6 + ["behavioral"], "source")
        if int(letter) > 2 or (len(ids) > 1 and dice.chance(0.3, "parse")):
            source = "parse_pattern"
        return text, ids, {}, source

    def model(self) -> tuple[str, dict[str, str], dict[str, str], str] | None:
        """Return a device's name alone: the same text in every locale."""
        values = self.kind.axes.get("model", [])
        held = [v for v in values if any(p.facts["model"].id == v.id for p in self.stock)]
        if not held:
            return None
        value = held[0]
        return value.names[0].lower(), {"model": value.id}, {}, "behavioral"

    def brand(
        self, head: str, dice: Dice
    ) -> tuple[str, dict[str, str], dict[str, str], str] | None:
        """Return a query for a brand of this type."""
        if "model" in self.kind.axes:
            return None
        counts: dict[str, int] = {}
        for p in self.stock:
            counts[p.brand.name] = counts.get(p.brand.name, 0) + 1
        names = sorted((n for n, c in counts.items() if c >= 2), key=lambda n: (-counts[n], n))
        if not names:
            return None
        name = dice.weighted(names, "brand")
        text = f"{head} {name}" if self.lang == "es" else f"{name} {head}"
        return (text if self.lang == "ja" else text.lower()), {"brand": name}, {}, "other"

    def negation(
        self, head: str, dice: Dice
    ) -> tuple[str, dict[str, str], dict[str, str], str] | None:
        """Return a query that says what the product must not be."""
        axes = [a for a in ("material", "color") if a in self.kind.axes]
        if not axes:
            return None
        axis = dice.pick(axes, "axis")
        values = [
            v
            for v in self.kind.axes[axis]
            if 2 <= sum(p.facts[axis].id == v.id for p in self.stock) <= len(self.stock) - 3
        ]
        if not values:
            return None
        value = dice.pick(values, "value")
        text = _negation(self.kind, head, axis, value, self.lang)
        return (text, {}, {axis: value.id}, "negations") if text else None


_ENDINGS = {"us": [" please", " pls", " thanks"], "es": [" por favor", " gracias"]}


def _dirty(text: str, query: tuple[str, str], dice: Dice, kind: ProductType) -> str:
    """Spoil about one query in thirty as shoppers do; it still asks for the same."""
    locale, letter = query
    if locale == "us" and letter == "0" and dice.chance(0.07, "foreign"):
        return dice.pick([kind.heads[x][0] for x in ("es", "ja", "zh") if x in kind.heads], "lang")
    if not dice.chance(0.03, "dirty"):
        return text
    form = dice.between(0, 3, "how")
    if form == 0:
        return "!" + text
    if form == 1:
        return text.replace(" ", "  ", 1) if " " in text else text + " "
    if form == 2:
        return text.upper()
    return text + dice.pick(_ENDINGS.get(locale, ["　"]), "ending")


#: What is asked about a type: 0 nothing but the type, 1-3 so many attributes, b a brand, n a "not".
_PLANS = {
    "us": ["012b", "011n", "012n", "0113", "12b2", "01b2", "0121", "01n2"],
    "other": ["01", "12", "1b", "11", "1n", "02", "012"],
}


def make_queries(ontology: Ontology, products: list[Product], seed: int) -> list[Query]:
    """Return all queries with their ids, in the drawn order in which ids are given."""
    raw: list[tuple[int, str, str, ProductType, dict[str, str], dict[str, str], str]] = []
    for kind in ontology.types.values():
        for locale in LOCALES if kind.intl else ("us",):
            stock = [p for p in products if p.type is kind and locale in p.locales]
            dice = Dice(seed, "plan", kind.id, locale)
            plan = dice.pick(_PLANS["us" if locale == "us" else "other"], "plan")
            # A question is asked of every type that has one written for it.
            plan += "m" if "model" in kind.axes else ""
            plan += "q" if locale == "us" or dice.chance(0.5, "ask") else ""
            maker = _Plan(kind, locale, stock, seed)
            for number, (text, wants, avoids, source) in enumerate(maker.queries(plan)):
                key = Dice(seed, "order", kind.id, locale, number)
                plain = "0" if not wants and not avoids and source == "other" else "c"
                typed = _dirty(text, (locale, plain), key, kind)
                raw.append((key.integer("id"), typed, locale, kind, wants, avoids, source))
    raw.sort(key=lambda r: (r[0], r[1]))
    out = []
    for number, (bits, text, locale, kind, wants, avoids, source) in enumerate(raw):
        split = "train" if (bits >> 20) % 100 < 75 else "test"
        small = (bits >> 40) % 100 < 43
        out.append(Query(number, text, locale, kind, wants, avoids, source, split, small))
    return out
