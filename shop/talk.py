"""Sessions, and what customers and the shop say to each other: all of it about facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from shop import wording
from shop.facts import prices, write_lines
from shop.load import ROOT, Ontology
from shop.model import LOCALES, Dice, Product, Query, Shop

SESSIONS, QUESTIONS, DIALOGUES = 600, 600, 200
#: Reviews per language; zh customers shop in the us store.
REVIEWS = {"en": 520, "es": 100, "ja": 100, "zh": 60}
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
#: Milliseconds since 1970 of the first event.
_START = 1_704_067_200_000


def _compatible(left: Product, right: Product) -> bool:
    devices = [p.facts[a].id for p in (left, right) for a in ("device", "model") if a in p.facts]
    return len(set(devices)) < 2


def _user(dice: Dice, locale: str) -> str:
    """Return one of 330 shoppers of a locale."""
    return f"u{1000 * list(LOCALES).index(locale) + dice.between(1, 330, 'user')}"


def make_sessions(shop: Shop) -> Iterator[dict[str, Any]]:
    """Yield sessions: a query, clicks on what answers it, a purchase, at times a complement."""
    by_query: dict[int, list[Any]] = {}
    for judgement in shop.judgements:
        by_query.setdefault(judgement.query.id, []).append(judgement)
    for number in range(SESSIONS):
        dice = Dice(shop.seed, "session", number)
        query: Query = dice.pick(shop.queries, "query")
        answers = by_query[query.id]
        exact = dice.shuffled([j.product for j in answers if j.label == "E"], "exact")
        near = dice.shuffled([j.product for j in answers if j.label == "S"], "near")
        clicks = exact[: dice.between(1, 3, "clicks")] + near[: dice.between(0, 1, "near")]
        clicks = dice.shuffled(clicks, "order")
        bought = next(p for p in clicks if p in exact)
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
            "session_id": f"s{number:05d}",
            "user_id": _user(dice, query.locale),
            "locale": query.locale,
            "events": events,
            "split": query.split,
        }


def _texts() -> Any:
    return yaml.safe_load((ROOT / "talk.yaml").read_text(encoding="utf-8"))


def make_reviews(shop: Shop) -> Iterator[dict[str, Any]]:
    """Yield reviews whose rating is the sum of the polarities of their aspects.

    5 stars: three praised aspects; 4: two praised, one complaint; 3: one and one; 2: one praised,
    two complaints; 1: three complaints.
    """
    texts = _texts()["reviews"]
    mix = {5: (3, 0), 4: (2, 1), 3: (1, 1), 2: (1, 2), 1: (0, 3)}
    number = 0
    for lang, count in REVIEWS.items():
        locale = {"en": "us", "es": "es", "ja": "jp", "zh": "us"}[lang]
        stock = [p for p in shop.products if locale in p.locales]
        for index in range(count):
            dice = Dice(shop.seed, "review", lang, index)
            product: Product = dice.pick(stock, "product")
            words = texts[lang]
            known = {a: s for a, s in words["aspects"].items() if _applies(a, product)}
            aspects = dice.shuffled(sorted(known), "aspects")
            rating = dice.pick([5, 5, 4, 4, 3, 2, 1], "rating")
            good, bad = mix[rating]
            said = [(a, "positive") for a in aspects[:good]]
            said += [(a, "negative") for a in aspects[good : good + bad]]
            sentences = [dice.pick(known[a][p], f"{a}/{p}") for a, p in said]
            many = lang == "en" and product.type.plural
            opening = dice.pick(words["openings_plural" if many else "openings"], "opening")
            gap = "" if lang in ("ja", "zh") else " "
            name = product.type.name(lang)
            name = wording.lowered(name) if gap else name
            yield {
                "review_id": f"r{number:05d}",
                "product_id": product.id,
                "user_id": _user(dice, locale),
                "locale": locale,
                "lang": lang,
                "rating": rating,
                "title": dice.pick(words["titles"][rating], "title"),
                "text": gap.join([opening.replace("{t}", name), *sentences]),
                "aspects": [
                    {"aspect": a, "polarity": p, "snippet": s}
                    for (a, p), s in zip(said, sentences, strict=True)
                ],
                "helpful_votes": dice.between(0, 9, "votes"),
                "verified": dice.chance(0.85, "verified"),
                "timestamp": _START + dice.between(0, 31_000_000, "time") * 1000,
            }
            number += 1


def _applies(aspect: str, product: Product) -> bool:
    kind = product.type
    if aspect == "color":
        return "color" in product.facts
    if aspect == "quality":
        return kind.id not in _USED_UP and kind.dept != "books"
    if aspect == "material":
        return "material" in product.facts
    if aspect == "battery":
        return kind.id in ("smartphone", "smartwatch", "tablet", "earbuds", "speaker", "power_bank")
    if aspect == "taste":
        return kind.id in ("coffee_beans", "green_tea")
    if aspect == "ease of use":
        return kind.dept in ("phones", "audio", "computers", "kitchen", "tools", "cleaning")
    return True


def make_questions(shop: Shop, ontology: Ontology) -> Iterator[dict[str, Any]]:
    """Yield questions about one fact of a product, and the answer that the fact gives."""
    texts = _texts()["questions"]
    for number in range(QUESTIONS):
        dice = Dice(shop.seed, "question", number)
        product: Product = dice.pick(shop.products, "product")
        locale = dice.pick(product.locales, "locale")
        lang = LOCALES[locale]
        axis = dice.pick(sorted(product.facts), "axis")
        words = texts[lang]
        wording_pair = dice.pick(words.get(axis, words["other"]), "wording")
        label = ontology.axes[axis].label[("en", "es", "ja").index(lang)].lower()
        kind = product.type.name(lang)
        fill = {
            "{t}": wording.lowered(kind) if lang != "ja" else kind,
            "{v}": product.facts[axis].name(lang),
            "{label}": label,
            "{line}": product.line,
        }
        question, answer = (_fill(text, fill) for text in wording_pair)
        yield {
            "question_id": f"q{number:05d}",
            "product_id": product.id,
            "locale": locale,
            "attribute": axis,
            "value": product.facts[axis].name(lang),
            "question": question,
            "answer": answer,
        }


def _fill(text: str, fill: dict[str, str]) -> str:
    for slot, value in fill.items():
        text = text.replace(slot, value)
    return text[:1].upper() + text[1:]


def make_dialogues(shop: Shop) -> Iterator[dict[str, Any]]:
    """Yield short customer service dialogues; each turn carries its intent."""
    texts = _texts()["dialogues"]
    for number in range(DIALOGUES):
        dice = Dice(shop.seed, "dialogue", number)
        product: Product = dice.pick(shop.products, "product")
        locale = dice.pick(product.locales, "locale")
        lang = LOCALES[locale]
        scene = dice.pick(texts[lang], "scene")
        kind = product.type.name(lang)
        currency = {"us": "USD", "es": "EUR", "jp": "JPY"}[locale]
        price = prices(product)[currency]
        fill = {
            "{t}": wording.lowered(kind) if lang != "ja" else kind,
            "{line}": product.line,
            "{brand}": product.brand.name,
            "{order}": f"{dice.between(100, 999, 'a')}-{dice.between(10000, 99999, 'b')}",
            "{days}": str(dice.between(2, 6, "days")),
            "{price}": f"{price:.0f}" if currency == "JPY" else f"{price:.2f}",
        }
        if lang == "es":
            fill["{price}"] = fill["{price}"].replace(".", ",")
        yield {
            "dialogue_id": f"d{number:04d}",
            "locale": locale,
            "product_id": product.id,
            "topic": scene["topic"],
            "turns": [
                {"speaker": who, "intent": intent, "text": _fill(text, fill)}
                for who, intent, text in scene["turns"]
            ],
        }


def make_talk(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write sessions, reviews, questions and dialogues into ``folder``."""
    write_lines(folder / "sessions.jsonl", make_sessions(shop))
    write_lines(folder / "reviews.jsonl", make_reviews(shop))
    write_lines(folder / "questions.jsonl", make_questions(shop, ontology))
    write_lines(folder / "dialogues.jsonl", make_dialogues(shop))
