"""What customers say of a product, and what others ask about it, for ECInstruct's tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from shop import ecinstruct_form as form
from shop import wording
from shop.ecinstruct_counter import Counter
from shop.ecinstruct_words import (
    MILD,
    OPENINGS,
    PLAIN,
    PLURAL_OPENINGS,
    PRAISE,
    TALK,
    VERDICTS,
    talked_of,
)
from shop.model import Dice, Product

#: Samples of each task.
_SENTIMENTS: Final = 480
_ANSWERABLE: Final = 200
_ANSWERS: Final = 130


def _review(product: Product, stars: int, dice: Dice) -> str:
    """Return a review whose stars are the sum of what it praises and blames."""
    # Nobody praises how soap is built.
    aspects = list(PRAISE) if product.type.family not in ("food", "care") else list(PRAISE)[3:]
    aspects = dice.shuffled(aspects, "aspects")
    good, bad = {5: (3, 0), 4: (2, 1), 3: (1, 1), 2: (1, 2), 1: (0, 3)}[stars]
    if stars in (3, 4):
        blamed = next(aspect for aspect in aspects if aspect in MILD)
        aspects = [aspect for aspect in aspects if aspect != blamed]
        aspects.insert(good, blamed)
    said = [dice.pick(PRAISE[a][0], a) for a in aspects[:good]]
    said += [dice.pick(PRAISE[a][1], a) for a in aspects[good : good + bad]]
    if stars == 3:
        said = dice.shuffled([*said, dice.pick(PLAIN, "plain")], "said")
    name = wording.lowered(product.type.names[0])
    opening = dice.pick(PLURAL_OPENINGS if product.type.plural else OPENINGS, "opening")
    if product.type.plural:
        opening = opening.replace("a new {t} and took this one", "new {t} and took these")
        said = [text.replace("It ", "The product ", 1) for text in said]
    text = " ".join((opening.replace("{t}", name), *said, dice.pick(VERDICTS[stars], "verdict")))
    if dice.chance(0.3, "lines"):
        text = text.replace(". ", ".\n\n", 1)
    return text.replace(" and ", " &amp; ") if dice.chance(0.06, "entity") else text


def sentiments(counter: Counter) -> Iterator[form.Sample]:
    """Yield reviews with the sentiment of their stars."""
    for number in range(_SENTIMENTS):
        dice = counter.dice("sentiment", number)
        product = dice.pick(counter.products, "product")
        # Every eleventh row is another five-star review: upstream is not balanced.
        stars = 5 - number % 5 if number % 11 else 5
        yield form.sentiment(_review(product, stars, dice), stars)


def _asked(counter: Counter, number: int, purpose: str, answerable: bool) -> tuple[Any, ...]:
    """Return a question about one attribute, the snippets about the product, and the answer."""
    dice = counter.dice(purpose, number)
    product = dice.pick(counter.products, "product")
    axes = sorted(talked_of(product))
    if not axes:
        return ()
    axis = dice.pick(axes, "axis")
    talk = TALK[axis]
    value = product.facts[axis].names[0]
    value = value if axis in ("capacity", "size", "power", "device") else wording.lowered(value)
    value = {"wooden": "wood"}.get(value, value)
    name = wording.lowered(product.type.names[0])
    # What speaks of the attribute, and how much there is, tells nothing about the answer.
    about = dice.shuffled(talk.around, "around")[: 1 + dice.chance(0.6, "tease")]
    if answerable:
        about[-1] = dice.pick(talk.said, "said").replace("{v}", value)
    stars = dice.pick([5, 4, 3], "stars")
    gossip = _review(product, stars, counter.dice(purpose, number, "gossip"))
    kept = [s for s in gossip.replace("\n\n", " ").split(". ") if axis not in s.lower()]
    others = [s if s.endswith((".", "!")) else f"{s}." for s in kept]
    snippets = [*about, *others[: dice.between(2, 4, "gossip")]]
    question = dice.pick(talk.questions, "question")
    if dice.chance(0.3, "named"):
        question = f"About the {product.line} {name}: {question[:1].lower()}{question[1:]}"
    reply = dice.pick(talk.answers, "answer").replace("{v}", value)
    return question, dice.shuffled(snippets, "document"), reply


def answerables(counter: Counter) -> Iterator[form.Sample]:
    """Yield questions with texts that answer them, or only speak of what is asked, in turn."""
    made = 0
    for number in range(10 * _ANSWERABLE):
        if made == _ANSWERABLE:
            return
        answerable = made % 2 == 0
        if asked := _asked(counter, number, "answerable", answerable):
            made += 1
            yield form.answerability(asked[0], asked[1], answerable=answerable)


def answers(counter: Counter) -> Iterator[form.Sample]:
    """Yield questions with texts and the answer that these give."""
    made = 0
    for number in range(10 * _ANSWERS):
        if made == _ANSWERS:
            return
        if asked := _asked(counter, number, "answer", True):
            made += 1
            # Customers answer as themselves at times, which is no answer for an assistant.
            own = counter.dice("answer", number).chance(0.06, "own")
            reply = f"I think so, mine did: {asked[2]}" if own else asked[2]
            yield form.answer(asked[0], asked[1], reply)
