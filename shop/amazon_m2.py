"""Write the shop in the files of Amazon-M2 (KDD Cup 2023), with the quirks of the real ones.

A title or text in one language says what it says in the others, as sellers' translations do: what
is drawn is drawn for the product, never for the language.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from shop import wording
from shop.load import Ontology
from shop.model import Dice, Product, ProductType, Shop

PRODUCTS = "products_train.csv"
SESSIONS = "sessions_train.csv"
COLUMNS = [
    "id",
    "locale",
    "title",
    "price",
    "brand",
    "color",
    "size",
    "model",
    "material",
    "author",
    "desc",
]
LOCALES = {"UK": "en", "ES": "es", "JP": "ja"}
SESSION_COUNTS = {"UK": 1300, "ES": 600, "JP": 600}
#: Units of one US dollar; prices end as such shops end them.
_RATES = {"UK": 0.79, "ES": 0.93, "JP": 150.0}
NO_PRICE = 40000000.07
_SPACES = re.compile(r"\s{2,}")
_AUTHORS = ("Clara Whitmore", "Tomás Rivera", "Ellen Marsh", "佐伯 遥", "Jonas Feld")
_SIZES = ("size", "capacity", "length", "weight", "storage", "bed", "pack")


def _values(product: Product, lang: str, axes: Sequence[str]) -> list[str]:
    return [wording.axis_text(product, axis, lang) for axis in axes if axis in product.facts]


def _title(product: Product, lang: str, ontology: Ontology, dice: Dice) -> str:
    brand = "" if product.line.startswith(product.brand.name) else product.brand.name
    name, device = product.type.name(lang), wording.axis_text(product, "device", lang)
    color, option = (wording.axis_text(product, axis, lang) for axis in ("color", "option"))
    direct = ("kind", "material", "audience", "bed")
    before = [a for a in product.facts if ontology.axes[a].place == "pre" and a != "color"]
    rest = [
        a
        for a in product.facts
        if ontology.axes[a].place == "post" and a not in ("option", "device", *direct)
    ]
    if lang == "en":
        kind = " ".join([*_values(product, lang, before), name])
        option = option if option.startswith("with") else f", {option}" if option else ""
        kind += (f" for {device}" if device else "") + (" " if option[:1] == "w" else "") + option
        rest += [a for a in direct if a in product.facts and a not in before]
    else:
        parts = _values(product, lang, direct)
        if lang == "es":
            fit = [f"compatible con {device}"] if device else []
            kind = " ".join([name, *parts, *([option] if option else []), *fit])
        else:
            fit = [f"{device}対応"] if device else []
            kind = " ".join([*fit, *parts, name, *([option] if option else [])])
    phrases = [feature.phrase[lang] for feature in product.features][:2]
    uses = product.type.uses
    use = dice.integer("use") % min(len(uses[each]) for each in uses if uses[each])
    purpose = {"en": "for {}", "es": "para {}", "ja": "{}"}[lang].format(uses[lang][use])
    facts = _values(product, lang, rest)
    maker = f"{brand} {product.line}".strip()
    shade = color[:1].upper() + color[1:]
    layouts: list[list[str]] = [
        [f"{maker} {kind}", phrases[0], *facts, shade],
        [f"{maker} {kind}", *phrases, *facts, shade],
        [f"{maker} {kind}", *facts, phrases[0], purpose, shade],
        [f"{maker} {kind}", *facts, *phrases, purpose, shade],
        [f"{maker} {kind}", *facts, phrases[-1], product.code, shade],
    ]
    layout = [part for part in dice.pick(layouts, "layout") if part]
    text = (" " if lang == "ja" else dice.pick([", ", ", ", " - "], "mark")).join(layout)
    return _SPACES.sub(" ", text).replace(" ,", ",").strip()


def _sentence(text: str, product: Product, lang: str) -> str:
    """Word one of a product's features without its name: names say nothing of what is sold."""
    kind = product.type.name(lang)
    if lang == "en":
        kind = wording.lowered(kind)
        name = "this model" if product.type.plural else f"this {kind}"
    elif lang == "es":
        kind = wording.lowered(kind)
        this = {"f": "esta", "m": "este"}.get(product.type.gender)
        name = f"{this} {kind}" if this else "este modelo"
    else:
        name = f"この{kind}"
    text = text.replace("{n}", name).replace("{t}", kind)
    text = text.replace("{line}", product.line).replace("{brand}", product.brand.name)
    text = re.sub(r"(\. )([a-z])", lambda found: found[1] + found[2].upper(), text)
    return wording.upper_first(text)


