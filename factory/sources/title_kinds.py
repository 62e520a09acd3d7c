"""Which kind of product a title names, as far as its words tell, and whether two are of one kind.

The kind of a product is told by the content words of what its title begins with: neither its
brand, nor numbers, colors, materials, sizes and audiences. The comparison errs on the side of "one
kind": a wrong option that shares a word too many costs nothing, one that is as right as the right
one costs the sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final
from unicodedata import combining, normalize

from factory.sources.lexicons import AUDIENCES, COLORS, MATERIALS, SIZES
from factory.text import CJK, folded_case, tokens

#: What separates the name of a product from what is said about it.
_SEGMENT: Final = re.compile(r"\s[-–—|/]\s|[,;:|(\[【（、]")
#: Words of one script: a Japanese compound is told apart at the borders of its scripts.
_RUN: Final = re.compile("[\u30a0-\u30ff]{2,}|[\u3400-\u9fff々]{2,}|[^\\W\\d_\u3040-\u9fff]{3,}")
_KATAKANA: Final = re.compile("[\u30a0-\u30ff]")
#: A Japanese word with such an end says of what, for whom or with what, not which product.
_ATTRIBUTE: Final = re.compile(r"(製|型|式|用|付き|付|入り|対応|なし|セット|加工|配合|可|に)$")
#: Books and films say nothing else in common.
_MEDIA: Final = frozenset(
    (
        *("dvd", "vinyl", "kindle", "paperback", "hardcover", "novel", "thriller", "roman"),
        *("taschenbuch", "hörbuch", "kinderbuch", "livre", "broché", "libro", "novela", "romanzo"),
    )
)
_MEDIA_OF_TWO: Final = (("blu", "ray"), ("audio", "cd"), ("gebundene", "ausgabe"))
_JAPANESE_MEDIA: Final = re.compile("コミックス|文庫|単行本|新書|blu-?ray|dvd")
_NATIVE: Final = frozenset(
    (
        *("de", "del", "des", "du", "la", "le", "les", "el", "los", "las", "con", "para", "pour"),
        *("avec", "mit", "für", "und", "aus", "di", "da", "per", "en", "et", "à", "al"),
        *("sin", "ohne", "sans", "senza", "von", "zum", "zur", "der", "die", "das", "il"),
    )
)
_PLAIN: Final = _NATIVE | frozenset(
    (
        # The lexicons do not have these languages.
        *("schwarz", "weiss", "blau", "rot", "grau", "grün", "leder", "holz", "stahl", "edelstahl"),
        *("kunststoff", "baumwolle", "metall", "silikon", "glas", "damen", "herren", "kinder"),
        *("noir", "blanc", "bleu", "rouge", "gris", "vert", "cuir", "bois", "acier", "coton"),
        *("plastique", "verre", "femme", "homme", "enfant", "enfants", "nero", "bianco", "blu"),
        *("rosso", "grigio", "verde", "pelle", "legno", "acciaio", "cotone", "plastica", "vetro"),
        *("donna", "uomo", "bambini"),
        *("and", "the", "for", "with", "without", "set", "pack", "piece", "pieces", "count", "new"),
        *("from", "your", "pcs", "inch", "original", "premium", "edition", "compatible", "extra"),
        *("pro", "plus", "mini", "por", "unidad", "unidades", "juego", "pezzi", "pièces", "lot"),
        *("auf", "bei", "im", "vom", "stück", "teilig", "kompatibel", "geeignet", "neu", "edición"),
        *("compatibile", "confezione", "piezas", "最新", "次世代", "大容量", "限定", "正規品"),
        *("日本製", "送料無料", "人気", "新品", "国内", "素材", "タイプ", "サイズ", "シリーズ"),
        *("防水", "軽量", "高品質", "耐久性", "調節", "調節可能", "室内", "屋外", "兼用", "家庭"),
        *("ギフト", "プレゼント", "スペース", "旅行", "便利", "滑", "止", "抗菌", "無地", "新型"),
    )
)
#: One of such products is looked at in place of another: whoever wants one may take any.
_INSTEAD: Final = {
    word: name
    for name, listed in {
        "~drinkware": (
            "bottle bottles tumbler tumblers flask thermos mug mugs cup cups flasche trinkflasche "
            "becher tasse tassen thermobecher isolierflasche gourde bouteille gobelet "
            "botella botellas taza tazas vaso vasos termo borraccia bottiglia tazza tazze "
            "bicchiere 水筒 ボトル タンブラー マグカップ マグ マグボトル コップ"
        ),
        "~pans": (
            "pan pans pot pots wok skillet saucepan pfanne topf töpfe bratpfanne kochtopf poêle "
            "casserole marmite sartén sartenes cazo olla cacerola padella pentola "
            "フライパン 鍋 片手鍋 両手鍋"
        ),
        "~headphones": (
            "headphones headphone earbuds earphones headset kopfhörer ohrhörer casque écouteurs "
            "auriculares cascos cuffie auricolari イヤホン ヘッドホン ヘッドセット"
        ),
    }.items()
    for word in listed.split()
}
#: Japanese shops begin titles with what they say of an offer.
_OFFER: Final = re.compile("【[^】]*】")
#: What comes after such a word is what a product is for, of or with.
_JOINING: Final = re.compile(
    r"\s(?:for|with|from|by|in|für|mit|aus|von|ohne|zum|zur|pour|avec|sans|per|con|senza|para|sin|"
    r"compatible|kompatibel|compatibile|geeignet)\s"
)
_FEWEST: Final = 2
#: A title without any punctuation names its product among its first words.
_MOST: Final = 6
_SHORTEST: Final = 4
_START: Final = 5
_KANA: Final = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """The words by which titles tell their kinds, and what of them is compared.

    Attributes:
        words: whole words, without accents.
        starts: what two words of one kind begin with alike (``stapler``, ``staples``); of Japanese
            words, the neighbouring characters that they may have in common.
        parts: what may be a whole word of the other one: beginnings, ends and singulars
            (``lampe`` of ``tischlampe``).
    """

    words: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether the title tells its kind at all."""
        return bool(self.words)


