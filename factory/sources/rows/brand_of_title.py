"""Which brand makes a product: four brands of one kind of product, and a title.

Of half of the rows the brand is taken out of the title, so that only knowledge of its products
answers them: the title names a line of products that is this brand's alone. Else the brand stays,
and the maker of the device that the product is made for is the first of the wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import folded_case, tokens

OFFERS: Final = ("masked", "positive", "negatives")

#: What stands in the title in the brand's place.
MASK: Final = "[brand]"
_BRACKETED: Final = re.compile(r"[\[【(「『]\s*\[brand\]\s*[\]】)」』]")
#: A Latin brand's name in katakana, in brackets behind it.
_IN_KATAKANA: Final = re.compile(r"\s*[(（\[【]([ァ-ヺー・\s]+)[)）\]】]")
#: What a product is made for stands between these, or before the last.
_MADE_FOR: Final = (
    r"(?:\b(?:for|with|fits|para|con)\s+{0}\b|(?<![A-Za-z]){0}\b[^、,|]{{0,20}}?(?:対応|専用|用))"
)
#: The number of a model, and what stands in its place where it begins as the brand does.
_MODEL: Final = re.compile(r"(?<![\w-])(?=[A-Za-z]+-?\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![\w-])")
_MODEL_MASK: Final = "[model]"
_NEGATIVES: Final = 3
_FEWEST_WORDS: Final = 4
_LONGEST: Final = 40
#: What stands in the field of the brand where there is none.
_NO_BRAND: Final = re.compile(
    r"generic|gen[eé]rico|unbranded|un-?known|no[ -]?brand|none|null|n/?a|nan|does not apply|"
    r"not applicable|various|varios|unknown|sin marca|other|brand|marca|oem|custom|amazon|"
    r"ノーブランド品?|ノーブランド|no ?name|import|imports|メーカー名なし|ブランドなし|-+|\d+|"
    r"independently published|libro|book|new|the|home|store|shop|usa|original",
    re.IGNORECASE,
)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the title, with or without the brand, its brand and three others.

    Raises :class:`RowRejectedError` where the title does not state the brand, the brand is none,
    what is left of the title tells it to nobody or to everybody, or too few others are certainly
    not the product's.
    """
    title, brand = facts["title"] or "", facts["brand"] or ""
    masked = facts["form"] == "masked"
    if _is_none(brand):
        raise RowRejectedError("brand-generic", brand)
    pattern = _pattern(brand)
    if not pattern.search(title):
        raise RowRejectedError("brand-not-in-title", brand)
    if masked and not facts["maskable"]:
        raise RowRejectedError("brand-not-told", title)
    negatives = _others(facts)
    shown = _without(brand, pattern, title) if masked else title
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": shown,
        "masked": masked,
        "positive": brand,
        "negatives": [name for name, _ in negatives],
        "subject": facts["subject"],
        "source_ids": [
            *facts["source_ids"],
            *(f"product:{facts['locale']}:{product}" for _, product in negatives),
        ],
    }


def _others(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return three brands with a product of each; no two of the four share a word.

    None is named by the title, but for one that the product is said to be made for.
    """
    title = facts["title"]
    said, words = folded_case(title), frozenset(tokens(title))
    taken = set(tokens(facts["brand"]))
    chosen: list[tuple[str, str]] = []
    for maker in facts["named"] or ():
        if _is_made_for(maker["brand"], title) and not taken & set(tokens(maker["brand"])):
            chosen.append((maker["brand"], maker["product_id"]))
            taken.update(tokens(maker["brand"]))
            break
    for other in facts["others"]:
        name = other["brand"]
        if _is_none(name):
            continue
        own = frozenset(tokens(name))
        if own & taken or own & words or folded_case(name) in said:
            continue
        taken |= own
        chosen.append((name, other["product_id"]))
        if len(chosen) == _NEGATIVES:
            return chosen
    raise RowRejectedError("too-few-brands", f"{len(chosen)} of {_NEGATIVES}")


def _without(brand: str, pattern: re.Pattern[str], title: str) -> str:
    """Return the title with the mark in the brand's place.

    Raises :class:`RowRejectedError` where the title names the brand in another way as well, or has
    too few words left.
    """
    marked = pattern.sub(MASK, title)
    end = marked.index(MASK) + len(MASK)
    if kana := _IN_KATAKANA.match(marked, end):
        marked = f"{marked[:end]} {marked[kana.end() :]}"
        if kana[1].strip() in marked:
            raise RowRejectedError("brand-still-in-title", marked)
    elif marked[end:].lstrip().startswith(("(", "\uff08", "【", "[", "/")):
        # What stands behind the brand may be its name in another script.
        raise RowRejectedError("brand-still-in-title", marked)
    # A Japanese title may have brackets of its own around the brand.
    shown = " ".join(_BRACKETED.sub(MASK, marked).split())
    initial = brand[0].casefold()
    shown = _MODEL.sub(
        lambda found: _MODEL_MASK if found[0][0].casefold() == initial else found[0], shown
    )
    left = tokens(shown.replace(MASK, " ").replace(_MODEL_MASK, " "))
    if frozenset(tokens(brand)) & frozenset(left):
        raise RowRejectedError("brand-still-in-title", shown)
    if len(left) < _FEWEST_WORDS:
        raise RowRejectedError("title-short", shown)
    return shown


def _is_made_for(brand: str, title: str) -> bool:
    return not _is_none(brand) and bool(re.search(_MADE_FOR.format(re.escape(brand)), title))


def _is_none(brand: str) -> bool:
    return (
        not 1 < len(brand) <= _LONGEST
        or _NO_BRAND.fullmatch(brand) is not None
        or not any(map(str.isalpha, brand))
    )


def _pattern(brand: str) -> re.Pattern[str]:
    """Return what finds a brand: a Latin name as words of its own, a Japanese one anywhere."""
    before = r"(?<![A-Za-z0-9])" if brand[0].isascii() else ""
    after = r"(?![A-Za-z0-9])" if brand[-1].isascii() else ""
    return re.compile(f"{before}{re.escape(brand)}{after}", re.IGNORECASE)
