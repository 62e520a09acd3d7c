"""Instructions with outputs that follow from the shop's facts, in the form of Alpaca."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from shop import wording
from shop.load import Ontology
from shop.model import Dice, Product, Shop
from shop.questions import money

Assignment: TypeAlias = dict[str, str]
#: Departments as a shop's menu calls them.
MENU = {
    "pets": "Pet Supplies",
    "garden": "Garden",
    "kitchen": "Kitchen",
    "beauty": "Beauty",
    "phones": "Phones and Accessories",
    "computers": "Computers and Accessories",
    "audio": "Audio",
    "fitness": "Fitness",
    "office": "Office Supplies",
    "bedding": "Bedding",
    "outdoor": "Camping and Hiking",
    "tools": "Tools",
}
_FUNCTIONS = [
    (
        "Write a Python function that returns the price after a discount given in percent.",
        "def discounted_price(price, percent):\n"
        '    """Return the price after a discount in percent."""\n'
        "    return round(price * (1 - percent / 100), 2)",
    ),
    (
        "Write a Python function that adds up the prices of a shopping cart. The cart is a list of "
        "(price, quantity) pairs.",
        "def cart_total(cart):\n"
        '    """Return the sum of price times quantity."""\n'
        "    total = 0\n"
        "    for price, quantity in cart:\n"
        "        total += price * quantity\n"
        "    return round(total, 2)",
    ),
    (
        "Write an SQL query that returns the five most expensive products of the table products, "
        "which has the columns title and price.",
        "SELECT title, price\nFROM products\nORDER BY price DESC\nLIMIT 5;",
    ),
]


def make_assignments(shop: Shop, ontology: Ontology, count: int) -> list[Assignment]:
    """Return ``count`` assignments of all kinds in turn, no two alike."""
    products = [product for product in shop.products if "us" in product.locales]
    order = Dice(shop.seed, "assignments").shuffled(products, "order")
    made: dict[tuple[str, str], Assignment] = {
        (text, ""): {"instruction": text, "input": "", "output": code} for text, code in _FUNCTIONS
    }
    for number, product in enumerate(order):
        if len(made) >= count:
            break
        desk = _Desk(
            product,
            order[number + 1 : number + 4],
            ontology,
            shop.seed,
            Dice(shop.seed, "assignment", product.id),
        )
        for instruction, given, output in _KINDS[number % len(_KINDS)](desk):
            made.setdefault(
                (instruction, given),
                {"instruction": instruction, "input": given, "output": output},
            )
    return list(made.values())


Made: TypeAlias = Iterator[tuple[str, str, str]]


@dataclass(frozen=True)
class _Desk:
    """What an assignment is made from: a product, some others, and its draws."""

    product: Product
    near: list[Product]
    ontology: Ontology
    seed: int
    dice: Dice

    @property
    def goods(self) -> list[Product]:
        """The product and the others."""
        return [self.product, *self.near]

    @property
    def title(self) -> str:
        """The product's English title."""
        return wording.title(self.product, "en", self.ontology, self.seed)


def _order(desk: _Desk) -> Made:
    goods = desk.goods[: desk.dice.between(2, 3, "goods")]
    lines, sums = [], []
    for each in goods:
        quantity = desk.dice.between(1, 4, f"quantity {each.id}")
        cost = quantity * Fraction(str(each.price))
        lines.append(f"{quantity} x {each.type.name('en')} at {money(Fraction(str(each.price)))}")
        sums.append((lines[-1], cost))
    total = sum((cost for _, cost in sums), Fraction(0))
    yield (
        desk.dice.pick(
            [
                "Calculate the total price of the following order.",
                "Work out what the customer has to pay for this order. Show each line.",
            ],
            "words",
        ),
        "\n".join(lines),
        "\n".join([*(f"{line} = {money(cost)}" for line, cost in sums), f"Total: {money(total)}"]),
    )


def _json(desk: _Desk) -> Made:
    values = {"brand": desk.product.brand.name, "product": desk.product.type.name("en")}
    values |= {
        desk.ontology.axes[axis].label[0].lower(): value.name("en")
        for axis, value in desk.product.facts.items()
    }
    yield (
        "Turn the following product details into a JSON object.",
        "\n".join(f"{name.capitalize()}: {value}" for name, value in values.items()),
        json.dumps(values, indent=2, ensure_ascii=False),
    )


