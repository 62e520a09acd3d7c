"""How decontamination looks at a text: its normal form, and the hashes of it and of its n-grams.

Rule G10 of this project's catalogue of tasks: short texts are compared whole, long ones by runs of
eight words. Chinese, Japanese and Korean have no spaces to count words by; there a word is about
two characters long, so each number is doubled: runs of 16 characters, in texts of 40.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from factory.text import CJK, clean, folded_case

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The least that is compared whole: "dog bed" is nobody's test question.
EXACT_WORDS: Final = 3
EXACT_CHARACTERS: Final = 8
#: The least of which n-grams are taken, and their n.
LONG_WORDS: Final = 20
LONG_CHARACTERS: Final = 40
GRAM_WORDS: Final = 8
GRAM_CHARACTERS: Final = 16

_WORD: Final = re.compile(r"\w+")
# An odd number with its bits well spread: the golden ratio's.
_BASE: Final = 0x9E3779B97F4A7C15


def normal_form(text: str) -> str:
    """Return ``text`` cleaned, after NFKC and case folding, with single spaces."""
    return " ".join(folded_case(clean(text)).split())


def is_content(normal: str) -> bool:
    """Return whether a text in normal form is long enough to be compared whole."""
    if normal.count(" ") >= EXACT_WORDS - 1:
        return True
    return not normal.isascii() and len(CJK.findall(normal)) >= EXACT_CHARACTERS


def text_hash(normal: str) -> int:
    """Return 64 bits of blake2b of a text in normal form."""
    return int.from_bytes(blake2b(normal.encode("utf-8", "replace"), digest_size=8).digest())


def gram_hashes(normal: str) -> NDArray[np.uint64]:
    """Return the hashes of the n-grams of a text in normal form, in order; none of a short text."""
    import numpy as np

    if len(normal) < 2 * LONG_WORDS - 1:
        return np.empty(0, dtype=np.uint64)
    characters = 0 if normal.isascii() else len(CJK.findall(normal))
    words: list[str] = _WORD.findall(normal)
    if 2 * characters >= sum(map(len, words)):
        units = np.frombuffer("".join(words).encode("utf-32-le", "replace"), dtype="<u4")
        spread = (units.astype(np.uint64) + np.uint64(1)) * np.uint64(_BASE)
        return _windows(spread ^ (spread >> np.uint64(29)), LONG_CHARACTERS, GRAM_CHARACTERS)
    if len(words) < LONG_WORDS:
        return np.empty(0, dtype=np.uint64)
    units = np.fromiter(map(_word_hash, words), np.uint64, len(words))
    return _windows(units, LONG_WORDS, GRAM_WORDS)


def _windows(units: NDArray[np.uint64], least: int, width: int) -> NDArray[np.uint64]:
    """Return one hash for each run of ``width`` units, the same for the same run anywhere."""
    import numpy as np

    if len(units) < least:
        return np.empty(0, dtype=np.uint64)
    # A polynomial over the run, modulo 2 ** 64.
    return np.convolve(units, _powers(width), "valid")


@lru_cache(maxsize=2)
def _powers(width: int) -> NDArray[np.uint64]:
    import numpy as np

    return np.array([pow(_BASE, place, 1 << 64) for place in range(width)], dtype=np.uint64)


@lru_cache(maxsize=1 << 17)
def _word_hash(word: str) -> int:
    return text_hash(word)
