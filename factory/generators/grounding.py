"""What a program can check of a written text: that it says nothing that its source does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from factory.text import tokens

#: A number with its decimals and thousands; a digit inside a name (USB3, B07) counts as well.
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SPACES: Final = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return a text for comparison: NFKC, small letters, single spaces, straight quotes."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _SPACES.sub(" ", folded).strip()


def numbers(text: str) -> frozenset[str]:
    """Return the numbers in a text: without thousands' separators, 1,5 as 1.5."""
    return frozenset(map(_spelled, _NUMBER.findall(unicodedata.normalize("NFKC", text))))


def _spelled(number: str) -> str:
    """Return a number in the one spelling in which numbers are compared."""
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
    known: set[str] = set()
    for source in sources:
        known |= numbers(source)
    return numbers(text) - known


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


def _joined(left: str, right: str) -> bool:
    """Return whether two characters belong to one word of a script that parts words."""
    return bool(left and right) and _is_lettered(left) and _is_lettered(right)


def _is_lettered(character: str) -> bool:
    # Ideographs and kana are words of their own.
    return character.isalnum() and not (
        "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"
    )
