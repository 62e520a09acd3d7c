"""Questions with four choices whose answers a program makes certain, in the form of MMLU."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from shop.load import Ontology
from shop.model import Dice, ProductType

_UNITS = [
    # One large unit, the small one, and how many of these it has: exact by definition.
    ("kilogram", "grams", Fraction(1000)),
    ("meter", "centimeters", Fraction(100)),
    ("kilometer", "meters", Fraction(1000)),
    ("liter", "milliliters", Fraction(1000)),
    ("pound", "ounces", Fraction(16)),
    ("foot", "inches", Fraction(12)),
    ("yard", "feet", Fraction(3)),
    ("gallon", "quarts", Fraction(4)),
    ("pint", "fluid ounces", Fraction(16)),
    ("hour", "minutes", Fraction(60)),
    ("minute", "seconds", Fraction(60)),
    ("day", "hours", Fraction(24)),
    ("dozen", "pieces", Fraction(12)),
    ("centimeter", "millimeters", Fraction(10)),
]
_PLURALS = {"foot": "feet", "dozen": "dozen"}
#: Terms of trade; no meaning fits a second term of the list.
_TERMS = [
    ("refund", "money that a shop gives back for goods that are returned"),
    ("warranty", "a promise to repair or replace a product that fails within a stated time"),
    ("invoice", "a document that lists what was sold and asks for payment"),
    ("barcode", "a pattern of lines that a scanner reads to identify a product"),
    ("wholesaler", "a trader who sells large quantities to shops rather than to households"),
    ("backorder", "an order for a product that is sold out and is sent once it is in stock again"),
    ("subscription", "an agreement to receive a product or service at regular intervals"),
    ("net weight", "the weight of the goods without their packaging"),
    ("customs duty", "a tax on goods that are brought in from another country"),
    ("deposit", "a sum that is paid at first to reserve goods, the rest being paid later"),
    ("exchange rate", "the price of one currency in another"),
    ("inventory", "all the goods that a shop has in store at a given time"),
    ("gift card", "a prepaid card that can be spent in a shop"),
    ("auction", "a sale in which the highest bid wins the goods"),
    ("expiry date", "the day after which a food should no longer be sold"),
    ("delivery note", "a paper in the parcel that lists what it contains"),
    ("assembly instructions", "a guide to putting together a product that comes in parts"),
    ("tracking number", "a code with which a parcel can be followed on its way"),
]
_DEPARTMENTS = {
    "pets": "pet supplies",
    "garden": "garden supplies",
    "phones": "phones and accessories",
    "kitchen": "kitchenware",
    "beauty": "beauty and personal care",
    "fitness": "fitness equipment",
    "music": "musical instruments",
    "food": "groceries",
    "cycling": "cycling gear",
}
_WEEK = list(calendar.day_name)
_MONTHS = list(calendar.month_name)[1:]


@dataclass(frozen=True)
class Question:
    """A question, its four choices in order, and the place of the right one."""

    subject: str
    text: str
    choices: tuple[str, str, str, str]
    answer: int

    @property
    def row(self) -> list[str]:
        """The question as a row of MMLU's CSV files."""
        return [self.text, *self.choices, "ABCD"[self.answer]]


def make_questions(ontology: Ontology, seed: int) -> list[Question]:
    """Return all questions, no two with the same text and choices, in a drawn order."""
    made: dict[tuple[str, ...], Question] = {}
    for question in _all(ontology, seed):
        made.setdefault((question.text, *sorted(question.choices)), question)
    return Dice(seed, "questions").shuffled(list(made.values()), "order")


def money(amount: Fraction | Decimal | int) -> str:
    """Return dollars and cents."""
    return f"${Decimal(round(Fraction(amount) * 100)) / 100:,.2f}"


