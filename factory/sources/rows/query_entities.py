"""The phrases of a query that are of one entity type, as its exact matches confirm them.

A brand is one that half of the matches have; a color, material, audience or size is a word of a
closed list that half of them say; a measure is read by its unit. The product type is the longest
phrase that seven of ten titles hold, and half of those of the substitutes, which are of the type
and differ in its attributes; what stands beside it in the query must be known to be something else.
A phrase of which the titles never part an attribute (``paper towels``, ``glass
cleaner``) is a type as a whole or no one knows: it is not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from factory.draw import Draw
from factory.sources.lexicons import AUDIENCES, COLORS, JOINING, MATERIALS, NOT_PLAIN, SIZES
from factory.sources.quantities import read_quantities
from factory.sources.view import RowRejectedError
from factory.text import CJK, folded_case

OFFERS: Final = ("entity_type", "entities", "subject")

_LANGUAGES: Final = {"us": "en", "uk": "en", "es": "es", "jp": "ja"}
_MOST_QUERY: Final = 120
_CONFIRMED: Final = 0.5
_AGREED: Final = 0.7
_LONGEST_PHRASE: Final = 5
#: Of a longer phrase that no substitute tells from its attributes, the type is not known.
_SHORT_PHRASE: Final = 2
_LEXICONS: Final = {
    "color": COLORS,
    "material": MATERIALS,
    "audience": AUDIENCES,
    "size": SIZES,
}
_MEASURES: Final = {
    "length": "size",
    "volume": "volume",
    "weight": "weight",
    "storage": "storage capacity",
}
_WORD: Final = re.compile(r"[^\s,;]+")
_PLAIN_QUERY: Final = re.compile(NOT_PLAIN)
#: Not the name of a product by themselves.
_NO_TYPE: Final = frozenset(
    [
        *("set", "kit", "pack", "piece", "gift", "accessory", "size", "full", "best", "cheap"),
        *("small", "case", "water", "proof", "long", "short", "electric", "wireless", "portable"),
        *("home", "rechargeable", "office", "outdoor", "indoor", "juego", "unidad", "regalo"),
        *("serie", "modelo", "ideal"),
    ]
)
_JA_NO_TYPE: Final = re.compile(
    r"(?:付き|対応|用|製|型|式|入り|セット|色|サイズ|香り|味|風|性)\Z|\d|[0-9０-９]"
)
#: What follows is another product's, or a part's.
_SEPARATORS: Final = {
    "en": re.compile(r"(?i)\b(?:for|with)\b"),
    "es": re.compile(r"(?i)\b(?:con)\b"),
}


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the query: as written, as compared, and where it stands."""

    text: str
    plain: str
    start: int
    end: int


