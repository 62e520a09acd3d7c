"""A description with the title and the attributes that it can be written from, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.stated_attributes import MODEL_NUMBER, places
from factory.sources.view import RowRejectedError
from factory.text import CJK, folded_case, similarity, tokens

OFFERS: Final = ("target", "listed", "highlights")

_FEWEST_TOKENS: Final = 8
#: A title of which the description says less cannot be written from it.
_LEAST_SUPPORT: Final = 0.5
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
#: A sentence that is so much like a bullet point tells of the same feature; nobody can tell of it
#: who does not know at least its name from the title.
_SAME_FEATURE: Final = 0.3
_LEAST_SHARED: Final = 2
#: A count that is written out is a figure as well.
_COUNTS: Final = frozenset((
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fifteen",
    "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "doce", "quince",
))  # fmt: skip
#: Capitalized words one after the other, as names are written.
_NAMES: Final = re.compile(r"[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)*")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: title, attributes that the description states (``listed``), description.

    Raises :class:`RowRejectedError` where title and description say too little of each other, or
    where the description repeats the title, has a name or a figure that nobody can know who is
    given title and attributes, or tells of a feature that the title does not name.
    """
    title, text = facts["title"], facts["description"]
    if folded_case(title) in folded_case(text):
        raise RowRejectedError("title-in-description", title)
    said = frozenset(tokens(text))
    if len(said) < _FEWEST_TOKENS:
        raise RowRejectedError("description-too-short", text)
    words = frozenset(tokens(title))
    if (support := len(words & said) / len(words)) < _LEAST_SUPPORT:
        raise RowRejectedError("title-unsupported", f"{support:.0%} of {title!r}")
    known = frozenset(tokens(facts["type"]))
    values = {word for each in facts["attributes"] for word in tokens(each["value"] or "")}
    if name := _untold_name(text, words, known | values):
        raise RowRejectedError("name-untold", name)
    figures = {word for word in said if any(character.isdigit() for character in word)}
    figures |= said & _COUNTS
    if made_up := figures - words - known - values:
        raise RowRejectedError("figure-untold", min(made_up))
    bullets = facts["bullets"] or ()
    for sentence in _SENTENCE.split(text):
        said_of_it = frozenset(tokens(sentence))
        if all(similarity(said_of_it, tokens(bullet)) < _SAME_FEATURE for bullet in bullets):
            continue
        # A feature's name stands before a colon.
        called = frozenset(tokens(re.split("[:：]", sentence)[0])) - known
        if len(called & words) < min(_LEAST_SHARED, len(called)):
            raise RowRejectedError("feature-untold", sentence)
    listed = [
        f"{each['name']}: {each['value']}"
        for each in facts["attributes"]
        if each["value"]
        and not MODEL_NUMBER.match(each["value"].strip())
        and places(each["value"].strip(), text)
    ]
    if not listed:
        raise RowRejectedError("no-attributes", title)
    kept = ("key", "locale", "title", "type", "subject", "source_ids")
    # What the title says and the description does not, in the words of the bullet points.
    untold = words - said
    highlights = [each for each in bullets if len(untold & frozenset(tokens(each))) > 1]
    yield {
        **{name: facts[name] for name in kept},
        "listed": listed,
        "highlights": highlights,
        "target": text,
    }


def _untold_name(text: str, title: frozenset[str], known: frozenset[str]) -> str:
    """Return a name in ``text`` that is made up of words of the title and of others, or nothing.

    Among Chinese and Japanese characters every Latin name stands for itself.
    """
    alone = CJK.search(text) is not None
    for found in _NAMES.finditer(text):
        words = frozenset(tokens(found[0]))
        if (alone or words & (title - known)) and not words <= title | known:
            return found[0]
    return ""
