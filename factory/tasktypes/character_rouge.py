"""ROUGE-L that sees every script: words where there are spaces, characters where there are none.

EcomGPT's answers are in English and Chinese; the scorer of ShopBench keeps ASCII letters and digits
only, and gives two equal Chinese sentences 0.
"""

from __future__ import annotations

import re
from typing import Final

from factory.tasktypes.subsequence import common_length

#: A word, or one character of a script that is written without spaces.
_TOKEN: Final = re.compile(
    r"[\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uf900-\ufaff]+"
)


def units(text: str) -> list[str]:
    """Return the words and single ideographs or kana of ``text``, case-folded, in order."""
    return _TOKEN.findall(text.casefold())


def character_rouge_l(prediction: str, gold: str) -> float:
    """Return the F1 of the longest common subsequence of :func:`units`, in [0, 1].

    Two texts without a single unit (only marks) score 1 where they are equal, else 0.
    """
    left, right = units(prediction), units(gold)
    if not left or not right:
        return float(prediction.strip() == gold.strip())
    return 2 * common_length(left, right) / (len(left) + len(right))