@dataclass(slots=True)
class _Found:
    """The spans of the query by entity type, and the words that no span may claim any more."""

    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def add(self, kind: str, span: tuple[int, int]) -> None:
        self.spans.setdefault(kind, []).append(span)

    def covers(self, place: int) -> bool:
        return any(a <= place < b for spans in self.spans.values() for a, b in spans)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: the query, an entity type, and the phrases of that type.

    Raises :class:`RowRejectedError` where no phrase is of a type with certainty.
    """
    query, locale = facts["query"].strip(), facts["locale"]
    language = _LANGUAGES.get(locale)
    if language is None:
        raise RowRejectedError("language-unknown", locale)
    if len(query) > _MOST_QUERY or _PLAIN_QUERY.search(query):
        raise RowRejectedError("query-not-plain", query)
    if (language == "ja") != (CJK.search(query) is not None):
        raise RowRejectedError("query-of-another-language", query)
    words = [
        _Word(found[0], _fold(found[0], language), found.start(), found.end())
        for found in _WORD.finditer(query)
    ]
    if len(words) < 2:
        raise RowRejectedError("query-too-short", query)
    found = _Found()
    _brands(words, facts["products"], language, found)
    _measures(query, words, locale, found)
    texts = [_title_words(each["title"], language) for each in facts["products"]]
    colors = [_title_words(each["color"] or "", language) for each in facts["products"]]
    for kind, lexicon in _LEXICONS.items():
        _lexicon(words, kind, lexicon[language], texts, colors, language, found)
    if language == "ja":
        _japanese_type(words, facts["products"], facts["substitutes"], found)
    else:
        substitutes = [_title_words(title, language) for title in facts["substitutes"]]
        _type(query, words, (texts, substitutes), language, found)
    usable = {
        kind: spans
        for kind, spans in found.spans.items()
        if kind not in found.doubtful and not _overlaps(kind, found)
    }
    if not usable:
        raise RowRejectedError("no-certain-entity", query)
    kind = draw.largest(tuple(sorted(usable)), "entity type")
    entities = [query[words[a].start : words[b - 1].end] for a, b in sorted(usable[kind])]
    if len({each.casefold() for each in entities}) < len(entities):
        raise RowRejectedError("entity-repeated", query)
    yield {
        "key": facts["key"],
        "locale": locale,
        "query": query,
        "entity_type": kind,
        "entities": entities,
        "subject": f"{locale}:{query.casefold()}",
        "source_ids": facts["source_ids"],
    }


def _brands(
    words: Sequence[_Word], products: Sequence[Mapping[str, Any]], language: str, found: _Found
) -> None:
    listed = [_title_words(each["brand"] or "", language) for each in products]
    for brand in sorted({tuple(each) for each in listed if each}):
        share = sum(tuple(each) == brand for each in listed) / len(products)
        places = _places([word.plain for word in words], brand)
        if share >= _CONFIRMED and len(places) == 1 and len("".join(brand)) > 2:
            found.add("brand", (places[0], places[0] + len(brand)))


def _measures(query: str, words: Sequence[_Word], locale: str, found: _Found) -> None:
    said = read_quantities(query, locale)
    parts = [(each, _MEASURES.get(each.unit.dimension, "other")) for each in said.measures]
    spans = [(each.start, each.end, kind) for each, kind in parts]
    spans += [(each.start, each.end, "other") for each in said.aside]
    spans += [(each.start, each.end, "pack size") for each in said.counts]
    spans += [(each.start, each.end, "size") for each in said.areas]
    for start, end, measured in spans:
        inside = [
            place for place, word in enumerate(words) if word.start < end and start < word.end
        ]
        # The 45mm of a watch are its model.
        model = inside[0] > 0 and words[inside[0] - 1].plain == "watch"
        whole = not model and words[inside[0]].start == start and words[inside[-1]].end == end
        span = (inside[0], inside[-1] + 1)
        found.add(measured if whole else "other", span)


def _lexicon(
    words: Sequence[_Word],
    kind: str,
    lexicon: Mapping[str, str],
    texts: Sequence[Sequence[str]],
    colors: Sequence[Sequence[str]],
    language: str,
    found: _Found,
) -> None:
    """Add the words of a closed list that half of the products say too; doubt the others."""
    listed = {tuple(_title_words(word, language)): key for word, key in lexicon.items()}
    taken: list[tuple[int, int]] = []
    plain = [word.plain for word in words]
    for phrase in sorted(listed, key=lambda each: (-len(each), each)):
        for place in _places(plain, phrase):
            span = (place, place + len(phrase))
            if any(span[0] < b and a < span[1] for a, b in taken):
                continue
            taken.append(span)
            same = [other for other, key in listed.items() if key == listed[phrase]]
            said = sum(
                any(_says(text, other, language) for other in same)
                or (kind == "color" and any(_says(color, other, language) for other in same))
                for text, color in zip(texts, colors, strict=True)
            )
            found.add(kind, span)
            if said < _CONFIRMED * len(texts):
                found.doubtful.add(kind)


def _type(
    query: str,
    words: Sequence[_Word],
    texts: tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]],
    language: str,
    found: _Found,
) -> None:
    """Add the product type, where the titles (of matches, of substitutes) agree on one phrase."""
    matches, substitutes = texts
    joining = JOINING[language]
    split = _SEPARATORS[language].search(query)
    last = len(words) if split is None else sum(word.start < split.start() for word in words)
    agreed = _agreed(words[:last], matches, joining)
    # An attribute that titles say elsewhere is a phrase of its own: it does not compete.
    agreed = [(a, b) for a, b in agreed if not all(found.covers(place) for place in range(a, b))]
    if len(agreed) != 1:
        return
    start, end = agreed[0]
    if any(found.covers(place) for place in range(start, end)):
        # The titles never part the two: which of them is the type is not known.
        for kind, spans in found.spans.items():
            if any(a < end and start < b for a, b in spans):
                found.doubtful.add(kind)
        return
    if start > 0 and not (found.covers(start - 1) or words[start - 1].plain in joining):
        return
    if not all(
        found.covers(place) or words[place].plain in joining
        for place in range(end, min(end + 2, last))
    ):
        return
    narrowed = _without_attributes(words, (start, end), substitutes, language)
    if narrowed is not None and not all(
        word.plain in _NO_TYPE for word in words[narrowed[0] : narrowed[1]]
    ):
        found.add("product type", narrowed)


def _agreed(
    words: Sequence[_Word], matches: Sequence[Sequence[str]], joining: frozenset[str]
) -> list[tuple[int, int]]:
    """Return the phrases that most titles hold, none of them part of another."""
    agreed: list[tuple[int, int]] = []
    for start, end in _phrases(len(words)):
        phrase = [word.plain for word in words[start:end]]
        if (
            phrase[0] in joining
            or phrase[-1] in joining
            or any(c.isdigit() for word in phrase for c in word)
            or any(a <= start and end <= b for a, b in agreed)
        ):
            continue
        if _share(matches, phrase) >= _AGREED:
            agreed.append((start, end))
    return agreed


def _without_attributes(
    words: Sequence[_Word],
    span: tuple[int, int],
    substitutes: Sequence[Sequence[str]],
    language: str,
) -> tuple[int, int] | None:
    """Return the part of an agreed phrase that substitutes share, or None where it is not known."""
    start, end = span
    if len(substitutes) > 1:
        order = sorted(
            _phrases(end - start),
            key=lambda part: (part[0] - part[1], part[0] if language == "es" else -part[0]),
        )
        for a, b in order:
            phrase = [word.plain for word in words[start + a : start + b]]
            if phrase[0] in JOINING[language] or phrase[-1] in JOINING[language]:
                continue
            if _share(substitutes, phrase) >= _CONFIRMED:
                return start + a, start + b
    plain = sum(word.plain not in JOINING[language] for word in words[start:end])
    return span if plain <= _SHORT_PHRASE else None


def _phrases(length: int) -> Iterator[tuple[int, int]]:
    """Yield the spans within ``length`` words, the longest first."""
    for size in range(min(length, _LONGEST_PHRASE), 0, -1):
        for start in range(length - size + 1):
            yield start, start + size


def _share(texts: Sequence[Sequence[str]], phrase: Sequence[str]) -> float:
    return sum(bool(_places(text, phrase)) for text in texts) / len(texts)


def _japanese_type(
    words: Sequence[_Word],
    products: Sequence[Mapping[str, Any]],
    substitutes: Sequence[str],
    found: _Found,
) -> None:
    titles = [folded_case(each["title"]) for each in products]
    others = list(map(folded_case, substitutes))
    agreed = [
        place
        for place, word in enumerate(words)
        if CJK.search(word.plain)
        and not found.covers(place)
        and sum(word.plain in title for title in titles) >= _AGREED * len(titles)
    ]
    if len(agreed) != 1:
        return
    plain = words[agreed[0]].plain
    if len(plain) < 2 or _JA_NO_TYPE.search(plain):
        return
    if len(others) > 1 and sum(plain in title for title in others) < _CONFIRMED * len(others):
        return
    found.add("product type", (agreed[0], agreed[0] + 1))


def _overlaps(kind: str, found: _Found) -> bool:
    return (
        any(
            a < d and c < b
            for a, b in found.spans[kind]
            for other, spans in found.spans.items()
            if other != kind
            for c, d in spans
        )
        or kind == "other"
    )


def _says(text: Sequence[str], phrase: Sequence[str], language: str) -> bool:
    if language == "ja":
        return "".join(phrase) in "".join(text)
    return bool(_places(text, phrase))


def _places(text: Sequence[str], phrase: Sequence[str]) -> list[int]:
    length = len(phrase)
    if not length:
        return []
    wanted = list(phrase)
    return [
        place
        for place in range(len(text) - length + 1)
        if text[place] == wanted[0] and list(text[place : place + length]) == wanted
    ]


def _title_words(text: str, language: str) -> list[str]:
    return [
        plain
        for word in re.findall(r"[^\s,;()\[\]|/【】]+", text)
        if (plain := _fold(word, language)) and plain != "-"
    ]


def _fold(word: str, language: str) -> str:
    """Return what the singular and the plural of a word have in common, roughly."""
    plain = folded_case(word).strip(".:!\"'").replace("’", "'")
    if language == "ja":
        return plain
    plain = plain.removesuffix("'s")
    if language == "en" and len(plain) > 4 and plain.endswith("ies"):
        return plain[:-3] + "y"
    if len(plain) > 3 and plain.endswith("s") and not plain.endswith("ss"):
        plain = plain[:-1]
        if language == "es" and len(plain) > 4 and plain.endswith("e") and plain[-2] in "rlnd":
            plain = plain[:-1]
    return plain
