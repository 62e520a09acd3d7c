"""What the tasks that write one part of a product page from the others share.

Not a row mapper itself. A target is only worth learning where the input supports it: one that says
more than the input trains a model to invent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from factory.sources.view import RowRejectedError
from factory.text import CJK, tokens

#: Words of bullets that a seller puts under everything, case-folded.
BOILERPLATE: Final = (
    *("warrant", "guarantee", "satisf", "customer service", "customer support", "customer care"),
    *("money back", "money-back", "refund", "contact us", "return policy", "risk free"),
    *("risk-free", "hassle free", "hassle-free", "please note", "please allow", "please check"),
    *("please feel", "garantía", "garantia", "atención al cliente", "atencion al cliente"),
    *("servicio al cliente", "servicio posventa", "contáctenos", "contactenos", "contáctanos"),
    *("reembolso", "devolución", "保証", "返品", "返金", "お問い合わせ", "カスタマー"),
    *("アフターサービス", "ご連絡", "サポート"),
)
#: Words by which a seller speaks of the page or the order, not of the product.
_NOTES: Final = (
    *("main picture", "before you order", "listed under", "listed separately", "every order"),
    *("one order of", "imagen principal", "antes de comprar", "por pedido", "compruebe"),
    *("商品画像", "別売り", "ご確認"),
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*")
_DIGIT: Final = re.compile(r"\d")
#: Sizes that no digit states.
_SIZE: Final = re.compile(
    r"(?i)(?<![a-z])(?:x{0,3}-?(?:small|large)|medium|(?:twin|full|queen|king) size|"
    r"talla [xsml]{1,4}|pequeñ[oa]|median[oa]|(?<!a )grande)(?![a-z])|[XSML]{1,4}サイズ"
)
#: What a text may spell out, in English and Spanish. ``one`` mostly counts nothing, and ``once`` is
#: eleven in Spanish alone.
_SPELLED: Final = MappingProxyType(
    {
        word: number
        for number, words in (
            *(("2", "two dos"), ("3", "three tres"), ("4", "four cuatro"), ("5", "five cinco")),
            *(("6", "six seis"), ("7", "seven siete"), ("8", "eight ocho"), ("9", "nine nueve")),
            *(("10", "ten diez"), ("11", "eleven"), ("12", "twelve dozen doce docena")),
            *(("15", "fifteen quince"), ("20", "twenty veinte"), ("30", "thirty treinta")),
            *(("40", "forty cuarenta"), ("50", "fifty cincuenta"), ("60", "sixty sesenta")),
            *(("80", "eighty ochenta"), ("100", "hundred cien"), ("1000", "thousand")),
        )
        for word in words.split()
    }
)
#: A material, a standard or a plug: ``TPE``, ``LED``, ``USB``. Longer ones are words like others.
_ABBREVIATION: Final = re.compile(r"(?<![A-Za-z])[A-Z]{2,3}(?![A-Za-z])")
_LATIN: Final = re.compile(r"[A-Za-z]+")
_ENDED: Final = re.compile(r"[.!?。！？…)）」』\"”]\Z")
_FEWEST_LETTERS: Final = 4
#: Words of that many letters that say nothing; *without* says much.
_JOINING: Final = frozenset(("with", "from", "para", "desde"))
_MOST_TITLE: Final = 200
_FEWEST_TITLE_WORDS: Final = 3
#: A sentence with this much of the title in it, and little else, is the title once more.
_TITLE_COPY: Final = 0.8
_TITLE_COPY_LENGTH: Final = 1.5


@dataclass(frozen=True, slots=True)
class ProductText:
    """One product's page: whatever the source lacks is empty."""

    id: str
    title: str
    description: str
    bullets: tuple[str, ...]
    brand: str
    color: str


