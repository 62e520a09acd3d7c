"""What the tasks that tell a product by a part of its page share: which part is shown.

Not a row mapper itself. What quotes the title is left out: it would tell the title, and with it the
query, word for word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.judged import Product
from factory.sources.rows.product_text import boilerplate, sentences, without_title
from factory.sources.view import RowRejectedError
from factory.text import CJK, tokens

_MOST_BULLETS: Final = 5
_MOST_CHARACTERS: Final = 800
_FEWEST_CHARACTERS: Final = 60
_FEWEST_CHARACTERS_CJK: Final = 25


@dataclass(frozen=True, eq=False)
class Told(Product):
    """A title or query that is told by a text: ``query`` are the words of the text.

    What stands beside the right one is chosen between the number of its words that the text has
    and their share: a long title would be known by the one, a short query by the other.
    """

    @cached_property
    def shared(self) -> int:
        """How many words of the text it has over the root of all its words, in hundredths."""
        return isqrt(len(self.words & self.query) ** 2 * 10_000 // len(self.words))


def thin_out_told(options: Sequence[str], text: str, draw: Draw, one_in: int) -> None:
    """Raise :class:`RowRejectedError` where the first of ``options`` is told by counting words.

    That is where the text has as many of its words as of any other's, or as large a share of them.
    Such rows are thinned out until counting tells little more than chance: ``one_in`` so many is
    kept where no other option has as many, three times as often where one has.
    """
    words = frozenset(tokens(text))
    told = [frozenset(tokens(option)) for option in options]
    shared = [len(each & words) for each in told]
    # Shares as whole numbers: what one row says must not hang on how a fraction is rounded.
    shares = [n * 10_000 // len(each) for n, each in zip(shared, told, strict=True)]
    first = min(
        (each.count(each[0]) for each in (shared, shares) if each[0] == max(each)), default=0
    )
    kept = {1: 1, 2: 3}.get(first, one_in)
    if draw.below(one_in, "told") >= kept:
        raise RowRejectedError("known-by-its-words", options[0])


def description_of(page: Mapping[str, Any]) -> str:
    """Return the description in whole sentences, without those that copy the title.

    Raises :class:`RowRejectedError` where too little is left.
    """
    kept = without_title(sentences(page["description"] or ""), title_of(page))
    return _long_enough(" ".join(_within(kept)))


def bullets_of(page: Mapping[str, Any]) -> list[str]:
    """Return the first five bullet points that speak of the product and do not copy its title.

    Raises :class:`RowRejectedError` where too little is left.
    """
    listed = [bullet for bullet in page["bullets"] or () if bullet and not boilerplate(bullet)]
    kept = _within(dict.fromkeys(without_title(listed, title_of(page))))[:_MOST_BULLETS]
    _long_enough(" ".join(kept))
    return kept


def title_of(page: Mapping[str, Any]) -> str:
    """Return the title; raises :class:`RowRejectedError` where there is none, or a page of one."""
    title: str | None = page["title"]
    if not title:
        raise RowRejectedError("value-missing", "the judged product is not listed, or has no title")
    return title


def _within(pieces: Iterable[str]) -> list[str]:
    kept: list[str] = []
    left = _MOST_CHARACTERS
    for piece in pieces:
        left -= len(piece) + 1
        if left < 0:
            break
        kept.append(piece)
    return kept


def _long_enough(text: str) -> str:
    if len(text) < (_FEWEST_CHARACTERS_CJK if CJK.search(text) else _FEWEST_CHARACTERS):
        raise RowRejectedError("text-missing", text[:80])
    return text
