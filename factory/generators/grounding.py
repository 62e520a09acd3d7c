"""What a program can check of a written text: that it says nothing that its source does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

#: A number with its decimals and thousands; a digit inside a name (USB3, B07) counts as well.
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SPACES: Final = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return a text for comparison: NFKC, small letters, single spaces, straight quotes."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _SPACES.sub(" ", folded).strip()


def numbers(text: str) -> frozenset[str]:
    """Return the numbers in a text: without thousands' separators, 1,5 as 1.5."""
    found = set()
    for number in _NUMBER.findall(unicodedata.normalize("NFKC", text)):
        head, *rest = re.split(r"[.,]", number)
        # Groups of three are thousands; anything else is a decimal.
        found.add(
            head + "".join(rest)
            if rest and all(len(part) == 3 for part in rest)
            else ".".join((head, *rest)).rstrip("0").rstrip(".")
            if rest
            else head
        )
    return frozenset(found)


def unfounded_numbers(text: str, sources: Iterable[str]) -> frozenset[str]:
    """Return the numbers that ``text`` says and none of ``sources`` does."""
    known: set[str] = set()
    for source in sources:
        known |= numbers(source)
    return numbers(text) - known


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