def _all(ontology: Ontology, seed: int) -> Iterator[Question]:
    kinds = list(ontology.types.values())
    for number in range(70):
        yield from _prices(kinds, Dice(seed, "price", number))
    for unit in _UNITS:
        yield from _measures(*unit, seed)
    for number in range(30):
        yield from _calendar(Dice(seed, "calendar", number))
    for number in range(30):
        yield from _comparisons(Dice(seed, "comparison", number))
    yield from _trade(seed)
    for number in range(40):
        yield from _shelves(kinds, Dice(seed, "shelf", number))


def _question(
    subject: str, text: str, right: str, wrong: Sequence[str], dice: Dice
) -> Iterator[Question]:
    """Yield the question where three different wrong answers are left; its place is drawn."""
    others = [each for each in dict.fromkeys(wrong) if each != right][:3]
    if len(others) == 3:
        place = dice.between(0, 3, f"place {text}")
        shown = dice.shuffled(others, f"others {text}")
        shown.insert(place, right)
        yield Question(subject, text, (shown[0], shown[1], shown[2], shown[3]), place)


def _prices(kinds: Sequence[ProductType], dice: Dice) -> Iterator[Question]:
    kind = dice.pick(kinds, "type")
    thing = kind.name("en").lower() if kind.name("en").istitle() else kind.name("en")
    verb, pronoun = ("cost", "they") if kind.plural else ("costs", "it")
    article = "" if kind.plural else ("An " if thing[0].lower() in "aeiou" else "A ")
    subject = f"{article}{thing}" if article else thing[:1].upper() + thing[1:]
    price = Fraction(dice.between(*kind.price, "price"))
    percent = dice.pick([5, 10, 15, 20, 25, 30, 40, 50], "percent")
    part = price * percent / 100
    aux = "do" if kind.plural else "does"
    yield from _question(
        "elementary_mathematics",
        f"{subject} {verb} {money(price)}. The shop takes {percent}% off the price. How much "
        f"{aux} {pronoun} cost now?",
        money(price - part),
        [money(part), money(price + part), money(price - percent), money(price - part / 2)],
        dice,
    )
    count = dice.between(3, 12, "count")
    cents = Fraction(dice.between(25, 480, "cents"), 100)
    yield from _question(
        "elementary_mathematics",
        f"A pack of {count} costs {money(cents * count)}. What is the price of one piece?",
        money(cents),
        [
            money(cents * 2),
            money(cents + Fraction(1, 4)),
            money(cents * count / (count - 1)),
            money(cents * count / (count + 2)),
        ],
        dice,
    )
    paid = dice.pick([20, 50, 100], "paid")
    spent = Fraction(dice.between(paid * 40, paid * 97, "spent"), 100)
    change = paid - spent
    yield from _question(
        "business_basics",
        f"A customer buys goods for {money(spent)} and pays with {money(paid)}. How much change "
        "does the customer get?",
        money(change),
        [
            money(change + 1),
            money(change + Fraction(1, 10)),
            money(spent),
            money(change - Fraction(1, 4)),
        ],
        dice,
    )
    bottles, ounces = dice.between(2, 12, "bottles"), dice.between(4, 32, "ounces")
    yield from _question(
        "elementary_mathematics",
        f"A box holds {bottles} bottles of {ounces} fluid ounces each.\nHow many fluid ounces are "
        "there in the whole box?",
        str(bottles * ounces),
        [
            str(bottles + ounces),
            str(bottles * ounces + ounces),
            str((bottles - 1) * ounces),
            str(bottles * ounces + bottles),
        ],
        dice,
    )


def _measures(large: str, small: str, factor: Fraction, seed: int) -> Iterator[Question]:
    plural = _PLURALS.get(large, f"{large}s")
    for amount in (1, 3, 5):
        dice = Dice(seed, "unit", large, amount)
        right = factor * amount
        named = f"one {large}" if amount == 1 else f"{amount} {plural}"
        if large == "dozen" and amount > 1:
            named = f"{amount} dozen"
        wrong = [right * 10, right * 2, right / 2, right + factor, right + 10, right + 4]
        yield from _question(
            "units_and_measures",
            f"How many {small} are there in {named}?",
            f"{int(right):,}",
            [f"{int(each):,}" for each in wrong if each.denominator == 1 and each > 0],
            dice,
        )


