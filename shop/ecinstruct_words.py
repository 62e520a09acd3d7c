"""What customers ask and answer about a product, and how they review it, for ECInstruct's tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shop.model import Product

#: The axis is that of a type's versions: only some of its values are what anybody calls a size.
_SIZE: Final = re.compile(
    r"(?:Extra |X-)?(?:Small|Medium|Large)|Size \d+|[\d/ x]+Inch|[\d.]+mm|A\d|(?:Full|3/4) Size.*"
)


@dataclass(frozen=True, slots=True)
class Talk:
    """How one attribute is talked about; ``{v}`` is its value, ``{t}`` the product's type.

    ``said`` tells the value; ``around`` speaks of the attribute without telling it, so that whether
    a question can be answered does not follow from the words that it shares with a snippet.
    """

    name: str
    questions: Sequence[str]
    said: Sequence[str]
    around: Sequence[str]
    answers: Sequence[str]


TALK: Final[Mapping[str, Talk]] = {
    "color": Talk(
        "Color",
        ("What color is it exactly?", "Which color will I receive?", "What is the color of this?"),
        (
            "The one that came is {v}, the same color as in the pictures.",
            "We got the {v} one and the color looks nice in our home.",
            "The color is {v}, as ordered.",
        ),
        (
            "The color looks a little different on my screen.",
            "I was worried about the color but I like it.",
            "My wife picked the color, so I did not look at it much.",
            "The color goes well with everything else that we have.",
            "After two weeks in the sun the color has not faded at all.",
        ),
        ("The color is {v}.", "It comes in {v}.", "You will receive it in {v}."),
    ),
    "material": Talk(
        "Material",
        ("What material is it made of?", "What is this made of?", "Which material is used?"),
        (
            "It is made of {v}, which feels right for the price.",
            "The material is {v} and there is no bad smell.",
            "Made of {v}, so it should last.",
        ),
        (
            "The material feels better than I thought.",
            "The material has held up well so far.",
            "Whatever material this is, it is easy to clean.",
            "I did not know this material before, but I am glad I tried it.",
        ),
        ("It is made of {v}.", "The material is {v}."),
    ),
    "capacity": Talk(
        "Capacity",
        ("How much does it hold?", "What is the capacity?"),
        (
            "The capacity is {v}, I measured it.",
            "It holds {v}, which is enough for me.",
        ),
        (
            "It holds more than my old one did.",
            "The capacity is fine for the two of us.",
            "For me the capacity could be a little greater.",
        ),
        ("It holds {v}.", "The capacity is {v}."),
    ),
    "size": Talk(
        "Size",
        ("What size is this?", "Which size do I get?"),
        (
            "The size is {v}, just as stated.",
            "I measured it and the size {v} is correct.",
        ),
        (
            "The size is just right for our place.",
            "It looked bigger in the photo, but the size works.",
            "I took the size that the table told me to take.",
        ),
        ("The size is {v}.", "It is the size {v}."),
    ),
    "weight": Talk(
        "Weight",
        ("How heavy is it?", "What is the weight?"),
        ("It weighs {v} on my scale.", "The weight is {v}, as printed on it."),
        (
            "It is heavier than it looks in the pictures.",
            "The weight is no problem for me.",
        ),
        ("It weighs {v}.", "The weight is {v}."),
    ),
    "length": Talk(
        "Length",
        ("How long is it?", "What is the length?"),
        ("It is {v} long from end to end.", "The length is {v}, I checked."),
        (
            "It is long enough for what I need it for.",
            "A bit longer would have been better for me.",
        ),
        ("It is {v} long.", "The length is {v}."),
    ),
    "power": Talk(
        "Power",
        ("What is the rated power?", "How much power does it have?"),
        ("The label says {v} of power.", "It is rated at {v}."),
        (
            "It has plenty of power for what I do with it.",
            "The power is more than I will ever need.",
        ),
        ("It is rated at {v}.", "The rated power is {v}."),
    ),
    "storage": Talk(
        "Storage",
        ("How much storage does it have?", "What is the storage size?"),
        ("The storage is {v}, enough for my photos.", "Mine came with {v} of storage."),
        ("I have not run out of storage yet.", "Storage fills up when you film a lot."),
        ("It has {v} of storage.", "The storage is {v}."),
    ),
    "device": Talk(
        "Compatible Device",
        ("Which device does it fit?", "What device is this made for?"),
        ("It fits my {v} perfectly.", "I use it with the {v} and it is a perfect fit."),
        ("It fits my device well.", "Check your device before you buy."),
        ("It fits the {v}.", "It is made for the {v}."),
    ),
}


def talked_of(product: Product) -> list[str]:
    """Return the axes of a product that customers ask about by the names of :data:`TALK`."""
    return [
        axis
        for axis, value in product.facts.items()
        if axis in TALK and (axis != "size" or _SIZE.fullmatch(value.names[0]))
    ]


OPENINGS: Final = (
    "We have used the {t} for about a month now.",
    "Ordered the {t} after reading other reviews.",
    "I needed a new {t} and took this one.",
    "Got the {t} last week.",
    "My sister told me about the {t}.",
    "Bought the {t} as a gift for my parents.",
    "I looked at many others before I bought the {t}.",
    "After half a year I know the {t} well enough.",
    "The {t} came on Tuesday.",
    "This is my second {t} from the same shop.",
)
#: The first openings suit a plural as well.
PLURAL_OPENINGS: Final = OPENINGS[1:8]
#: What reviewers praise and blame, by aspect; the last four suit any product at all.
PRAISE: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "quality": (
        (
            "It feels solid and well made.",
            "The quality is excellent.",
            "It is built to last.",
            "Every part of it is finished with care.",
            "It has taken a lot and shows no wear.",
        ),
        (
            "It feels flimsy and badly made.",
            "The quality is poor for a product like this.",
            "It fell apart after one week.",
            "A part of it broke off on the first day.",
            "It was worn out within a month.",
        ),
    ),
    "looks": (
        (
            "It looks even better than in the pictures.",
            "The design is beautiful.",
            "I like the look of it very much.",
            "It looks far more expensive than it is.",
        ),
        (
            "It looks cheap and worn already.",
            "It looks nothing like the pictures.",
            "The design is ugly once you see it up close.",
            "There were stains on it when I unpacked it.",
        ),
    ),
    "ease of use": (
        (
            "It is very easy to use.",
            "It is simple to handle.",
            "It is no trouble at all.",
            "I like it more every time I use it.",
        ),
        (
            "It is awkward to use.",
            "It is clumsy to handle.",
            "It is a nuisance every time I use it.",
            "I have had nothing but trouble with it.",
        ),
    ),
    "price": (
        (
            "The price is a bargain.",
            "It is worth every cent.",
            "I have paid twice as much for less.",
            "There is nothing better for so little money.",
        ),
        (
            "The price is far too high.",
            "It costs twice what it is worth.",
            "Other shops sell the same thing for half the price.",
            "It is far too expensive for what you get.",
        ),
    ),
    "delivery": (
        (
            "It arrived a day early.",
            "Shipping was quick.",
            "It was here the morning after I ordered it.",
            "The driver was friendly and right on time.",
        ),
        (
            "Delivery took more than three weeks.",
            "It arrived far too late to be of use.",
            "The parcel went to a wrong address first.",
            "Two delivery dates went by before it came.",
        ),
    ),
    "packaging": (
        (
            "It came carefully packed.",
            "The packaging was neat and without waste.",
            "The box was so pretty that I kept it.",
            "It was packed so well that nothing could happen to it.",
        ),
        (
            "The box was crushed when it came.",
            "It was packed carelessly and had scratches.",
            "The packaging was torn open on one side.",
            "There was so much plastic around it that it filled a bin.",
        ),
    ),
    "customer service": (
        (
            "Customer service was quick.",
            "The seller was friendly and helpful.",
            "I had a question and got a kind reply within the hour.",
            "The shop sent me a missing part for free.",
        ),
        (
            "Customer service never answered my messages.",
            "The seller refused to help.",
            "I was on hold for an hour and then the line went dead.",
            "The shop wants me to pay for sending it back.",
        ),
    ),
}
#: What a reviewer blames who is not displeased on the whole: nothing that makes a thing useless.
MILD: Final = ("price", "delivery", "packaging", "customer service")
#: What a reviewer of three stars says besides, which is neither praise nor blame.
PLAIN: Final = (
    "It is about as good as the one that I had before.",
    "There is nothing special about it one way or the other.",
    "I had no great hopes, and it is what I paid for.",
    "I have seen better ones and worse ones.",
    "It is what you would expect of such a thing.",
)
#: By stars, how a reviewer sums up: what it says follows from the stars alone.
VERDICTS: Final[Mapping[int, Sequence[str]]] = {
    5: (
        "I could not be happier with it!",
        "Simply perfect, I will buy it again.",
        "Best purchase of the year, I love it.",
        "I recommend it to everyone.",
        "Five out of five from me.",
        "I would not change a thing about it.",
        "Absolutely wonderful from beginning to end.",
        "I am thrilled, and so is my whole family.",
    ),
    4: (
        "A good buy all the same.",
        "Good, though not quite perfect.",
        "I am satisfied with it overall.",
        "I would buy it again in spite of that.",
        "That one flaw aside, I like it.",
        "All in all I am pleased with it.",
        "A little better and it would be perfect.",
        "I can live with that, and I like the rest.",
    ),
    3: (
        "It is okay, nothing more.",
        "Neither good nor bad.",
        "I am of two minds about it.",
        "All in all it is average.",
        "It does the job, but that is all.",
        "I do not love it and I do not hate it.",
        "So it is a middling thing for me.",
        "I might keep it, I might not.",
    ),
    2: (
        "I would not buy it again.",
        "On the whole I am disappointed.",
        "I expected more.",
        "Not a good buy for me.",
        "There are better ones for the money.",
        "All in all a letdown.",
        "I regret this purchase a little.",
        "It has one good side, which is not enough.",
    ),
    1: (
        "A complete waste of money!",
        "The worst one that I ever bought.",
        "I sent it back at once.",
        "Stay away from this.",
        "I want my money back.",
        "I have never been so angry about a purchase.",
        "It went straight into the bin.",
        "There is nothing good to say about it.",
    ),
}
