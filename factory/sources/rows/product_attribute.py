"""A question about one attribute of a titled product; one answer is that it cannot be inferred.

Only attributes with few values that exclude each other are asked about. That something cannot be
inferred is certain where the title has no word of any value of the attribute, and no figure where
the attribute is an amount. A distractor shares no word with the title or with another option.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_names import WORDS, Attribute, attribute
from factory.sources.attribute_variants import stem
from factory.sources.title_words import places, second_figure, stands_beside
from factory.sources.view import RowRejectedError
from factory.text import tokens

OFFERS: Final = ("question", "positive", "negatives")

CANNOT: Final = "It cannot be inferred."
_DISTRACTORS: Final = 3
_LONGEST: Final = 28
#: Words that a value shares with anything: they tell no value from another.
_EMPTY: Final = frozenset(
    {"the", "a", "an", "of", "for", "and", "or", "with", "in", "to", "by", "from", "100"}
)
#: Values that are true of a product beside another value.
_BROAD: Final = frozenset(
    {
        *("multi", "multicolor", "multicolored", "colorful", "assorted", "colors", "vary", "may"),
        *("color", "universal", "all", "other", "unisex", "sport", "sports", "print", "couple"),
        *("fabric", "cloth", "alloy", "unspecified", "mixed", "various", "adjustable", "solid"),
        *("transparent", "clear", "everyone", "family", "natural", "size"),
    }
)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: title, question, the right answer and three others.

    Raises :class:`RowRejectedError` where the attribute is not fit to be asked about, the answer is
    not certain, or too few other values are certainly wrong.
    """
    asked = attribute(facts["type"])
    if asked is None or not asked.question:
        raise RowRejectedError("attribute-open", facts["type"])
    title = facts["title"]
    # What was annotated once may be no value at all, unless it has a word that says so.
    repeated = frozenset(facts["repeated"])
    known = frozenset(WORDS.get(asked.family, ()))
    vocabulary = [
        value
        for value in facts["vocabulary"]
        if _usable(value, asked) and (value in repeated or known.intersection(tokens(value)))
    ]
    if facts["inferred"] == "stated":
        gold = _stated(facts, asked, title)
        wrong = _wrong(gold, vocabulary, title, draw, _DISTRACTORS - 1)
        positive, negatives = gold, [CANNOT, *wrong]
    else:
        _check_absent(facts, asked, title)
        positive = CANNOT
        negatives = _wrong("", vocabulary, title, draw, _DISTRACTORS)
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": title,
        "question": asked.question,
        "positive": positive,
        "negatives": negatives,
        "source_ids": facts["source_ids"],
    }


def _usable(value: str, asked: Attribute) -> bool:
    return (
        1 < len(value) <= _LONGEST
        and "," not in value
        and "/" not in value
        and asked.takes(value)
        and not _stems(value) & _BROAD
    )


def _stated(facts: dict[str, Any], asked: Attribute, title: str) -> str:
    values = facts["stated"]
    if len(values) != 1:
        raise RowRejectedError("several-values", ", ".join(values))
    (value,) = values
    found = places(value, title)
    if not found or not _usable(value, asked):
        raise RowRejectedError("value-unfit", value)
    rivals = (*facts["vocabulary"], *WORDS.get(asked.family, ()))
    if other := stands_beside(values, rivals, title):
        raise RowRejectedError("another-value-in-title", other)
    if asked.family == "amount" and (other := second_figure(values, title)):
        raise RowRejectedError("another-figure-in-title", other)
    start, end = found[0]
    return title[start:end]


def _check_absent(facts: dict[str, Any], asked: Attribute, title: str) -> None:
    """Raise unless the title has nothing from which the attribute could be inferred."""
    said = _stems(title) | set(tokens(title))
    if asked.family == "amount":
        if any(character.isdigit() for character in title):
            raise RowRejectedError("may-be-inferred", "the title has a figure")
        return
    known = {word for value in facts["vocabulary"] for word in _stems(value)}
    known |= {stem(word) for text in WORDS.get(asked.family, ()) for word in tokens(text)}
    # A title that speaks of sleeves or skin says something about them.
    known |= {stem(word) for word in asked.name.split()}
    known -= _stems(facts["category"]) | _EMPTY
    if shared := sorted(word for word in known & said if len(word) > 1):
        raise RowRejectedError("may-be-inferred", ", ".join(shared[:5]))


def _wrong(gold: str, vocabulary: list[str], title: str, draw: Draw, count: int) -> list[str]:
    """Return values that are certainly wrong, by draw."""
    taken = _stems(title) | _stems(gold)
    possible = [value for value in vocabulary if not _stems(value) & taken]
    chosen: list[str] = []
    for place in draw.permutation(len(possible), "distractors"):
        words = _stems(possible[place])
        # "Skate" and "Skateboarding" are one sport to a reader.
        if any(_begin_alike(word, other) for word in words for other in taken):
            continue
        if words & taken:
            continue
        chosen.append(possible[place])
        taken |= words - _EMPTY
        if len(chosen) == count:
            return chosen
    raise RowRejectedError("too-few-values", f"{len(chosen)} of {count} are certainly wrong")


def _begin_alike(word: str, other: str) -> bool:
    if word[0].isdigit():
        return word.split(".")[0] == other.split(".")[0]
    return len(other) > 3 and word[:5] == other[:5]


def _stems(text: str) -> set[str]:
    return {stem(word) for word in tokens(text)} - _EMPTY
