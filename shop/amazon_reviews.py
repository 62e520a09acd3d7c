"""Write the shop in the files of Amazon Reviews 2023: items, and who bought what and said what.

Shoppers buy a product and, within days, what is used together with it; so what is bought together
follows from the ontology. The stars of a review follow from what its sentences say, and its votes
from how much they tell about the product: how many of its sides they speak of, and how exactly.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from shop import wording
from shop.load import ROOT, Ontology
from shop.model import Dice, Product, ProductType, Shop
from shop.review_words import Words

#: Departments of each upstream file, and the display name of its items. The second file's items
#: have no category path, as upstream's All_Beauty and Amazon_Fashion have none.
CATEGORIES: Final = {
    "Home_and_Kitchen": ("Amazon Home", ("kitchen", "food", "bedding", "bath", "cleaning"), True),
    "Sports_and_Outdoors": (
        "Sports & Outdoors",
        ("fitness", "shoes", "outdoor", "cycling"),
        False,
    ),
}
_AISLES: Final = {
    "kitchen": "Kitchen & Dining",
    "food": "Grocery",
    "bedding": "Bedding",
    "bath": "Bath",
    "cleaning": "Vacuums & Floor Care",
}
#: Products of a type that shoppers start from, shoppers that start from each, and companions.
ANCHORS, SHOPPERS, COMPANIONS = 4, 13, 5
#: Who buys one of two such types needs no other, though the ontology calls them no substitutes.
_SAME_USE: Final = (frozenset(("apple_slicer", "chef_knife")),)
_DAY_MS: Final = 86_400_000
_YEAR_MS: Final = 31_556_952_000
#: What one product sells, it sells within one year, so that its votes can be compared.
_FIRST_YEAR: Final = 47
#: Votes by how much a review tells (level 0 to 4). No two reviews of one level lie three votes and
#: half as many again apart, and all of neighbouring levels do. One that rambles gets the fewest.
_VOTES: Final = ((0, 1), (4, 5), (9, 12), (18, 26), (40, 59))
_STARS: Final = (5, 5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 2, 1, 1, 1)
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True)
class Purchase:
    """Someone bought something: what a review follows from."""

    user: str
    product: Product
    time: int


def _users_id(dice: Dice) -> str:
    number = dice.integer("user") << 64 | dice.integer("user too")
    return "AE" + "".join(_ALPHABET[(number >> 5 * place) % 32] for place in range(26))


def _replaces(one: ProductType, other: ProductType) -> bool:
    """Return whether who buys one of two types needs none of the other."""
    same = one.id in other.subs or other.id in one.subs or one is other
    return same or frozenset((one.id, other.id)) in _SAME_USE


def _direct(kind: ProductType, ontology: Ontology) -> set[str]:
    """Return the types that are used with ``kind``, as either of the two states it."""
    return {
        other.id
        for other in ontology.types.values()
        if (other.id in kind.comps or kind.id in other.comps) and not _replaces(kind, other)
    }


def _related(kind: ProductType, ontology: Ontology) -> list[str]:
    """Return the types that are used with ``kind``; of only one, also what is used with that."""
    near = _direct(kind, ontology)
    if len(near) > 1:
        return sorted(near)
    return sorted(near) + sorted(_further(kind, ontology, near))


def _further(kind: ProductType, ontology: Ontology, near: set[str]) -> set[str]:
    types = ontology.types
    further = {other for name in near for other in _direct(types[name], ontology)} - near
    return {name for name in further if not _replaces(kind, types[name])}


def _compatible(left: Product, right: Product) -> bool:
    devices = {p.facts[a].id for p in (left, right) for a in ("device", "model") if a in p.facts}
    return len(devices) < 2


def _companions(
    product: Product, stock: dict[str, list[Product]], ontology: Ontology, dice: Dice
) -> list[Product]:
    """Return what is bought with ``product``: of each related type in turn; none for one type."""
    related = [name for name in _related(product.type, ontology) if name in stock]
    if len(related) < 2:
        return []
    each = 1 if len(related) >= 4 else 2
    columns = [
        [p for p in dice.shuffled(stock[name], name) if _compatible(p, product)][:each]
        for name in related
    ]
    in_turns = [column[turn] for turn in range(2) for column in columns if turn < len(column)]
    return in_turns[:COMPANIONS]


def _together(one: ProductType, other: ProductType, ontology: Ontology) -> bool:
    return other.id in _related(one, ontology) or one.id in _related(other, ontology)


def _basket(companions: list[Product], count: int, ontology: Ontology, dice: Dice) -> list[Product]:
    """Return up to ``count`` companions that are used with each other as well."""
    basket: list[Product] = []
    for other in dice.shuffled(companions, "companion"):
        if len(basket) < count and all(_together(other.type, p.type, ontology) for p in basket):
            basket.append(other)
    return basket


def make_purchases(products: list[Product], ontology: Ontology, seed: int) -> list[Purchase]:
    """Return what each shopper buys: a product, its companions within days, now and then a thing.

    What is used with a product at all some of its buyers have: that nobody bought it with the
    product must not be read as that it does not go with it.
    """
    stock: dict[str, list[Product]] = {}
    for product in products:
        stock.setdefault(product.type.id, []).append(product)
    purchases = []
    for name, of_type in stock.items():
        for anchor in Dice(seed, "anchors", name).shuffled(of_type, "anchor")[:ANCHORS]:
            dice = Dice(seed, "companions", anchor.id)
            companions = _companions(anchor, stock, ontology, dice)
            season = _YEAR_MS * (_FIRST_YEAR + dice.between(0, 5, "season"))
            for number in range(SHOPPERS):
                dice = Dice(seed, "shopper", anchor.id, number)
                user = _users_id(dice)
                time = season + dice.between(0, _YEAR_MS * 5 // 8, "time")
                purchases.append(Purchase(user, anchor, time))
                count = dice.between(2, 4, "companions")
                for turn, other in enumerate(_basket(companions, count, ontology, dice)):
                    later = time + dice.between(1, 20, turn) * _DAY_MS
                    purchases.append(Purchase(user, other, later))
                if dice.chance(0.15, "elsewhere"):
                    far = time + dice.between(60, 300, "far") * _DAY_MS
                    purchases.append(Purchase(user, dice.pick(products, "something"), far))
    return purchases + _completed(purchases, stock, ontology, seed)


def _completed(
    purchases: list[Purchase], stock: dict[str, list[Product]], ontology: Ontology, seed: int
) -> list[Purchase]:
    """Return purchases by which what goes with a product was bought with it, twice a type.

    Each type is one of best sellers: what sells to everybody is no sign of what goes together.
    """
    owned: dict[str, dict[str, Product]] = {}
    buyers: dict[str, dict[str, Purchase]] = {}
    for each in purchases:
        owned.setdefault(each.user, {})[each.product.id] = each.product
        buyers.setdefault(each.product.id, {}).setdefault(each.user, each)
    best = {
        name: sorted(of_type, key=lambda p: (-len(buyers.get(p.id, ())), p.id))
        for name, of_type in stock.items()
    }
    added = []
    for product in [p for of_type in stock.values() for p in of_type]:
        users = list(buyers.get(product.id, ()))
        if len(users) < 4:
            continue
        near = _direct(product.type, ontology)
        for name in sorted((near | _further(product.type, ontology, near)) & stock.keys()):
            times = Counter(p for u in users for p in owned[u] if owned[u][p].type.id == name)
            if max(times.values(), default=0) > 1:
                continue
            fitting = [p for p in best[name] if _compatible(p, product)][:ANCHORS]
            dice = Dice(seed, "completed", product.id, name)
            other = dice.pick(fitting, "other") if fitting else None
            # Who has it already makes the pair as well.
            having = sum(other is not None and other.id in owned[user] for user in users)
            turns = dice.shuffled([u for u in users if other and other.id not in owned[u]], "users")
            # Who has what it replaces buys it last.
            turns.sort(
                key=lambda user: any(
                    other is not None and _replaces(other.type, p.type)
                    for p in owned[user].values()
                )
            )
            for user in turns:
                if other is None or having > 1:
                    break
                bought = Purchase(
                    user,
                    other,
                    buyers[product.id][user].time + dice.between(1, 20, user) * _DAY_MS,
                )
                owned[user][other.id] = other
                buyers.setdefault(other.id, {})[user] = bought
                added.append(bought)
                having += 1
    return added


def _review(purchase: Purchase, words: Words, dice: Dice) -> dict[str, Any]:
    product = purchase.product
    stars = dice.pick(_STARS, "stars")
    level = dice.pick((0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4), "level")
    rambling = level == 1 and dice.chance(0.5, "ramble")
    said = words.review(product, stars, level, rambling=rambling, dice=dice)
    votes = dice.between(*_VOTES[0 if rambling else level], "votes")
    text = " ".join(said)
    form = dice.between(0, 9, "form")
    if form == 0:
        text = "<br /><br />".join(said)
    elif form == 1:
        text = text.replace('"', "&#34;").replace("'", "&#39;")
    elif form == 2:
        text = text.replace(" and ", " &amp; ", 1)
    if dice.chance(0.01, "video"):
        text = f"[[VIDEOID:{dice.integer('video id'):016x}]] {text}"
    images = []
    if dice.chance(0.05, "image"):
        stem = f"https://images-na.ssl-images-amazon.com/images/I/{dice.integer('image'):x}"
        images = [
            {
                "small_image_url": f"{stem}._SL256_.jpg",
                "medium_image_url": f"{stem}._SL800_.jpg",
                "large_image_url": f"{stem}._SL1600_.jpg",
                "attachment_type": "IMAGE",
            }
        ]
    title = words.title(stars, dice)
    return {
        "rating": float(stars),
        "title": title,
        "text": text,
        "images": images,
        "asin": _variant(product, dice.between(0, 2, "variant")),
        "parent_asin": product.id,
        "user_id": purchase.user,
        "timestamp": purchase.time + dice.between(90, 105, "wrote") * _DAY_MS,
        "helpful_vote": votes,
        "verified_purchase": dice.chance(0.9, "verified"),
    }


def _variant(product: Product, number: int) -> str:
    """Return the id of one variant of a product; the first is the product's own."""
    if not number:
        return product.id
    return f"{product.id[:8]}{_ALPHABET[(ord(product.id[8]) + number) % 32]}{product.id[9:]}"