def product_texts(facts: Mapping[str, Any]) -> Iterator[ProductText]:
    """Yield the products that have a title that names one, each once."""
    seen: set[str] = set()
    for each in facts["products"]:
        title = each["title"] or ""
        if each["id"] in seen or not _names_a_product(title):
            continue
        seen.add(each["id"])
        bullets = tuple(dict.fromkeys(bullet for bullet in each["bullets"] or () if bullet))
        yield ProductText(
            each["id"],
            title,
            each["description"] or "",
            bullets,
            each["brand"] or "",
            each["color"] or "",
        )


def first_usable(
    facts: Mapping[str, Any], make: Callable[[ProductText], dict[str, Any] | None], why: str
) -> dict[str, Any]:
    """Return the row that ``make`` finds in the first product for which it finds one.

    Raises :class:`RowRejectedError`, with ``why`` as its reason, where it finds none.
    """
    for product in product_texts(facts):
        made = make(product)
        if made is not None:
            name = f"product:{facts['locale']}:{product.id}"
            return {
                "key": facts["key"],
                "locale": facts["locale"],
                **made,
                "subject": name,
                "source_ids": [*facts["source_ids"], name],
            }
    raise RowRejectedError(why, "no exact match of the query will do")


def content_words(text: str) -> frozenset[str]:
    """Return the tokens of ``text`` that say something: numbers, longer words, CJK pairs."""
    return frozenset(
        word
        for word in tokens(text)
        if (len(word) >= _FEWEST_LETTERS and word not in _JOINING)
        or CJK.search(word)
        or _DIGIT.search(word)
    )


def support(target: str, inputs: Iterable[str]) -> float:
    """Return the share of the target's content words that the inputs have, from 0 to 1."""
    words = content_words(target)
    return len(words & content_words(" ".join(inputs))) / len(words) if words else 0.0


def invents_numbers(target: str, inputs: Iterable[str]) -> bool:
    """Return whether the target has a number, spelled out or not, that the inputs do not have."""
    given = frozenset(tokens(" ".join(inputs)))
    return any(
        word not in given and (_DIGIT.search(word) or _SPELLED.get(word, word) not in given)
        for word in tokens(target)
        if _DIGIT.search(word) or word in _SPELLED
    )


def invents_abbreviations(target: str, inputs: Iterable[str]) -> bool:
    """Return whether the target has a short abbreviation that the inputs do not have.

    A target all in capitals has words of two and three letters that look the same; it is let pass.
    """
    if target == target.upper():
        return False
    given = frozenset(found.upper() for found in _LATIN.findall(" ".join(inputs)))
    return not given.issuperset(_ABBREVIATION.findall(target))


def invents_sizes(target: str, inputs: Iterable[str]) -> bool:
    """Return whether the target names a size, such as ``Large``, that the inputs do not name."""
    given = " ".join(inputs).casefold()
    return any(size.casefold() not in given for size in _SIZE.findall(target))


def unended(text: str) -> bool:
    """Return whether a text breaks off before the end of a sentence."""
    return _ENDED.search(text) is None


def boilerplate(text: str) -> bool:
    """Return whether a bullet point is about the sale, not about the product."""
    plain = text.casefold()
    return any(words in plain for words in (*BOILERPLATE, *_NOTES))


def sentences(text: str) -> Sequence[str]:
    """Return the sentences of a cleaned text."""
    return [part for part in _SENTENCE_END.split(text) if part]


def without_title(pieces: Iterable[str], title: str) -> list[str]:
    """Return the sentences or bullets that are no copy of the title and do not quote it."""
    words = frozenset(tokens(title))
    plain = title.casefold()
    kept: list[str] = []
    for piece in pieces:
        found = frozenset(tokens(piece))
        copies = len(words & found) >= _TITLE_COPY * len(words) and len(
            found
        ) <= _TITLE_COPY_LENGTH * len(words)
        if not copies and plain not in piece.casefold():
            kept.append(piece)
    return kept


def _names_a_product(title: str) -> bool:
    enough = len(title.split()) >= _FEWEST_TITLE_WORDS or bool(CJK.search(title))
    return enough and len(title) <= _MOST_TITLE
