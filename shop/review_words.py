"""The words of a long review: which sentences it has, and that they agree with its stars."""

from __future__ import annotations

from typing import Any, Final

from shop import wording
from shop.model import Dice, Product

_FOOD: Final = frozenset(("coffee_beans", "green_tea"))
_USED_UP: Final = frozenset(("dishwasher_tablets", "coffee_filters"))
_WORN: Final = frozenset(("running_shoes", "bicycle_helmet", "backpack"))
_OF_THE_SALE: Final = ("price", "delivery", "packaging", "service")
#: What has parts that move, or instructions: all else is used without anybody's advice.
_OPERATED: Final = frozenset(
    (
        *("cordless_vacuum", "coffee_maker", "french_press", "coffee_grinder", "electric_kettle"),
        *("knife_sharpener", "apple_slicer", "blender", "tent", "bike_light"),
    )
)
#: How many sentences praise and blame, by stars and by how much a review tells (level 0 to 4). With
#: what four, three and two stars add, and with the details of the upper two levels, reviews speak
#: of one or two, three, five, and eight things.
_MIX: Final = {
    5: ((0, 0), (1, 0), (3, 0), (4, 0), (6, 0)),
    4: ((0, 0), (1, 0), (2, 0), (3, 0), (5, 0)),
    3: ((0, 0), (0, 0), (2, 1), (2, 2), (3, 3)),
    2: ((0, 0), (0, 1), (1, 2), (1, 3), (1, 5)),
    1: ((0, 0), (0, 1), (0, 3), (0, 4), (0, 6)),
}
#: The part of the reviews that say something else besides, by level.
_STRAYING: Final = (0.0, 0.45, 0.45, 0.3, 0.15)
#: What sentences of ``details`` say that only somebody content would.
_CONTENT: Final = ("{g}", "times so far", "times a week")
#: When something was bought, and the most weeks of use that a review may then speak of.
_AGO: Final = (
    ("three weeks ago", 2),
    ("a month ago", 3),
    ("two months ago", 7),
    ("three months ago", 11),
)


class Words:
    """Sentences of ``ontology/reviews.yaml``, worded for one product at a time."""

    def __init__(self, texts: Any) -> None:
        self._texts = texts

    def title(self, stars: int, dice: Dice) -> str:
        """Return the title line of a review with so many stars."""
        title: str = dice.pick(self._texts["titles"][stars], "title")
        return title

    def review(
        self, product: Product, stars: int, level: int, *, rambling: bool, dice: Dice
    ) -> list[str]:
        """Return the sentences of a review.

        ``level`` is how much it tells about the product; one that is ``rambling`` is long and tells
        no more.
        """
        texts = self._texts
        slots = _slots(product, dice)
        if level == 0:
            return [_filled(dice.pick(texts["short"][stars], "short"), slots)]
        aspects = dice.shuffled(_aspects(product), "aspects")
        good, bad = _MIX[stars][level]
        if stars == 4:
            # At least one thing is left that the flaw can be of.
            flawed = dice.pick(_OF_THE_SALE, "flawed")
            aspects = [aspect for aspect in aspects if aspect != flawed]
        body = [dice.pick(texts["praise"][a], f"praise {a}") for a in aspects[:good]]
        body += [dice.pick(texts["complaint"][a], f"complaint {a}") for a in aspects[good:][:bad]]
        said = {*aspects[: good + bad]}
        if stars == 4:
            body.append(_other(texts["trifle"], said, product, dice))
        if stars == 3:
            body.append(dice.pick(texts["neither"], "neither"))
        if stars == 2 and good == 0:
            body.append(_other(texts["concession"], said, product, dice))
        if level >= 3:
            # Who goes on using a thing, or confirms what its listing says, is no angry customer.
            known = [
                each
                for each in texts["details"]
                if stars > 2 or not any(words in each for words in _CONTENT)
            ]
            extra = dice.shuffled(known, "details")[: level - 2]
            body = [*body[:2], *extra, *body[2:]]
        # Others stray from the product as well, or its length would tell how much a review tells.
        strays = dice.between(1, 4, "stray") if dice.chance(_STRAYING[level], "strays") else 0
        beside = dice.between(4, 7, "long") if rambling else strays
        body = [*dice.shuffled(texts["ramble"], "ramble")[:beside], *body]
        openings = list(texts["openings"])
        if product.type.id not in _FOOD | _USED_UP:
            openings += texts["openings_durable"]
        opening = [dice.pick(openings, "opening")]
        if level >= 3 and dice.chance(0.35, "no opening"):
            opening = []
        sentences = [*opening, *body, dice.pick(texts["closings"][stars], "closing")]
        return [_filled(sentence, slots) for sentence in sentences]


def _other(texts: dict[str, str], said: set[str], product: Product, dice: Dice) -> str:
    """Return a sentence about what has not been spoken of, and what the product has."""
    hidden = {"use", "size", "smell"} if product.type.id in _FOOD | _USED_UP else set()
    if "color" not in product.facts:
        hidden = hidden | {"looks"}
    if product.type.id not in _OPERATED:
        hidden = hidden | {"use"}
    return dice.pick([text for about, text in texts.items() if about not in said | hidden], "other")


def _aspects(product: Product) -> list[str]:
    kind = product.type
    names = [*_OF_THE_SALE]
    if product.features:
        names.append("described")
    if kind.id in _FOOD:
        return [*names, "taste", "fresh", "taste"][:6]
    if kind.id in _USED_UP:
        return [*names, "strength"]
    names.append("size")
    if kind.id in _OPERATED:
        names.append("use")
    if "material" in product.facts:
        names.append("build")
    if "color" in product.facts:
        names.append("looks")
    if kind.dept == "kitchen":
        names.append("cleaning")
    if kind.id in _WORN:
        names.append("comfort")
    return names


def _slots(product: Product, dice: Dice) -> dict[str, str]:
    plural = product.type.plural
    name = wording.lowered(product.type.name("en"))
    phrases = [feature.phrase["en"] for feature in product.features] or [""]
    material, color = (
        product.facts[axis].name("en").lower() if axis in product.facts else axis
        for axis in ("material", "color")
    )
    one, many = ("they", "them") if plural else ("it", "it")
    ago, most = dice.pick(_AGO, "ago")
    article = "some" if plural else "an" if name[:1] in "aeiou" else "a"
    return {
        "t": name,
        "b": product.brand.name,
        "line": f"{product.line} {name}",
        "f": dice.pick(phrases, "feature"),
        "g": phrases[-1],
        "material": material,
        "color": color,
        "it": one,
        "It": one.capitalize(),
        "them": many,
        "this": "these" if plural else "this",
        "This": "These" if plural else "This",
        "a": article,
        "an_old": "old ones" if plural else "an old one",
        "s": "" if plural else "s",
        "es": "" if plural else "es",
        "is": "are" if plural else "is",
        "was": "were" if plural else "was",
        "has": "have" if plural else "has",
        "does": "do" if plural else "does",
        "doesnt": "do not" if plural else "does not",
        "isnt": "are not" if plural else "is not",
        "ago": ago,
        "weeks": str(dice.between(2, most, "weeks")),
        "n": str(dice.between(3, 9, "number")),
    }


def _filled(sentence: str, slots: dict[str, str]) -> str:
    text = sentence.format_map(slots)
    return text[:1].upper() + text[1:]
