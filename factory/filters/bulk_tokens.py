"""The tokens of very many texts at once: what :func:`factory.text.tokens` gives, as numbers.

Case is folded for thousands of texts in one call, and each distinct word between spaces is read
once. The result is the same to the token, since ``tokens`` too reads word by word.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from factory.text import folded_case, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEXTS_AT_ONCE: Final = 8192
#: A longer word is hardly ever seen again (a Japanese title is one): it is read and not remembered.
_LONGEST_REMEMBERED: Final = 24


class TokenSets(NamedTuple):
    """The distinct tokens of texts, those of the fewest texts first.

    Attributes:
        ranks: of all texts, one after the other, ascending in each: a token's place among all
            tokens by the number of texts that have it, equally frequent ones as they come.
        starts: where each text's ranks start, and at last where they end.
        frequencies: how many texts have the token, by rank.
    """

    ranks: NDArray[np.int32]
    starts: NDArray[np.int64]
    frequencies: NDArray[np.int64]


class _Words(dict[str, int]):
    """A number for each word, and by it the numbers of the tokens in the word."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, int] = {}
        self.flat = array("q")
        self.starts = array("q", (0,))

    def __missing__(self, word: str) -> int:
        # Beside a word that has one, a word without any token gives none; alone it gives itself.
        for token in tokens(f"a {word}")[1:]:
            self.flat.append(self.token(token))
        self.starts.append(len(self.flat))
        number = len(self.starts) - 2
        if len(word) <= _LONGEST_REMEMBERED:
            self[word] = number
        return number

    def without_tokens(self, word: str) -> int:
        self.starts.append(len(self.flat))
        self[word] = len(self.starts) - 2
        return self[word]

    def token(self, token: str) -> int:
        return self.tokens.setdefault(token, len(self.tokens))


def token_sets(texts: Sequence[str]) -> TokenSets:
    """Return the distinct tokens of each text as ranks; a text of white space alone has none."""
    import numpy as np

    words = _Words()
    parts = [
        _read(texts[start : start + _TEXTS_AT_ONCE], words)
        for start in range(0, len(texts), _TEXTS_AT_ONCE)
    ]
    kinds = len(words.tokens)
    counts = np.zeros(kinds, dtype=np.int64)
    for numbers, _ in parts:
        counts += np.bincount(numbers, minlength=kinds)
    order = np.argsort(counts, kind="stable")
    rank = np.empty(kinds, dtype=np.int64)
    rank[order] = np.arange(kinds)
    sizes = np.concatenate([np.zeros(1, dtype=np.int64), *(of for _, of in parts)])
    starts = np.cumsum(sizes)
    ranks = np.empty(starts[-1], dtype=np.int32)
    start = 0
    for numbers, of in parts:
        text = np.repeat(np.arange(len(of)), of) * kinds
        ranks[start : start + len(numbers)] = np.sort(text + rank[numbers]) - text
        start += len(numbers)
    return TokenSets(ranks, starts, counts[order])


def _read(texts: Sequence[str], words: _Words) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the distinct tokens of the texts, one text after the other, and how many each has."""
    import numpy as np

    mark = "\0"
    while any(mark in text for text in texts):
        mark += "\0"
    # A space and a mark keep what stands on their two sides apart, in normalising as in folding.
    found = folded_case(f" {mark} ".join(texts)).split()
    number_of_mark = words.without_tokens(mark)
    read = np.fromiter(map(words.__getitem__, found), np.int64, len(found))
    # Elsewhere it may be a word like others.
    del words[mark]
    text = np.cumsum(read == number_of_mark)
    kept = read != number_of_mark
    read, text = read[kept], text[kept]
    starts = np.array(words.starts, dtype=np.int64)
    lengths = starts[read + 1] - starts[read]
    text = np.repeat(text, lengths)
    places = np.arange(len(text)) + np.repeat(
        starts[read] - (np.cumsum(lengths) - lengths), lengths
    )
    numbers = np.array(words.flat, dtype=np.int64)[places]
    counts = np.bincount(text, minlength=len(texts))
    for place in np.flatnonzero(counts == 0).tolist():
        if texts[place] and not texts[place].isspace():
            text = np.append(text, place)
            numbers = np.append(numbers, words.token(tokens(texts[place])[0]))
    kinds = max(1, len(words.tokens))
    keys = np.sort(text * kinds + numbers)
    if len(keys):
        keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))]
    of = keys // kinds
    return (keys - of * kinds).astype(np.int32), np.bincount(of, minlength=len(texts))
