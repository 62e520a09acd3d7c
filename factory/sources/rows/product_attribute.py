"""A question about one attribute of a titled product; one answer is that it cannot be inferred.

Only attributes with few values that exclude each other are asked about. That something cannot be
inferred is certain where the title has no word of any value of the attribute, and no figure where
the attribute is an amount. A distractor shares no word with the title or with another option; but
one of them, where the title has such, is what the title says of another attribute (``Cotton`` where
the color is asked for), so that words of the title are no sign of the right answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.attribute_families import known_stems, told_apart
from factory.sources.attribute_names import WORDS, Attribute, attribute
from factory.sources.attribute_variants import stem
from factory.sources.names_apart import stems as value_stems
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
        if _usable(value, asked)
        and (known.intersection(tokens(value)) if known else value in repeated)
    ]
    beside = _said_of_another(facts, asked, title, draw)
    if facts["inferred"] == "stated":
        gold = _stated(facts, asked, title)
        wrong = _wrong(gold, vocabulary, title, draw, _DISTRACTORS - 1 - len(beside))
        positive, negatives = gold, [CANNOT, *beside, *wrong]
    else:
        _check_absent(facts, asked, title)
        positive = CANNOT
        negatives = [*beside, *_wrong("", vocabulary, title, draw, _DISTRACTORS - len(beside))]
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


def _said_of_another(facts: dict[str, Any], asked: Attribute, title: str, draw: Draw) -> list[str]:
    """Return one value of the title that is another attribute's and surely not this one's, or none.

    Amounts come last: nobody takes a number of tablets for a color.
    """
    own = {place for value in facts["stated"] for place in places(value, title)}
    taken = known_stems(asked.family, facts["vocabulary"])
    found: list[tuple[bool, str]] = []
    for each in facts["beside"]:
        other, value = attribute(each["type"]), each["value"]
        at = places(value, title)
        if (
            other is None
            or not told_apart(asked, other, value)
            or other.name == "size"  # "3.5 M YTH" may be read as a male youth's
            or not any(map(str.isalpha, value))
            or not at
            or not _usable(value, other)
            or value_stems(value) & taken
            or any(start < end and first < last for start, last in at[:1] for first, end in own)
        ):
            continue
        found.append((other.family == "amount", title[at[0][0] : at[0][1]]))
    ranked = [found[place] for place in draw.permutation(len(found), "beside")]
    return [value for _, value in sorted(ranked, key=lambda each: each[0])[:1]]


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
    if not count:
        return chosen
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
