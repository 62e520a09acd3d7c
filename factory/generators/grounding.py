"""What a program can check of a written text: that it says nothing that its source does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise, takewhile
from typing import Final

from factory.sources.attribute_variants import stem
from factory.sources.lexicons import JOINING
from factory.text import folded_case, tokens

#: A number with its decimals and thousands; a digit inside a name (USB3, B07) counts as well.
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_JOINING: Final = frozenset[str]().union(*JOINING.values())
_LETTERS_OF_A_STEM: Final = 4
_LETTERS_OF_AN_ENDING: Final = 2


def plain(text: str) -> str:
    """Return a text for comparison: NFKC, small letters, single spaces, straight quotes."""
    return " ".join(folded_case(text).replace("’", "'").split())


def numbers(text: str) -> frozenset[str]:
    """Return the numbers in a text: without thousands' separators, 1,5 as 1.5."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return frozenset(map(_spelled, _NUMBER.findall(text)))


def _spelled(number: str) -> str:
    """Return a number in the one spelling in which numbers are compared."""
    if number.isdecimal():
        return number
    head, *rest = re.split(r"[.,]", number)
    marks = [character for character in number if character in ".,"]
    if len(rest) > 1 and marks[-1] not in marks[:-1] and _are_thousands(head, rest[:-1]):
        head, rest = head + "".join(rest[:-1]), rest[-1:]
    elif rest and len(set(marks)) == 1 and _are_thousands(head, rest):
        return head + "".join(rest)
    return ".".join((head, *rest)).rstrip("0").rstrip(".") if rest else head


def _are_thousands(head: str, groups: Iterable[str]) -> bool:
    """Return whether groups of three follow what such groups can follow: 1,299 and not 0,125."""
    return len(head) <= 3 and not head.startswith("0") and all(len(each) == 3 for each in groups)


def unfounded_numbers(text: str, sources: Iterable[str]) -> frozenset[str]:
    """Return the numbers that ``text`` says and none of ``sources`` does."""
    said = numbers(text)
    for source in sources:
        if not said:
            break
        said -= numbers(source)
    return said


def run_from(text: str, prompt: str, apart_from: str, length: int) -> str:
    """Return the first run of ``length`` words of ``text`` that the prompt says, or ``""``.

    Small models hand back the example of a prompt, or what it asks of them. What ``apart_from``
    says as well, such as the text that they are asked about, is theirs to say; and a run with a
    number in it may be about another thing: "there are 4 packs".
    """
    known = set(_runs(apart_from, length))
    own = set(_runs(prompt, length)) - known
    found = (" ".join(run) for run in _runs(text, length) if run in own)
    return next((run for run in found if not _NUMBER.search(run)), "")


def _runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    words = tokens(text)
    return zip(*(words[start:] for start in range(length)), strict=False)


def stands_in(part: str, text: str) -> bool:
    """Return whether ``part`` stands in ``text`` word for word, whatever its case and spaces.

    Where words are parted by spaces, it must begin and end where words do.
    """
    inner, outer = plain(part), plain(text)
    if not inner:
        return False
    start = outer.find(inner)
    while start >= 0:
        end = start + len(inner)
        before, after = outer[start - 1 : start], outer[end : end + 1]
        if not (_joined(before, inner[0]) or _joined(inner[-1], after)):
            return True
        start = outer.find(inner, start + 1)
    return False


def says_a_word_of(text: str, name: str) -> bool:
    """Return whether a text says a word of ``name``, in whichever number, apart or in one.

    Of a script that does not part words, two neighbouring characters do (the only one of a name
    that has one): ケース stands in スマホケース. Among those, words of another script must all
    stand in the text: ``usb cable`` is no name in a listing that calls it ケーブル.
    """
    outer, inner = plain(text), plain(name)
    if inner and all(_is_unparted(character) for character in inner):
        pairs = (inner[place : place + 2] for place in range(max(1, len(inner) - 1)))
        return any(pair in outer for pair in pairs)
    said, asked = _words_and_pairs(outer), [*tokens(inner)]
    found = [
        any(_one_word(word, other) for other in said) for word in asked if word not in _JOINING
    ] or [False]
    if any(_one_word("".join(asked), other) for other in said):
        return True
    return all(found) if any(map(_is_unparted, outer)) else any(found)


def _words_and_pairs(text: str) -> set[str]:
    """Return the words of a text, and neighbours as one word: hair brush, hairbrush."""
    words = tokens(text)
    return {*words, *(left + right for left, right in pairwise(words))}


def _one_word(one: str, other: str) -> bool:
    """Return whether two words are one but for an ending: ``scarpa``, ``scarpe``."""
    if stem(one) == stem(other):
        return True
    pairs = zip(one, other, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return same >= _LETTERS_OF_A_STEM and max(len(one), len(other)) - same <= _LETTERS_OF_AN_ENDING


def _joined(left: str, right: str) -> bool:
    """Return whether two characters belong to one word of a script that parts words."""
    return bool(left and right) and _is_lettered(left) and _is_lettered(right)


def _is_lettered(character: str) -> bool:
    return character.isalnum() and not _is_unparted(character)


def _is_unparted(character: str) -> bool:
    # Ideographs and kana are words of their own.
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"