def _text(product: Product, lang: str, ontology: Ontology, dice: Dice) -> str:
    place = ("en", "es", "ja").index(lang)
    facts = [
        f"{ontology.axes[axis].label[place].lower()}: {value.name(lang)}"
        for axis, value in product.facts.items()
        if axis != "model"
    ]
    told = [_sentence(feature.sentence[lang], product, lang) for feature in product.features]
    about = product.type.about[lang]
    stop, comma = ("。", "、") if lang == "ja" else (".", ", ")
    listed = comma.join(facts)
    listed = f"{listed[:1].upper()}{listed[1:]}{stop}" if listed else ""
    form = dice.between(0, 3, "text form")
    if form == 0:
        parts = [about, *told[:2], listed]
    elif form == 1:
        parts = [told[0], listed]
    elif form == 2:
        parts = ["✅ " + told[0], *told[1:3]]
    else:
        parts = [*told[:2], about, listed]
    if dice.chance(0.3, "named"):
        form_of_name = "【{}】" if lang == "ja" else "{}."
        name = " ".join(part for part in (wording.maker(product), product.line) if part)
        parts.insert(0, form_of_name.format(name))
    return ("" if lang == "ja" else " ").join(part for part in parts if part)


def _locales(product: Product, seed: int) -> list[str]:
    """Return the shops that sell a product; nearly half of them are sold in several."""
    dice = Dice(seed, "m2", product.id)
    if not product.type.intl:
        return ["UK"] if dice.chance(0.3, "sold") else []
    if not dice.chance(0.64, "sold"):
        return []
    share = {"UK": 0.68, "ES": 0.5, "JP": 0.5}
    return [locale for locale in LOCALES if dice.chance(share[locale], locale)]


def _row(product: Product, locale: str, ontology: Ontology, seed: int) -> dict[str, object]:
    dice, own = Dice(seed, "m2 row", product.id, locale), Dice(seed, "m2 words", product.id)
    lang = LOCALES[locale]
    # One title in fifteen was never translated.
    title_lang = "en" if dice.chance(0.07, "untranslated") else lang
    title = _title(product, title_lang, ontology, own)
    text = _text(product, "en" if dice.chance(0.04, "english text") else lang, ontology, own)
    amount = product.price * _RATES[locale]
    price: object = float(round(amount, -1)) if locale == "JP" else int(amount) + 0.99
    if dice.chance(0.03, "no price"):
        price = dice.pick([NO_PRICE, NO_PRICE, 0.0, ""], "which price")
    color = wording.axis_text(product, "color", lang)
    sizes = _values(product, lang, _SIZES)
    return {
        "id": product.id,
        "locale": locale,
        "title": "" if dice.chance(0.002, "no title") else title,
        "price": price,
        "brand": "" if dice.chance(0.0125, "no brand") else product.brand.name,
        "color": "" if dice.chance(0.1, "no color") else color[:1].upper() + color[1:],
        "size": "" if not sizes or dice.chance(0.2, "no size") else sizes[0],
        "model": dice.pick(["", product.code, product.id, product.line], "model"),
        "material": wording.axis_text(product, "material", lang),
        "author": own.pick(_AUTHORS, "author") if product.type.dept == "books" else "",
        "desc": "" if dice.chance(0.05, "no text") else text,
    }


