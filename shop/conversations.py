"""What customers ask and the shop answers, all of it about facts of a product."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from shop import chinese, wording
from shop.facts import spoken_price
from shop.load import ROOT, Ontology
from shop.model import HOUSE_LOCALES, LANGS, Dice, Feature, Product, Shop

#: How an axis is called inside a sentence, where that is not its label on the page.
_NOUNS = {
    "en": {
        "audience": "intended user",
        "size": "size",
        "device": "compatible device",
        "pack": "pack size",
    },
    "es": {"audience": "público", "size": "medida", "device": "dispositivo compatible"},
    "ja": {"size": "サイズ"},
    "zh": {"size": "规格"},
}
#: What a conversation may be cut short after: the agent's first answer asks nothing back.
_ANSWERED_AT_ONCE = frozenset(
    (
        "delivery",
        "return",
        "price",
        "availability",
        "compatibility",
        "cancellation",
        "warranty",
        "advice",
    )
)
#: What a customer asks a recommendation for.
_ASKED_AXES = ("color", "material", "kind", "capacity", "storage", "size")
#: Values of these are names; elsewhere an English value is lowered inside a sentence.
_NAMED_AXES = ("device", "model")


@cache
def _texts() -> Any:
    return yaml.safe_load((ROOT / "conversations.yaml").read_text(encoding="utf-8"))


def type_name(product: Product, lang: str) -> str:
    """Return the product's type as it stands inside a sentence."""
    name = product.type.name(lang)
    return wording.lowered(name) if lang in ("en", "es") else name


def feature_phrase(product: Product, feature: Feature, lang: str) -> str:
    """Return the short phrase of a feature."""
    return chinese.feature_texts(product, feature)[0] if lang == "zh" else feature.phrase[lang]


def feature_on_page(
    product: Product, feature: Feature, lang: str, ontology: Ontology, seed: int
) -> tuple[str, str]:
    """Return the heading of a feature on the product's page, and what the page says under it."""
    if lang == "zh":
        return chinese.feature_texts(product, feature)
    bullet = wording.bullets(product, lang, ontology, seed)[product.features.index(feature)]
    heading, _, said = bullet.partition(":")
    return (heading, wording.upper_first(said.strip())) if said else (feature.phrase[lang], bullet)


def axis_noun(ontology: Ontology, axis: str, lang: str) -> str:
    """Return how an axis is called inside a sentence."""
    label = ontology.axes[axis].label[LANGS.index(lang)]
    noun = _NOUNS.get(lang, {}).get(axis, label)
    return noun.lower() if lang in ("en", "es") else noun


def spoken_value(product: Product, axis: str, lang: str) -> str:
    """Return the product's value on an axis as it stands inside a sentence."""
    value = product.facts[axis].name(lang)
    if lang != "en" or axis in _NAMED_AXES or any(mark.isdigit() for mark in value):
        return value
    return wording.lowered(value)


def fill(text: str, slots: dict[str, str]) -> str:
    """Return ``text`` with its slots filled and a capital first letter."""
    for slot, value in slots.items():
        text = text.replace("{" + slot + "}", value)
    return text[:1].upper() + text[1:]


def names(product: Product, lang: str) -> dict[str, str]:
    """Return the slots that every text about a product may use."""
    return {
        # A device's model starts with its brand: the two are not said in a row.
        "brand} {line": f"{wording.maker(product)} {product.line}".strip(),
        "t": type_name(product, lang),
        "brand": product.brand.name,
        "line": product.line,
    }


def _other_value(product: Product, axis: str, lang: str, dice: Dice) -> str:
    """Return another value that the type may have on ``axis``, or an empty text."""
    own = product.facts[axis]
    others = [v for v in product.type.axes[axis] if v.name(lang) != own.name(lang)]
    if axis == "size" and own.id[:1] in "wm" and own.id[1:].isdigit():
        others = [v for v in others if v.id[0] == own.id[0]]
    if not others:
        return ""
    name = dice.pick(others, f"other/{axis}").name(lang)
    lower = lang == "en" and axis not in _NAMED_AXES and not any(m.isdigit() for m in name)
    return wording.lowered(name) if lower else name


