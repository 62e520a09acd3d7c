"""The frames of a shopper's question, by language: what is asked for stands in the gap.

A question mark behind a query makes no question. In these frames whatever noun phrase stands in the
gap is one, so that the answer of the smallest model is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.generators.said_again import UNSPACED
from factory.text import CJK

GAP: Final = "..."

FRAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "en": (
            "Where can I find ...?",
            "Do you have ...?",
            "Can you recommend ...?",
            "Do you sell ...?",
            "I am looking for ...; can you help me?",
            "Could you show me ...?",
            "Are there any offers on ...?",
        ),
        "es": (
            "¿Dónde puedo encontrar ...?",
            "¿Tienen ...?",
            "¿Me puede recomendar ...?",
            "¿Venden ...?",
            "Busco ...; ¿me puede ayudar?",
            "¿Me puede enseñar ...?",
            "¿Hay ofertas de ...?",
        ),
        "ja": (
            "...はありますか？",
            "...のおすすめはありますか？",
            "...はどこで買えますか？",
            "...を探しています。取り扱いはありますか？",
            "...を見せてもらえますか？",
        ),
        "zh": (
            "请问有...吗？",
            "哪里可以买到...？",
            "能推荐一下...吗？",
            "我想买...，有推荐的吗？",
            "...有优惠吗？",
        ),
    }
)
_ARTICLE: Final = re.compile(r"(?:an?|the|some|any)\b", re.IGNORECASE)
_PLURAL: Final = re.compile(r"[^\W\d_]{3,}(?<!s)s\b", re.IGNORECASE)
#: One of a thing, up to what is told of it, and its last word.
_ONE: Final = re.compile(
    r"an? (?:(?!for|with|of|in|from|to|that)\S+ )*?(\S+)(?: (?:for|with|of|in|from|to|that) |$)"
)
#: "A" before a vowel that is heard, and "an" before a consonant. A "u" that begins as "you" does is
#: none.
_WRONG_ARTICLE: Final = re.compile(
    r"a (?:[ai]|e(?!u)|o(?!ne)|u(?:[lmp]|n(?!i)))\w|an (?:[bcdgjkpqtvwyz]\w*[aeiou]|one|uni|us[ab])"
)
#: Words in the singular that end as a plural does.
_SINGULAR: Final = re.compile(r"(?:ss|us|is|as|lens|series|chess|bellows)$")
_STRUNG: Final = re.compile(rf"({CJK.pattern})\s+({CJK.pattern})")


def is_noun_phrase(words: str, language: str) -> bool:
    """Return whether ``words`` may stand in a frame.

    In English with an article that fits, or in the plural: "Do you have dog bed?" is what a query
    becomes that is left as it was typed. In Chinese and Japanese, no terms strung together.
    """
    if language in UNSPACED:
        return not _STRUNG.search(words)
    if language != "en":
        return True
    folded = words.casefold()
    one = _ONE.match(folded)
    if _WRONG_ARTICLE.match(folded) or (one and _is_plural(one[1])):
        return False
    return bool(_ARTICLE.match(words) or _PLURAL.search(words))


def _is_plural(word: str) -> bool:
    return bool(_PLURAL.fullmatch(word)) and not _SINGULAR.search(word)
