"""What a translation carries over from its text, letter for letter or in another name.

Numbers and the brand stay as they are; a unit may be called otherwise (inches, pulgadas),
and may not become another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from factory.filters import identify
from factory.generators.grounding import numbers, plain, stands_in
from factory.generators.said_again import UNSPACED, content
from factory.sources.lexicons import COLORS, MATERIALS
from factory.sources.translated import in_language
from factory.text import CJK, similarity, tokens

#: A unit by all that it is called in the shops' languages.
_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: unit
        for unit, words in {
            "inch": "inch inches in pulgada pulgadas zoll pouce pouces pollice pollici インチ 英寸",
            "foot": "ft foot feet pie pies fuß pied pieds piede piedi フィート 英尺",
            "ounce": "oz ounce ounces onza onzas unze unzen once onces oncia once オンス 盎司",
            "pound": "lb lbs pound pounds libra libras pfund livre livres libbra libbre ポンド 磅",
            "millimeter": "mm ミリ 毫米",
            "centimeter": "cm センチ 厘米 公分",
            "meter": "m meter meters metro metros metri mètre mètres メートル 米",
            "gram": "g gr gram grams gramo gramos gramm gramme grammes grammi グラム 克",
            "kilogram": "kg kilo kilos キロ 公斤 千克",
            "milliliter": "ml ミリリットル 毫升",
            "liter": "l liter liters litre litres litro litros litri リットル 升",
            "watt": "w watt watts vatios ワット 瓦",
            "volt": "v volt volts voltios ボルト 伏",
            "milliampere hour": "mah",
            "gigabyte": "gb",
            "terabyte": "tb",
        }.items()
        for word in words.split()
    }
)
_LATIN_FIGURE: Final = re.compile(r"(\d+(?:[.,]\d+)*)[ -]?([a-zß-ÿ]+)")
_OTHER_FIGURE: Final = re.compile(
    r"(\d+(?:[.,]\d+)*) ?(" + "|".join(word for word in _UNITS if CJK.match(word)) + ")"
)
#: A word in Latin letters that is no unit behind its number.
_LATIN_WORD: Final = re.compile(r"(?<![a-zA-Zß-ÿ\d])[a-zA-Zß-ÿ]{3,}")
#: Colors and materials by language: those that only others of the lexicons have.
_TOLD: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset((*COLORS[language], *MATERIALS[language])) for language in ("en", "es")
}
_TOLD_IN_OTHERS: Final[Mapping[str, frozenset[str]]] = {
    "en": _TOLD["es"] - _TOLD["en"],
    "es": _TOLD["en"] - _TOLD["es"],
}
#: The character set in which all that Japanese shops write stands.
_JAPANESE: Final = "cp932"
#: How long a translation is, as a multiple of its text's characters, by (from, into) an unspaced
#: language.
_LENGTHS: Final[Mapping[tuple[bool, bool], tuple[float, float]]] = {
    (False, False): (0.5, 2.2),
    (False, True): (0.15, 1.3),
    (True, False): (0.8, 7.0),
    (True, True): (0.4, 2.5),
}
_LEAST_OF_ITS_OWN: Final = 0.25
_MOST_SHARED: Final = 0.5
#: The shop of which a language's little words are known, where it is not called like the language.
_SHOPS: Final = {"en": "uk", "ja": "jp"}


def lost_figure(text: str, translation: str) -> str:
    """Return a number or figure that only one of the two says, or nothing.

    A number that is measured in another unit is another figure.
    """
    if changed := numbers(text) ^ numbers(translation):
        return min(changed)
    carried = set(_figures(translation))
    return next((f"{n} {unit}" for n, unit in _figures(text) if (n, unit) not in carried), "")


def _figures(text: str) -> Iterator[tuple[str, str]]:
    folded = plain(text)
    for pattern in (_LATIN_FIGURE, _OTHER_FIGURE):
        for number, word in pattern.findall(folded):
            if unit := _UNITS.get(word):
                yield min(numbers(number)), unit


def lost_name(text: str, translation: str, name: str) -> bool:
    """Return whether ``text`` names ``name``, a brand, and ``translation`` does not."""
    return bool(name) and stands_in(name, text) and not stands_in(name, translation)


def name_repeated(text: str, translation: str, name: str) -> bool:
    """Return whether ``translation`` names ``name``, a brand, more often than ``text`` does."""
    return bool(name) and plain(translation).count(plain(name)) > max(
        1, plain(text).count(plain(name))
    )


def strange_word(text: str, translation: str, language: str, name: str = "") -> str:
    """Return a word of ``translation`` that is of another language, or nothing.

    In Spanish or English it is a color or a material, as the other one calls it, and not ``name``.
    In Chinese and Japanese it is in Latin letters: a name stands in ``text`` letter for letter;
    what is in capitals (LED) is no word, and what follows a number is its unit.
    """
    if language not in UNSPACED:
        others = _TOLD_IN_OTHERS.get(language, frozenset()).difference(tokens(name))
        return next((word for word in tokens(translation) if word in others), "")
    known = frozenset(_LATIN_WORD.findall(text))
    said = _LATIN_WORD.findall(translation)
    return next((word for word in said if word not in known and not word.isupper()), "")


def is_untranslated(text: str, translation: str, name: str) -> bool:
    """Return whether most words of both are the same, apart from numbers and ``name``."""
    kept = frozenset(tokens(name)) if name else frozenset()
    own, others = (
        frozenset(word for word in tokens(each) if word not in kept and not word[0].isdigit())
        for each in (text, translation)
    )
    return not others or similarity(own, others) >= _MOST_SHARED


def is_in_language(text: str, language: str, name: str = "") -> bool:
    """Return whether nothing says that ``text``, apart from ``name``, is in another language."""
    without = re.sub(re.escape(name), " ", text, flags=re.IGNORECASE) if name else text
    if identify(without, language, "script").contradicts(language):
        return False
    if language in UNSPACED:
        own = CJK.findall(without)
        if language == "ja" and not _is_written_in(_JAPANESE, "".join(own)):
            return False
        # There are no more letters than characters, which are counted already.
        return len(own) > _LEAST_OF_ITS_OWN * len(without) or (
            len(own) > _LEAST_OF_ITS_OWN * sum(map(str.isalpha, without))
        )
    return in_language(without, _SHOPS.get(language, language))


def _is_written_in(character_set: str, text: str) -> bool:
    try:
        text.encode(character_set)
    except UnicodeEncodeError:
        return False
    return True


def length_fits(text: str, translation: str) -> bool:
    """Return whether a translation is as long as those between such languages are."""
    low, high = _LENGTHS[bool(CJK.search(text)), bool(CJK.search(translation))]
    return low <= len(translation) / len(text) <= high


def brought_back(text: str, back: str, language: str) -> float:
    """Return the share of the words of ``text`` that ``back``, its translation back, says."""
    words = frozenset(content(text, language))
    return len(words & frozenset(content(back, language))) / len(words) if words else 0.0