def _bullets(desk: _Desk) -> Made:
    features = [feature.phrase["en"] for feature in desk.product.features]
    if len(features) > 1:
        yield (
            "List the features of this product as bullet points.",
            f"Product: {desk.product.type.name('en')} by {desk.product.brand.name}\n"
            f"Features: {'; '.join(features)}",
            "\n".join(f"- {feature}" for feature in features),
        )


def _sorted(desk: _Desk) -> Made:
    goods = {each.price: each for each in desk.goods}
    lines = [
        f"{each.brand.name} {each.type.name('en')}, {money(Fraction(str(price)))}"
        for price, each in goods.items()
    ]
    ranked = [lines[list(goods).index(price)] for price in sorted(goods)]
    if len(goods) > 2:
        yield (
            "Sort these products by price, from the cheapest to the most expensive.",
            "\n".join(lines),
            "\n".join(f"{place}. {line}" for place, line in enumerate(ranked, 1)),
        )


def _classified(desk: _Desk) -> Made:
    if desk.product.type.dept in MENU:
        others = desk.dice.shuffled(
            [d for d in MENU if d != desk.product.type.dept], "departments"
        )[:3]
        far = [d for d in others if {d, desk.product.type.dept} != {"phones", "audio"}]
        shown = desk.dice.shuffled([desk.product.type.dept, *far], "shown")
        yield (
            "Which department of an online store does the following product belong to? Choose "
            f"from: {', '.join(MENU[each] for each in shown)}.",
            desk.title,
            MENU[desk.product.type.dept],
        )


def _defined(desk: _Desk) -> Made:
    yield (
        "Say in a few words what the following kind of product is.",
        desk.product.type.name("en"),
        desk.product.type.about["en"],
    )


def _translated(desk: _Desk) -> Made:
    lang, language = desk.dice.pick(
        [("es", "Spanish"), ("ja", "Japanese"), ("zh", "Chinese")], "lang"
    )
    yield (
        f"Translate the name of this product category into {language}.",
        desk.product.type.name("en"),
        desk.product.type.name(lang),
    )


def _branded(desk: _Desk) -> Made:
    title = desk.title
    if desk.product.brand.name in title:
        yield "What is the brand of this product?", title, desk.product.brand.name


def _table(desk: _Desk) -> Made:
    goods = desk.goods[:3]
    rows = [
        f"| {each.type.name('en')} | {each.brand.name} | {money(Fraction(str(each.price)))} |"
        for each in goods
    ]
    yield (
        "Put these products into a Markdown table with the columns Product, Brand and Price.",
        "\n".join(
            f"{each.type.name('en')} by {each.brand.name} for {money(Fraction(str(each.price)))}"
            for each in goods
        ),
        "\n".join(["| Product | Brand | Price |", "|---|---|---|", *rows]),
    )


def _cheaper(desk: _Desk) -> Made:
    other = desk.goods[-1]
    low, high = sorted((desk.product, other), key=lambda each: each.price)
    if low.price < high.price and low.type != high.type:
        gap = Fraction(str(high.price)) - Fraction(str(low.price))
        yield (
            f"One shop offers the {desk.product.type.name('en')} by {desk.product.brand.name} for "
            f"{money(Fraction(str(desk.product.price)))} and the {other.type.name('en')} by "
            f"{other.brand.name} for {money(Fraction(str(other.price)))}. Which of the two is "
            "cheaper, and by how much?",
            "",
            f"The {low.type.name('en')} by {low.brand.name} "
            f"{'are' if low.type.plural else 'is'} cheaper by {money(gap)}.",
        )


def _reduced(desk: _Desk) -> Made:
    percent = desk.dice.pick([10, 20, 25, 50], "percent")
    price = Fraction(desk.dice.between(4, 40, "price") * 5)
    left = price * (100 - percent) / 100
    yield (
        f"A product costs {money(price)}. What does it cost after a discount of {percent}%? "
        "Explain the calculation.",
        "",
        f"{percent}% of {money(price)} is {money(price - left)}.\n"
        f"{money(price)} - {money(price - left)} = {money(left)}\n\n"
        f"The product costs {money(left)} after the discount.",
    )


_Kind: TypeAlias = Callable[[Product, list[Product], Ontology, int, Dice], Made]
_KINDS: tuple[_Kind, ...] = (
    _order,
    _json,
    _bullets,
    _sorted,
    _classified,
    _defined,
    _translated,
    _branded,
    _table,
    _cheaper,
    _reduced,
)