def _calendar(dice: Dice) -> Iterator[Question]:
    day, ahead = dice.between(0, 6, "day"), dice.between(2, 40, "ahead")
    right = _WEEK[(day + ahead) % 7]
    yield from _question(
        "calendar_and_time",
        f"An order that is placed on a {_WEEK[day]} arrives {ahead} days later. On which day of "
        "the week does it arrive?",
        right,
        dice.shuffled([name for name in _WEEK if name != right], "days"),
        dice,
    )
    start = date(dice.between(2021, 2026, "year"), 1, 1) + timedelta(dice.between(0, 364, "start"))
    days = dice.pick([14, 30, 60, 90], "window")
    end = start + timedelta(days)
    yield from _question(
        "calendar_and_time",
        f"A parcel is delivered on {_date(start)} and may be returned up to {days} days after "
        "that. What is the last day on which it may be returned?",
        _date(end),
        [_date(end + timedelta(shift)) for shift in (-7, 3, 10)],
        dice,
    )
    year, month = dice.between(1996, 2030, "leap"), dice.between(1, 12, "month")
    length = calendar.monthrange(year, month)[1]
    yield from _question(
        "calendar_and_time",
        f"How many days does {_MONTHS[month - 1]} {year} have?",
        str(length),
        [str(each) for each in (28, 29, 30, 31) if each != length],
        dice,
    )
    right = "One" if calendar.isleap(year) else "None"
    yield from _question(
        "calendar_and_time",
        f"How many leap days are there in the year {year}?",
        right,
        [each for each in ("None", "One", "Two", "Four") if each != right],
        dice,
    )


def _date(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _comparisons(dice: Dice) -> Iterator[Question]:
    for name, units in {
        "Which of these weights is the heaviest?": {"g": 1, "kg": 1000},
        "Which of these lengths is the longest?": {"mm": 1, "cm": 10, "m": 1000},
        "Which of these volumes is the largest?": {"ml": 1, "cl": 10, "l": 1000},
    }.items():
        sizes: dict[int, str] = {}
        for number in range(4):
            unit = dice.pick(list(units), f"{name} unit {number}")
            amount = dice.between(2, 9, f"{name} amount {number}") * (
                10 ** dice.between(0, 2, f"{name} power {number}") if units[unit] < 1000 else 1
            )
            sizes[amount * units[unit]] = f"{amount} {unit}"
        if len(sizes) == 4:
            right = sizes[max(sizes)]
            yield from _question(
                "units_and_measures",
                name,
                right,
                [each for each in sizes.values() if each != right],
                dice,
            )


def _trade(seed: int) -> Iterator[Question]:
    for number, (term, meaning) in enumerate(_TERMS):
        dice = Dice(seed, "term", number)
        others = dice.shuffled([each for each in _TERMS if each[0] != term], "others")
        article = "an" if term[0] in "aeiou" else "a"
        named = term if term in ("net weight", "assembly instructions") else f"{article} {term}"
        yield from _question(
            "business_basics",
            f"In trade, what is meant by {named}?",
            f"{meaning[0].upper()}{meaning[1:]}",
            [f"{each[1][0].upper()}{each[1][1:]}" for each in others],
            dice,
        )
        yield from _question(
            "business_basics",
            f"Which of these is {meaning}?",
            f"{term[0].upper()}{term[1:]}",
            [f"{each[0][0].upper()}{each[0][1:]}" for each in others],
            dice,
        )


def _shelves(kinds: Sequence[ProductType], dice: Dice) -> Iterator[Question]:
    departments = dice.shuffled(list(_DEPARTMENTS), "departments")[:4]
    goods = [dice.pick([k for k in kinds if k.dept == d], f"type {d}") for d in departments]
    right = goods[0].name("en")
    yield from _question(
        "shopping_knowledge",
        f"Which of these products is found under {_DEPARTMENTS[departments[0]]}?",
        right,
        [each.name("en") for each in goods[1:]],
        dice,
    )