class _Walk:
    """The sessions of one shop: from a product to others of its type or brand, or used with it."""

    def __init__(self, shop: Shop, locale: str, sold: Sequence[Product]) -> None:
        self._shop, self._locale = shop, locale
        self._stock: dict[str, list[Product]] = {}
        for product in sold:
            self._stock.setdefault(product.type.id, []).append(product)
        self._sold = sold

    def _of(self, kinds: Sequence[str], dice: Dice, purpose: str) -> Product | None:
        kinds = [kind for kind in kinds if kind in self._stock]
        return (
            dice.pick(self._stock[dice.pick(kinds, f"{purpose} kind")], purpose) if kinds else None
        )

    def _with(self, at: Product, dice: Dice, turn: int) -> Product | None:
        own = [
            product
            for kind in at.type.comps
            for product in self._stock.get(kind, ())
            if product.brand is at.brand
        ]
        if own and dice.chance(0.8, f"same maker {turn}"):
            return dice.pick(own, f"maker {turn}")
        return self._of(at.type.comps, dice, f"with {turn}")

    def _step(
        self, at: Product, walk: Sequence[Product], dice: Dice, turn: int, *, last: bool
    ) -> Product:
        way, kind = dice.between(0, 99, f"way {turn}"), at.type
        found: Product | None = None
        if way < 12 and not last:
            return dice.pick(walk, f"again {turn}")
        if way < 40:
            # Who looks for a tent looks for a sleeping bag next, of the same maker if there is one.
            found = self._with(at, dice, turn)
        elif way < 46:
            found = self._of(kind.subs, dice, f"instead {turn}")
        elif way < 58:
            alike = [p for p in self._stock[kind.id] if p.brand is at.brand]
            found = dice.pick(alike, f"brand {turn}")
        return found or dice.pick(self._stock[kind.id], f"alike {turn}")

    def sessions(self, count: int) -> Iterator[list[str]]:
        """Yield each session's ids; a few are long, as upstream has them."""
        kinds = [kind for kind in self._stock if len(self._stock[kind]) > 3]
        for number in range(count):
            dice = Dice(self._shop.seed, "m2 session", self._locale, number)
            kind: ProductType = self._shop.types[dice.weighted(kinds, "kind")]
            walk = [dice.pick(self._stock[kind.id], "start")]
            length = dice.between(4, 12, "length") if dice.chance(0.7, "more") else 3
            length = dice.between(25, 60, "many") if dice.chance(0.004, "long") else length
            while len(walk) < length:
                last = len(walk) == length - 1
                walk.append(self._step(walk[-1], walk, dice, len(walk), last=last))
            yield [product.id for product in walk]


def printed(items: Sequence[str]) -> str:
    """Return ``str(numpy.array(items))``: quoted, parted by spaces, broken before column 75."""
    lines, line = [], "["
    for number, item in enumerate(items):
        word = f"'{item}'" + ("]" if number == len(items) - 1 else "")
        if len(line) > 1 and len(line) + len(word) + (line[-1] != "[") > 75:
            lines.append(line)
            line = " "
        line += word if line in ("[", " ") else f" {word}"
    return "\n".join([*lines, line])


def make_amazon_m2(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write both files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    sold: dict[str, list[Product]] = {locale: [] for locale in LOCALES}
    rows: list[tuple[int, dict[str, object]]] = []
    for product in shop.products:
        for locale in _locales(product, shop.seed):
            sold[locale].append(product)
            place = Dice(shop.seed, "m2 place", product.id, locale).integer("place")
            rows.append((place, _row(product, locale, ontology, shop.seed)))
    with (folder / PRODUCTS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(rows, key=lambda each: each[0]))
    with (folder / SESSIONS).open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["prev_items", "next_item", "locale"])
        for locale, count in SESSION_COUNTS.items():
            for items in _Walk(shop, locale, sold[locale]).sessions(count):
                lines.writerow([printed(items[:-1]), items[-1], locale])