def make_reviews(purchases: Iterable[Purchase], words: Words, seed: int) -> list[dict[str, Any]]:
    """Return a review of each purchase, with the few faulty records that upstream has as well."""
    rows = []
    seen: set[tuple[str, str]] = set()
    for number, purchase in enumerate(purchases):
        if (purchase.user, purchase.product.id) in seen:
            continue
        seen.add((purchase.user, purchase.product.id))
        dice = Dice(seed, "reviews 2023", number)
        row = _review(purchase, words, dice)
        if number % 1500 == 700:
            row["rating"] = 0.0
        if number % 1700 == 900:
            row["text"] = ""
        rows.append(row)
        if number % 450 == 300:
            rows.append(dict(row))
    return rows


def make_items(
    products: list[Product],
    reviews: list[dict[str, Any]],
    category: str,
    ontology: Ontology,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield the record of each item, keys in upstream's order."""
    main, _, has_path = CATEGORIES[category]
    ratings: dict[str, list[float]] = {}
    for row in reviews:
        ratings.setdefault(row["parent_asin"], []).append(row["rating"])
    for product in products:
        dice = Dice(seed, "item", product.id)
        stars = ratings.get(product.id, [4.0])
        text = wording.description(product, "en", seed)
        stem = f"https://m.media-amazon.com/images/I/{dice.integer('image'):x}"
        details = {
            "Package Dimensions": f"{dice.between(3, 20, 'x')} x {dice.between(2, 12, 'y')} x 2 in"
        }
        if not dice.chance(0.2, "no brand"):
            details["Brand" if dice.chance(0.7, "brand") else "Manufacturer"] = product.brand.name
        for axis, value in product.facts.items():
            details[ontology.axes[axis].label[0].capitalize()] = value.name("en")
        details["Item model number"] = product.code
        if dice.chance(0.3, "ranked"):
            details["Best Sellers Rank"] = {main: dice.between(100, 90_000, "rank")}
        details["Date First Available"] = f"May {dice.between(1, 28, 'day')}, 2016"
        price: float | str | None = None
        if dice.chance(0.55, "priced"):
            price = product.price
            if dice.chance(0.08, "from"):
                price = f"from {product.price}"
        yield {
            "main_category": main,
            "title": wording.title(product, "en", ontology, seed).replace(
                " & ", " &amp; " if dice.chance(0.2, "entity") else " & "
            ),
            "average_rating": round(sum(stars) / len(stars), 1),
            "rating_number": len(stars) * dice.between(3, 40, "ratings"),
            "features": []
            if dice.chance(0.15, "no features")
            else wording.bullets(product, "en", ontology, seed),
            "description": [] if dice.chance(0.4, "no description") else text.split(". "),
            "price": price,
            "images": [
                {
                    "thumb": f"{stem}._SS40_.jpg",
                    "large": f"{stem}.jpg",
                    "variant": "MAIN",
                    "hi_res": None,
                }
            ],
            "videos": [],
            "store": dice.pick(
                (product.brand.name, product.brand.name, "Harbor Deals", None), "store"
            ),
            "categories": [
                "Home & Kitchen",
                _AISLES[product.type.dept],
                product.type.name("en"),
            ]
            if has_path
            else [],
            "details": details,
            "parent_asin": product.id,
            "bought_together": None,
        }


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one object a line, ASCII alone, as upstream; the bytes hold no time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        for row in rows:
            file.write(json.dumps(row).encode() + b"\n")


def make_amazon_reviews(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write the raw files of two categories into ``folder``."""
    words = Words(yaml.safe_load((ROOT / "reviews.yaml").read_text(encoding="utf-8")))
    for category, (_, departments, _) in CATEGORIES.items():
        products = [p for p in shop.products if p.type.dept in departments and "us" in p.locales]
        purchases = make_purchases(products, ontology, shop.seed)
        reviews = make_reviews(purchases, words, shop.seed)
        items = make_items(products, reviews, category, ontology, shop.seed)
        _write(folder / f"raw/review_categories/{category}.jsonl.gz", reviews)
        _write(folder / f"raw/meta_categories/meta_{category}.jsonl.gz", items)
