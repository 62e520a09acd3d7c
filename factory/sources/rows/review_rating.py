"""Whether a review's words leave its stars to be read out of them, and do not say them outright.

"Five Stars" as a headline is the answer itself: the review stands without it. A text that names a
number of stars is left out, as is one that says the opposite of its stars: people mix up the two
ends of the scale, and nobody could guess it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import tokens

OFFERS: Final = ("review", "headline", "product_type", "product")

_NUMBER: Final = r"(?:zero|no|half|a|one|two|three|four|five|[0-9](?:[.,][0-9])?)"
_STARS: Final = re.compile(
    rf"\b{_NUMBER}(?:[- ](?:and a half|out of five|of 5))?[- ]?(?:\*|stars?\b)|[★⭐*]{{2,}}|"
    r"\b[0-9](?:\.[0-9])?\s?/\s?(?:5|10)\b|"
    r"\b(?:minus|loses?|lost|lose|knocked off|took off|take off)\s(?:\w+\s){0,2}stars?\b|"
    r"\bfrom five\b|\bout of (?:5|five|10|ten)\b",
    re.IGNORECASE,
)
#: What upstream puts into texts for a video or a link to a product, which keeps its name.
_EMBEDDED: Final = re.compile(r"\[\[(?:VIDEOID:[^\]]*|ASIN:\w+ ?([^\]]*))\]\]")

#: Without one of these no text names stars; to look for them takes a tenth of the time.
_MAY_NAME_STARS: Final = ("star", "*", "/", "★", "⭐", "out of", "from five")

_LONGEST: Final = 2_000
_FEWEST_WORDS: Final = 4
_LONGEST_PRODUCT: Final = 200

_PRAISE: Final = frozenset(
    (
        *("love", "loves", "loved", "great", "excellent", "perfect", "perfectly"),
        *("amazing", "awesome", "wonderful", "fantastic", "best", "beautiful", "beautifully"),
        *("happy", "happier", "pleased", "delighted", "recommend", "recommended", "favorite"),
        *("superb", "gorgeous", "outstanding", "comfortable", "good", "nice", "sturdy"),
        *("glad",),
    )
)
_BLAME: Final = frozenset(
    (
        *("terrible", "horrible", "awful", "worst", "useless", "broken", "broke"),
        *("junk", "garbage", "trash", "waste", "wasted", "disappointed", "disappointing"),
        *("disappointment", "defective", "poor", "poorly", "cheap", "cheaply", "flimsy"),
        *("refund", "returned", "returning", "ugly", "ripped", "stopped", "uncomfortable"),
        *("hate", "hated", "fell", "failed", "overpriced", "unimpressed"),
    )
)
_NEGATION: Final = frozenset(("not", "no", "never", "nothing", "hardly", "t", "isn", "wasn", "don"))
#: "Could not be happier" praises, and "do not waste your money" blames.
_NEVER_TURNED: Final = frozenset(("happier", "waste", "wasted", "better"))


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the review with the headline that it may show.

    Raises :class:`RowRejectedError` where the text names stars, contradicts them, says next to
    nothing, or is too long.
    """
    text, headline = _plain(facts["text"]), _plain(facts["headline"])
    if _stars(headline) or text.casefold().startswith(headline.casefold().rstrip(" .…")):
        headline = ""
    if found := _stars(text):
        raise RowRejectedError("stars-in-text", found[0])
    if len(text) > _LONGEST:
        raise RowRejectedError("text-too-long", f"{len(text)} characters")
    words = tokens(f"{headline} {text}")
    if not text or len(words) < _FEWEST_WORDS:
        raise RowRejectedError("says-too-little", f"{headline} {text}".strip())
    praise, blame = _polarity(words)
    stars = facts["answer"]
    # In between, people grant a good point or grumble; at the ends one word too many is too much,
    # as is a word that blames where none praises.
    too_much = 0 if stars in (1, 5) or (stars == 4 and not praise) else 1
    if (praise - blame if stars <= 2 else blame - praise if stars >= 4 else 0) > too_much:
        raise RowRejectedError(
            "words-contradict-stars", f"{stars} stars, {praise} praising and {blame} blaming words"
        )
    kind, product = facts["product_type"], facts["product"]
    if product and len(product) > _LONGEST_PRODUCT:
        product = ""
    if not kind and not product:
        raise RowRejectedError("no-product", "neither its type nor its title is known")
    yield {
        **{name: facts[name] for name in ("key", "locale", "answer", "source_ids")},
        "headline": headline,
        "review": text,
        "product_type": kind or "",
        "product": product or "",
    }


def _plain(text: str | None) -> str:
    """Return a text, clean already, without what upstream embeds in it."""
    if not text or "[[" not in text:
        return text or ""
    return " ".join(_EMBEDDED.sub(r"\1", text).split())


def _stars(text: str) -> re.Match[str] | None:
    """Return where a text names stars or another mark, if it does."""
    folded = text.lower()
    return _STARS.search(text) if any(sign in folded for sign in _MAY_NAME_STARS) else None


def _polarity(words: tuple[str, ...]) -> tuple[int, int]:
    """Return how many words praise and how many blame; one after a negation does the opposite."""
    praise = blame = 0
    for place, word in enumerate(words):
        if word in _PRAISE or word in _BLAME:
            before = words[max(0, place - 3) : place]
            turned = word not in _NEVER_TURNED and not _NEGATION.isdisjoint(before)
            if (word in _PRAISE) is not turned:
                praise += 1
            else:
                blame += 1
    return praise, blame
