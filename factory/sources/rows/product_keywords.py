"""Four keywords of a product, and three sets in which only some of the keywords are the product's.

Keywords are words of the queries that a product is an exact match for. All but one of a right set
stand in the product's own text; of each wrong set two at least neither stand there nor belong to
any query judged for the product. Wrong sets share words with one another as they do with the right
one, so that the words that recur among the options do not tell it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.product_text import sentences
from factory.sources.view import RowRejectedError
from factory.text import CJK, folded_case, tokens

OFFERS: Final = ("text", "positive", "negatives")

_KEYWORDS: Final = 4
#: So many come from queries at least; the others are words that title and text have in common.
_FEWEST_FROM_QUERIES: Final = 2
_MOST_UNSUPPORTED: Final = 1
_DISTRACTORS: Final = 6
_MOST_TEXT: Final = 800
_FEWEST_LETTERS: Final = 3
_LENGTHS_CJK: Final = range(2, 11)
#: Words with so many first letters in common are forms of one word (mochila, mochilas).
_STEM: Final = 5

#: A query that leaves something out, or asks a question, is no list of keywords.
_NO_KEYWORDS: Final = re.compile(
    r"\b(no|sin|menos|excepto|favor|qué|cuál|cómo|dónde|quién|cuándo|ohne|nicht|sans|pas|senza|non|not|"
    r"without)\b|以外|ではない|じゃない|なし|無し|ください|下さい|何|どの|どう|[?？¿]",
    re.IGNORECASE,
)
_FUNCTION_WORDS: Final = frozenset(
    (
        *("para", "por", "con", "del", "las", "los", "una", "uno", "unos", "unas", "que", "como"),
        *("más", "mas", "muy", "este", "esta", "estos", "estas", "sus", "desde", "hasta", "entre"),
        *("der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "für", "fur", "mit"),
        *("und", "von", "vom", "zum", "zur", "auf", "aus", "bei", "oder", "les", "une", "pour"),
        *("avec", "sur", "dans", "par", "aux", "ses", "son", "cet", "cette", "gli", "della"),
        *("dello", "delle", "dei", "degli", "per", "tra", "fra", "alla", "alle", "sul", "the"),
        *("and", "for", "with", "from", "modelo", "modell", "modèle", "modello", "serie", "série"),
        *("color", "kit", "set", "pack", "piezas", "unidades", "pcs"),
    )
)
_TRIMMED: Final = "\"'!¡?¿#*.,:;()[]{}<>/\\|+-–—_&「」『』【】（）・、。"


@dataclass(frozen=True, slots=True)
class _Text:
    """What a product says of itself: folded, as tokens, and their first letters."""

    folded: str
    tokens: frozenset[str]
    stems: frozenset[str]

    def has(self, word: str) -> bool:
        """Return whether the word stands in the text."""
        if CJK.search(word):
            return word in self.folded
        return all(token in self.tokens for token in tokens(word))

    def has_form_of(self, word: str) -> bool:
        """Return whether the word, or what may be another form of it, stands in the text."""
        return self.has(word) or word[:_STEM] in self.stems


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: title and text of a product, its set of keywords, and three wrong sets.

    Raises :class:`RowRejectedError` where the product has no text, or too few keywords of its own
    or words that are not its own are found.
    """
    title = facts["title"]
    if not title:
        raise RowRejectedError("value-missing", "the judged product is not listed, or has no title")
    shown = _shown_text(facts["description"] or "", facts["bullets"] or ())
    if not shown:
        raise RowRejectedError("text-missing", "the product has neither description nor bullets")
    everything = " ".join(
        (title, facts["description"] or "", *(facts["bullets"] or ()), facts["brand"] or "")
    )
    keywords = _keywords(facts, _read(f"{title} {shown}"), shown)
    queries = (*facts["queries"], *facts["other_queries"])
    others = _distractors(facts, _read(f"{everything} {' '.join(queries)}"), keywords, draw)
    order = draw.permutation(_KEYWORDS, "kept")
    first, second, third, _ = (keywords[place] for place in order)
    wrong = (
        (first, second, others[0], others[1]),
        (third, others[0], others[2], others[3]),
        (others[1], others[2], others[4], others[5]),
    )
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": title,
        "text": shown,
        "positive": _joined(keywords, draw, "right"),
        "negatives": [_joined(words, draw, f"wrong {n}") for n, words in enumerate(wrong)],
        "subject": facts["subject"],
        "source_ids": facts["source_ids"],
    }


