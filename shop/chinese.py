"""Word a product in Chinese: its title, bullets and description, all from the same facts."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from shop.load import ROOT
from shop.model import Dice, Feature, Product
from shop.wording import axis_text, maker, tidy

#: Axes whose values stand right before the noun, in this order.
_BEFORE_NOUN = ("audience", "material", "kind", "bed")


@cache
def texts() -> Any:
    """Return what the ontology has in Chinese."""
    return yaml.safe_load((ROOT / "chinese.yaml").read_text(encoding="utf-8"))


def feature_texts(product: Product, feature: Feature) -> tuple[str, str]:
    """Return the short phrase and the sentence of one of the product's features."""
    _, _, features = texts()["types"][product.type.id]
    phrase, sentence = features[product.type.features.index(feature)]
    return str(phrase), str(sentence)


def _noun(product: Product) -> str:
    """Return the type with the values that stand before it, without saying a word twice."""
    name = product.type.name("zh")
    before = [axis_text(product, axis, "zh") for axis in _BEFORE_NOUN]
    return "".join(value for value in before if value and value not in name) + name


def title(product: Product, seed: int) -> str:
    """Return a title that shows the brand and the value of every axis."""
    dice = Dice(seed, "title", product.id, "zh")
    brand, line = maker(product), product.line
    device = axis_text(product, "device", "zh")
    fit = f"适用{device}" if device else ""
    rest = " ".join(
        axis_text(product, axis, "zh")
        for axis in product.facts
        if axis not in (*_BEFORE_NOUN, "device", "model", "color")
    )
    color = axis_text(product, "color", "zh")
    phrases = [feature_texts(product, feature)[0] for feature in product.features]
    first, second = phrases[0], phrases[1]
    use = dice.pick(texts()["types"][product.type.id][1], "use")
    noun = _noun(product)
    said = [value for axis in _BEFORE_NOUN if (value := axis_text(product, axis, "zh"))]
    unsaid = " ".join(value for value in said if value not in noun)
    layouts = [
        f"{brand} {line} {fit} {noun} {unsaid} {first} {rest} {color}",
        f"【{first}】{brand} {line} {fit} {noun} {unsaid} {rest} {color}",
        f"{brand} {noun} {unsaid} {fit} {first} {second} {rest} {color} {line}系列",
        f"{brand} {line} {noun} {unsaid} {fit} {rest} {use} {second} {color}",
    ]
    # A device's model is its line, so the article code tells two offers apart.
    code = product.code if "model" in product.facts else ""
    return tidy(f"{dice.pick(layouts, 'layout')} {code}")


def bullets(product: Product, seed: int) -> list[str]:
    """Return the 3 to 6 bullets: features and facts of this product, at times the warranty."""
    dice = Dice(seed, "bullets", product.id, "zh")
    out = ["【{}】{}".format(*feature_texts(product, feature)) for feature in product.features]
    for axis in dice.shuffled(sorted(product.facts), "axes")[: dice.between(1, 3, "count")]:
        text = dice.pick(texts()["bullets"][axis], f"wording/{axis}")
        text = text.replace("{v}", axis_text(product, axis, "zh")).replace("{line}", product.line)
        text = text.replace("{t}", product.type.name("zh"))
        out.append(text.replace("{brand}", product.brand.name))
    out = out[:6]
    if len(out) < 6 and dice.chance(0.14, "warranty"):
        out.append(dice.pick(texts()["warranty"], "which"))
    return out


def description(product: Product, seed: int) -> str:
    """Return two to four sentences that agree with the facts."""
    dice = Dice(seed, "description", product.id, "zh")
    about, uses, _ = texts()["types"][product.type.id]
    kind = product.type.name("zh")
    kind = f" {kind}" if kind[0].isascii() else kind
    # A device's model is its line, which the sentence has already.
    facts = "、".join(
        ("适用" if axis == "device" else "") + value.name("zh")
        for axis, value in product.facts.items()
        if axis != "model"
    )
    # The title may name a use, which no other one may contradict.
    use = Dice(seed, "title", product.id, "zh").pick(uses, "use")
    parts = [
        f"{maker(product)} {product.line}{kind}，{facts}。",
        about,
        f"适合{use}。",
        feature_texts(product, product.features[-1])[1],
    ]
    if dice.chance(0.4, "order"):
        parts[0], parts[1] = parts[1], parts[0]
    return "".join(part.strip() for part in parts[: dice.between(2, 4, "sentences")])
