"""The frames of a shopper's question, by language: what is asked for stands in the gap.

A question mark behind a query makes no question. In these frames whatever noun phrase stands in the
gap is one, so that the answer of the smallest model is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

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


def is_noun_phrase(words: str, language: str) -> bool:
    """Return whether ``words`` may stand in a frame: in English with an article, or in the plural.

    "Do you have dog bed?" is what a query becomes that is left as it was typed.
    """
    return language != "en" or bool(_ARTICLE.match(words) or _PLURAL.search(words))