def make_questions(
    shop: Shop, ontology: Ontology, locale: str, count: int
) -> Iterator[dict[str, Any]]:
    """Yield questions about one fact of a product of ``locale``, and the answer that it gives.

    ``attribute`` is an axis, ``price``, ``code`` (the model number) or ``feature``; ``value``
    stands in the answer.
    """
    lang = HOUSE_LOCALES[locale]
    words = _texts()["questions"][lang]
    stock = [p for p in shop.products if p.sold_in(locale)]
    for number in range(count):
        dice = Dice(shop.seed, "question", locale, number)
        product = dice.pick(stock, "product")
        # A page also gives a model number: which of the two is meant by "model" nobody can tell.
        # How many sleep in a tent is not what a customer calls its capacity.
        unasked = {"model", "capacity"} if product.type.id == "tent" else {"model"}
        axis = dice.pick(sorted(product.facts.keys() - unasked), "axis")
        value = spoken_value(product, axis, lang)
        slots = names(product, lang) | {"label": axis_noun(ontology, axis, lang), "v": value}
        form = dice.pick(["fact"] * 4 + ["feature"] * 4 + ["yes", "no", "price", "code"], "form")
        if form in ("yes", "no") and axis in ("option", "audience", "kind", "size"):
            # "Is the version with a lid?" is no sentence in every language, and whether "round" is
            # a type or a version nobody can tell. "Is the size E26 Base?" nobody asks.
            form = "fact"
        if form == "no":
            slots["w"] = _other_value(product, axis, lang, dice)
            form = form if slots["w"] else "yes"
        attribute, pairs = axis, words.get(form)
        if form == "fact":
            pairs = words.get(axis, words["other"])
        elif form == "feature":
            feature = dice.pick(product.features, "feature")
            attribute = "feature"
            slots["f"], value = feature_on_page(product, feature, lang, ontology, shop.seed)
            slots["feature"] = value
        elif form == "code":
            attribute, value = "code", product.code
            slots["v"] = value
        elif form == "price":
            attribute, value = "price", spoken_price(product, locale)
            slots["price"] = value
        question, answer = (fill(text, slots) for text in dice.pick(pairs, "wording"))
        yield {
            "question_id": f"q{locale}{number:04d}",
            "product_id": product.id,
            "locale": locale,
            "attribute": attribute,
            "value": value,
            "question": question,
            "answer": answer,
        }


def _suits(topic: str, product: Product) -> bool:
    """Return whether a conversation about ``product`` may have this topic."""
    if topic == "compatibility":
        return "device" in product.facts and len(product.type.axes["device"]) > 1
    if topic == "wrong item":
        return "color" in product.facts and len(product.type.axes["color"]) > 1
    return topic != "advice" or bool(set(_ASKED_AXES) & set(product.facts))


def make_dialogues(
    shop: Shop, ontology: Ontology, locale: str, count: int
) -> Iterator[dict[str, Any]]:
    """Yield customer service conversations of three to six turns; each turn has its intent."""
    lang = HOUSE_LOCALES[locale]
    words = _texts()["conversations"][lang]
    topics = sorted(set(words) - {"thank", "close"})
    stock = {t: [p for p in shop.products if p.sold_in(locale) and _suits(t, p)] for t in topics}
    for number in range(count):
        dice = Dice(shop.seed, "dialogue", locale, number)
        topic = dice.pick(topics, "scene")
        product = dice.pick(stock[topic], "product")
        turns = words[topic]
        if topic in _ANSWERED_AT_ONCE and dice.chance(0.3, "short"):
            turns = turns[:2]
        slots = names(product, lang) | {
            "order": f"{dice.between(100, 999, 'a')}-{dice.between(10000, 99999, 'b')}",
            "days": str(dice.between(2, 6, "days")),
            "few": str(dice.between(3, 19, "few")),
            "number": str(dice.between(2, 98, "number")),
            "price": spoken_price(product, locale),
        }
        asked = [a for a in _ASKED_AXES if a in product.facts]
        axis = dice.pick(asked or sorted(product.facts), "axis")
        if topic == "compatibility":
            slots["other"] = _other_value(product, "device", lang, dice)
            slots["device"] = product.facts["device"].name(lang)
        if topic == "wrong item":
            axis = "color"
            slots["w"] = _other_value(product, axis, lang, dice)
        slots["label"] = axis_noun(ontology, axis, lang)
        slots["v"] = spoken_value(product, axis, lang)
        feature = product.features[0]
        slots["feature"] = feature_on_page(product, feature, lang, ontology, shop.seed)[1]
        said = [
            {"speaker": who, "intent": intent, "text": fill(dice.pick(ways, f"turn/{i}"), slots)}
            for i, (who, intent, ways) in enumerate(turns)
        ]
        ending = [("customer", "thank"), ("agent", "close")]
        # A conversation of two turns is a question and an answer: it goes on with thanks.
        least = 1 if len(said) == 2 else 0
        for speaker, intent in ending[: dice.between(least, 2, "ending")]:
            text = dice.pick(words[intent], intent)
            said.append({"speaker": speaker, "intent": intent, "text": text})
        yield {
            "dialogue_id": f"d{locale}{number:04d}",
            "locale": locale,
            "product_id": product.id,
            "topic": topic,
            "turns": said,
        }