def _keywords(facts: dict[str, Any], text: _Text, shown: str) -> list[str]:
    """Return the four keywords: the asked query's first, then those of others, then the text's."""
    found: list[str] = []
    unsupported = 0
    queries = [facts["query"], *(query for query in facts["queries"] if query != facts["query"])]
    for word in chain.from_iterable(map(_words, queries)):
        stands = text.has(word)
        if _is_new(word, found) and (stands or unsupported < _MOST_UNSUPPORTED):
            unsupported += not stands
            found.append(word)
    found = found[:_KEYWORDS]
    if len(found) < _FEWEST_FROM_QUERIES:
        raise RowRejectedError("too-few-keywords", f"{len(found)} in its queries")
    described = _read(shown)
    brand = frozenset(tokens(facts["brand"] or ""))
    for word in _words(facts["title"]):
        if described.has(word) and brand.isdisjoint(tokens(word)) and _is_new(word, found):
            found.append(word)
    if len(found) < _KEYWORDS:
        raise RowRejectedError("too-few-keywords", f"{len(found)} of {_KEYWORDS}")
    return found[:_KEYWORDS]


def _distractors(
    facts: dict[str, Any], known: _Text, keywords: Sequence[str], draw: Draw
) -> list[str]:
    """Return words that are not the product's own.

    One of a product beside it and one from elsewhere in turn, so that every wrong set has one from
    elsewhere.
    """
    near = chain.from_iterable(map(_words, facts["near"]))
    far = list(chain.from_iterable(map(_words, facts["far"])))
    far = [far[place] for place in draw.permutation(len(far), "far")]
    half = _DISTRACTORS // 2
    beside = _foreign(near, known, keywords, half)
    elsewhere = _foreign(far, known, (*keywords, *beside), _DISTRACTORS)
    # What the products beside it do not have comes from elsewhere too.
    beside = [*beside, *elsewhere[half:]][:half]
    mixed = [word for pair in zip(beside, elsewhere, strict=False) for word in pair]
    if len(mixed) < _DISTRACTORS:
        raise RowRejectedError("too-few-distractors", f"{len(mixed)} of {_DISTRACTORS}")
    return mixed


def _foreign(words: Iterable[str], known: _Text, shown: Sequence[str], most: int) -> list[str]:
    """Return the first words that are neither in what is known of the product nor shown already."""
    found: list[str] = []
    for word in words:
        if len(found) == most:
            break
        if not known.has_form_of(word) and _is_new(word, (*shown, *found)):
            found.append(word)
    return found


def _words(text: str) -> list[str]:
    """Return the keywords of a query or title, or none of a query that is no list of keywords."""
    if _NO_KEYWORDS.search(text):
        return []
    return [word for part in folded_case(text).split() if _is_keyword(word := part.strip(_TRIMMED))]


def _is_keyword(word: str) -> bool:
    if CJK.search(word):
        return len(word) in _LENGTHS_CJK
    return (
        len(word) >= _FEWEST_LETTERS
        and sum(map(str.isalpha, word)) * 2 > len(word)
        and word not in _FUNCTION_WORDS
    )


def _is_new(word: str, found: Iterable[str]) -> bool:
    return all(word[:_STEM] != other[:_STEM] and word not in other for other in found)


def _read(text: str) -> _Text:
    words = frozenset(tokens(text))
    return _Text(folded_case(text), words, frozenset(word[:_STEM] for word in words))


def _shown_text(description: str, bullets: Collection[str]) -> str:
    """Return the description, or else the bullets, in whole sentences up to 800 characters."""
    shown = ""
    for piece in sentences(description) or bullets:
        if len(shown) + 1 + len(piece) > _MOST_TEXT:
            break
        shown = f"{shown} {piece}" if shown else piece
    return shown


def _joined(words: Sequence[str], draw: Draw, purpose: str) -> str:
    return ", ".join(words[place] for place in draw.permutation(len(words), purpose))
