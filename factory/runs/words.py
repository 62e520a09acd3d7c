"""Two texts as one: what both say, and what only one of them does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, NamedTuple


class Piece(NamedTuple):
    """A piece of two texts: in both (``same``), or only in the earlier or the later one."""

    where: str
    text: str


#: Words by their spaces; a script that writes none is compared letter by letter.
_WORD: Final = re.compile(r"\s+|[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")
#: Two lines that share less are two lines: word by word they would read as neither.
_LEAST_SHARED: Final = 0.5
#: Beyond so many words a line is told as a whole: matching grows with the square.
_MOST_WORDS: Final = 2_000
_MOST_LINES: Final = 2_000


def compare_words(before: str, after: str) -> list[Piece]:
    """Return two texts as one: its pieces ``same``, ``before`` and ``after``, in reading order.

    The pieces that are not ``after`` make up the earlier text, those that are not ``before`` the
    later one.
    """
    return list(_joined(_lines(before.splitlines(keepends=True), after.splitlines(keepends=True))))


def around(text: str, most: int, first: bool, last: bool) -> str:
    """Return of a long text that both have what stands next to a difference, before or after it."""
    if len(text) <= 2 * most:
        return text
    return f"{'' if first else text[:most]} … {'' if last else text[-most:]}"


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    if max(len(before), len(after)) > _MOST_LINES:
        yield from _whole(before, after)
        return
    for how, i, j, k, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = before[i:j], after[k:n]
        if how == "equal":
            yield Piece("same", "".join(old))
        elif len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                yield from _words(_WORD.findall(one), _WORD.findall(other))
        else:
            yield from _words(_WORD.findall("".join(old)), _WORD.findall("".join(new)))


def _words(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    if max(len(before), len(after)) > _MOST_WORDS:
        yield from _whole(before, after)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _LEAST_SHARED:
        yield from _whole(before, after)
        return
    for how, i, j, k, n in matcher.get_opcodes():
        if how == "equal":
            yield Piece("same", "".join(before[i:j]))
        else:
            yield from _whole(before[i:j], after[k:n])


def _whole(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    yield Piece("before", "".join(before))
    yield Piece("after", "".join(after))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces in which what differs is not broken up by spaces that happen to be the same."""
    pieces = [piece for piece in pieces if piece.text]
    inner = {
        number
        for number in range(1, len(pieces) - 1)
        if pieces[number].text.isspace()
        and "\n" not in pieces[number].text
        and pieces[number].where == "same"
    }
    for same, group in groupby(
        enumerate(pieces), key=lambda item: item[1].where == "same" and item[0] not in inner
    ):
        found = [piece for _, piece in group]
        if same:
            yield Piece("same", "".join(piece.text for piece in found))
            continue
        for where in ("before", "after"):
            other = "after" if where == "before" else "before"
            if text := "".join(piece.text for piece in found if piece.where != other):
                yield Piece(where, text)
