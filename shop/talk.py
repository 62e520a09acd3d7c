"""Sessions of shoppers, and what customers say of what they bought: all of it about facts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shop.conversations import (
    feature_phrase,
    fill,
    make_dialogues,
    make_questions,
    names,
)
from shop.facts import write_lines
from shop.load import ROOT, Ontology
from shop.model import HOUSE_LOCALES, LOCALES, Dice, Product, Query, Shop

#: Sessions in all; questions and dialogues per locale; reviews by locale.
SESSIONS, QUESTIONS, DIALOGUES = 600, 200, 70
REVIEWS = {"us": 520, "es": 100, "jp": 100, "cn": 60}
#: How many products of a locale have reviews, and how many shoppers write them.
_REVIEWED, _REVIEWERS = 80, 120
#: Types that are used up: nobody praises their workmanship.
_USED_UP = frozenset(
    (
        "coffee_beans",
        "green_tea",
        "dog_food",
        "shampoo",
        "conditioner",
        "sunscreen",
        "toothpaste",
        "dishwasher_tablets",
        "cat_litter",
        "potting_soil",
        "coffee_filters",
        "ink_cartridge",
    )
)
#: How many aspects a review praises and blames, by its stars: the numbers overlap, so that how much
#: a review says does not tell what it thinks.
_MIX = {
    5: ((2, 0), (3, 0), (4, 0)),
    4: ((2, 1), (3, 1)),
    3: ((1, 1), (2, 2)),
    2: ((1, 2), (1, 3)),
    1: ((0, 2), (0, 3), (0, 4)),
}
_MOODS = {5: "good", 4: "good", 3: "mixed", 2: "bad", 1: "bad"}
#: How many sentences a review has, whatever its stars.
_FEWEST, _MOST = 4, 5
#: The indefinite and the demonstrative article of a Spanish noun, by gender and number.
_ARTICLES = {
    "m": ("un", "este"),
    "f": ("una", "esta"),
    "mp": ("unos", "estos"),
    "fp": ("unas", "estas"),
}
#: Milliseconds since 1970 of the first event.
_START = 1_704_067_200_000


def _compatible(left: Product, right: Product) -> bool:
    devices = [p.facts[a].id for p in (left, right) for a in ("device", "model") if a in p.facts]
    return len(set(devices)) < 2


def _user(dice: Dice, locale: str, count: int = 330) -> str:
    """Return one of ``count`` shoppers of a locale."""
    return f"u{1000 * list(HOUSE_LOCALES).index(locale) + dice.between(1, count, 'user')}"


def make_sessions(shop: Shop, count: int, prefix: str = "s") -> Iterator[dict[str, Any]]:
    """Yield sessions: a query, clicks on what answers it, a purchase, at times a complement."""
    by_query: dict[int, list[Any]] = {}
    for judgement in shop.judgements:
        by_query.setdefault(judgement.query.id, []).append(judgement)
    for number in range(count):
        dice = Dice(shop.seed, "session", number)
        query: Query = dice.pick(shop.queries, "query")
        answers = by_query[query.id]
        exact = dice.shuffled([j.product for j in answers if j.label == "E"], "exact")
        near = dice.shuffled([j.product for j in answers if j.label == "S"], "near")
        # People open what they searched for before they look at what comes near it; nobody opens
        # what the query excludes.
        most_near = 0 if query.avoids else 1
        clicks = exact[: dice.between(1, 3, "clicks")] + near[: dice.between(0, most_near, "near")]
        bought = clicks[0]
        time = _START + dice.between(0, 31_000_000, "start") * 1000
        events: list[dict[str, Any]] = [{"kind": "query", "query": query.text, "time": time}]

        def add(kind: str, product: Product, log: list[dict[str, Any]], gap: int) -> None:
            last = log[-1]["time"]
            log.append({"kind": kind, "product_id": product.id, "time": last + gap * 1000})

        for i, product in enumerate(clicks):
            add("click", product, events, dice.between(5, 90, f"gap/{i}"))
        if dice.chance(0.75, "cart"):
            add("cart", bought, events, dice.between(5, 60, "cart gap"))
            with_it = [
                j.product for j in answers if j.label == "C" and _compatible(j.product, bought)
            ]
            if with_it:
                add("click", with_it[0], events, dice.between(10, 90, "c click"))
                add("cart", with_it[0], events, dice.between(5, 60, "c cart"))
            if dice.chance(0.8, "purchase"):
                add("purchase", bought, events, dice.between(20, 200, "buy"))
                if with_it:
                    add("purchase", with_it[0], events, 0)
        yield {
            "session_id": f"{prefix}{number:05d}",
            "user_id": _user(dice, query.locale),
            "locale": query.locale,
            "events": events,
            "split": query.split,
        }


@cache
def _texts() -> Any:
    return yaml.safe_load((ROOT / "talk.yaml").read_text(encoding="utf-8"))


def make_reviews(shop: Shop, locale: str, count: int) -> Iterator[dict[str, Any]]:
    """Yield reviews of ``locale`` whose rating follows from the polarities of their aspects.

    5 stars: praise alone; 4: two or three praised, one complaint; 3: as many of each; 2: one
    praised, two or three complaints; 1: complaints alone. Praise and complaints stand in a drawn
    order, and asides that judge nothing make up the number of sentences.
    """
    lang = HOUSE_LOCALES[locale]
    words = _texts()["reviews"][lang]
    gap = "" if lang in ("ja", "zh") else " "
    stock = [p for p in shop.products if p.sold_in(locale)]
    # Few products have most of the reviews, in any shop.
    stock = Dice(shop.seed, "reviewed", locale).shuffled(stock, "order")[:_REVIEWED]
    for number in range(count):
        dice = Dice(shop.seed, "review", locale, number)
        product: Product = dice.pick(stock, "product")
        known = {a: s for a, s in words["aspects"].items() if applies(a, product)}
        known["description"] = words["description"]
        aspects = dice.shuffled(sorted(known), "aspects")
        rating = dice.pick([5, 5, 4, 4, 3, 2, 1], "rating")
        good, bad = dice.pick(_MIX[rating], "mix")
        said = [(a, "positive") for a in aspects[:good]]
        said += [(a, "negative") for a in aspects[good : good + bad]]
        said = dice.shuffled(said, "order")
        slots = names(product, lang)
        slots["un"], slots["este"] = _ARTICLES[product.type.gender]
        slots["f"] = feature_phrase(product, dice.pick(product.features, "feature"), lang)
        unsaid = words["grave"] if rating > 2 else ()
        sentences = [
            fill(dice.pick([s for s in known[a][p] if s not in unsaid], f"{a}/{p}"), slots)
            for a, p in said
        ]
        parts = _in_context(sentences, words, product, lang, _MOODS[rating], dice)
        yield {
            "review_id": f"r{locale}{number:04d}",
            "product_id": product.id,
            "user_id": _user(dice, locale, _REVIEWERS),
            "locale": locale,
            "lang": lang,
            "rating": rating,
            "title": dice.pick(words["titles"][rating], "title"),
            "text": gap.join(fill(part, slots) for part in parts),
            "aspects": [
                {"aspect": a, "polarity": p, "snippet": s}
                for (a, p), s in zip(said, sentences, strict=True)
            ],
            "helpful_votes": dice.between(0, 9, "votes"),
            "verified": dice.chance(0.85, "verified"),
            "timestamp": _START + dice.between(0, 31_000_000, "time") * 1000,
        }


def _in_context(
    sentences: list[str], words: Any, product: Product, lang: str, mood: str, dice: Dice
) -> list[str]:
    """Return the judging sentences with an opening, asides and a closing around them."""
    spare = max(dice.between(_FEWEST, _MOST, "sentences") - len(sentences), 0)
    ending = "_plural" if lang == "en" and product.type.plural else ""
    openings = [*words[f"openings{ending}"], *words[f"named_openings{ending}"]]
    parts = [dice.pick(openings, "opening")] if spare else []
    closing = spare > 2 or (spare > 1 and dice.chance(0.6, "closing"))
    # At most one is left: who says more of himself is not read.
    asides = dice.shuffled(words["asides"], "asides")[: max(spare - len(parts) - closing, 0)]
    parts += [*asides, *sentences] if dice.chance(0.6, "aside first") else [*sentences, *asides]
    if closing:
        parts.append(dice.pick(words["closings"][mood], "closing text"))
    return parts


#: Types that run with a sound, lie on the body, are put together, are operated, or have a scent.
_LOUD = frozenset(
    (
        "hair_dryer",
        "coffee_grinder",
        "coffee_maker",
        "electric_kettle",
        "blender",
        "cordless_vacuum",
        "cordless_drill",
        "printer",
    )
)
_WORN = frozenset(
    (
        "headphones",
        "earbuds",
        "backpack",
        "bicycle_helmet",
        "sleeping_bag",
        "yoga_mat",
        "pillow",
        "sheet_set",
        "bed_blanket",
        "office_chair",
        "running_shoes",
        "running_socks",
    )
)
_ASSEMBLED = frozenset(("coffee_table", "desk", "office_chair", "bookshelf", "plant_stand"))
_OPERATED = frozenset(
    (
        "hair_dryer",
        "electric_toothbrush",
        "stroller",
        "desk_lamp",
        "cordless_vacuum",
        "coffee_maker",
        "french_press",
        "coffee_grinder",
        "electric_kettle",
        "knife_sharpener",
        "apple_slicer",
        "blender",
        "cordless_drill",
        "tent",
        "smartphone",
        "smartwatch",
        "tablet",
        "headphones",
        "earbuds",
        "speaker",
        "power_bank",
        "printer",
        "keyboard",
        "wireless_mouse",
        "monitor",
        "bike_light",
    )
)
_SCENTED = frozenset(("shampoo", "conditioner"))
_POWERED = frozenset(("smartphone", "smartwatch", "tablet", "earbuds", "speaker", "power_bank"))


def applies(aspect: str, product: Product) -> bool:
    """Return whether a customer may speak of ``aspect`` for this product."""
    kind = product.type
    lasting = kind.id not in _USED_UP and kind.dept != "books"
    rules = {
        "color": "color" in product.facts,
        "quality": lasting,
        "material": "material" in product.facts,
        "battery": kind.id in _POWERED,
        "taste": kind.id in ("coffee_beans", "green_tea"),
        "ease of use": kind.id in _OPERATED,
        "comfort": kind.id in _WORN,
        "size": "audience" in product.facts and "size" in product.facts,
        "noise": kind.id in _LOUD,
        "assembly": kind.id in _ASSEMBLED,
        "scent": kind.id in _SCENTED,
        "appearance": lasting,
    }
    return rules.get(aspect, True)


def make_talk(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write sessions, reviews, questions and dialogues into ``folder``."""
    write_lines(folder / "sessions.jsonl", make_sessions(shop, SESSIONS))
    write_lines(
        folder / "reviews.jsonl",
        (row for place, count in REVIEWS.items() for row in make_reviews(shop, place, count)),
    )
    write_lines(
        folder / "questions.jsonl",
        (row for place in LOCALES for row in make_questions(shop, ontology, place, QUESTIONS)),
    )
    write_lines(
        folder / "dialogues.jsonl",
        (row for place in LOCALES for row in make_dialogues(shop, ontology, place, DIALOGUES)),
    )