def kind_of(title: str, brand: str = "", words: frozenset[str] | None = None) -> Kind:
    """Return the kind that a title tells; maybe none. ``words`` are its tokens, if they are known.

    Titles of one kind often tell it by the same words: what is compared of them is kept.
    """
    return _forms(kind_words(title, brand, words))


def kind_words(title: str, brand: str = "", words: frozenset[str] | None = None) -> frozenset[str]:
    """Return the words by which a title tells its kind, without accents; maybe none.

    They are those of its first part up to a joining word, and of the next ones as long as there are
    fewer than two: titles often begin with a name alone.
    """
    text = folded_case(title)
    known = frozenset(tokens(brand)) if brand else frozenset[str]()
    idle = _qualities()
    found: set[str] = {"medium"} if _is_medium(text, words or frozenset(tokens(title))) else set()
    for part in _parts(_OFFER.sub(" ", text) if "【" in text else text):
        if len(found) >= _FEWEST:
            break
        for word in _RUN.findall(part):
            if word not in known and word not in idle:
                found.add(word if word.isascii() else _plain(word))
                if word in _INSTEAD:
                    found.add(_INSTEAD[word])
                if len(found) >= _MOST:
                    break
    return frozenset(found)


def all_kinds(kinds: Iterable[Kind]) -> Kind:
    """Return one kind of the words of several."""
    listed = tuple(kinds)
    return Kind(
        frozenset[str]().union(*[each.words for each in listed]),
        frozenset[str]().union(*[each.starts for each in listed]),
        frozenset[str]().union(*[each.parts for each in listed]),
    )


def same_kind(one: Kind, other: Kind) -> bool:
    """Return whether any kind word of one is a form or a part of one of the other's."""
    return not (
        one.starts.isdisjoint(other.starts)
        and one.words.isdisjoint(other.words)
        and one.words.isdisjoint(other.parts)
        and one.parts.isdisjoint(other.words)
    )


def tongue(title: str) -> str:
    """Return a sign of the language of a title: ``cjk``, ``native`` or ``plain``.

    A shop lists some titles in English: words of two languages cannot be compared. ``native`` has
    a joining word of a language other than English, ``plain`` none.
    """
    if CJK.search(title):
        return "cjk"
    return "native" if _NATIVE & set(folded_case(title).split()) else "plain"


def _is_medium(text: str, words: frozenset[str]) -> bool:
    if not _MEDIA.isdisjoint(words):
        return True
    return any(one in words and other in words for one, other in _MEDIA_OF_TWO) or (
        not text.isascii() and _JAPANESE_MEDIA.search(text) is not None
    )


def _parts(text: str) -> Iterator[str]:
    """Yield the parts of a title one by one: seldom more than two are read."""
    start, end = 0, len(text)
    while start <= end:
        mark = _SEGMENT.search(text, start)
        segment = text[start : mark.start() if mark else end]
        if CJK.search(segment):
            # Such a title seldom has commas: its words stand between spaces.
            yield " ".join(word for word in segment.split() if not _ATTRIBUTE.search(word))
        else:
            yield from _JOINING.split(segment)
        start = mark.end() if mark else end + 1


@lru_cache(maxsize=1 << 14)
def _forms(words: frozenset[str]) -> Kind:
    starts: set[str] = set()
    parts: set[str] = set()
    for word in words:
        first, ends = _word_forms(word)
        starts.update(first)
        parts.update(ends)
    return Kind(words, frozenset(starts), frozenset(parts))


@lru_cache(maxsize=65536)
def _word_forms(word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what of one word is compared: ``starts`` and ``parts`` of :class:`Kind`."""
    size = len(word)
    if CJK.search(word):
        shared = _KANA if _KATAKANA.search(word) else 2
        alike = tuple(word[at : at + shared] for at in range(size - shared + 1))
        return alike, tuple(word[at : at + 2] for at in range(size - 1))
    # Only a plural can be so near: "pan" and "pans".
    singular = tuple(
        word[: -len(end)]
        for end in ("s", "es")
        if word.endswith(end) and size - len(end) < _SHORTEST
    )
    if size < _SHORTEST:
        return (), singular
    # Forms ("stapler", "staples") and compounds ("lampe", "tischlampe").
    ends = tuple(word[at:] for at in range(1, size - _SHORTEST + 1))
    return (word[:_START],) if size >= _START else (), (word[:_SHORTEST], *ends, *singular)


@lru_cache(maxsize=1)
def _qualities() -> frozenset[str]:
    """Return the words that name a quality of any product, in all languages of the lexicons."""
    listed = chain.from_iterable(
        words for lexicon in (COLORS, MATERIALS, SIZES, AUDIENCES) for words in lexicon.values()
    )
    return _PLAIN | frozenset(part for words in listed for part in folded_case(words).split())


@lru_cache(maxsize=65536)
def _plain(word: str) -> str:
    if CJK.search(word):
        return word
    return "".join(each for each in normalize("NFD", word) if not combining(each))
