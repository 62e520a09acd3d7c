"""Call types by other names: sellers and shoppers do not use the words of a shop's categories."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any, Final

import yaml

from shop.load import ROOT
from shop.model import HOUSE_LOCALES, LANGS, Dice, Product, ProductType, Query

#: How many titles, and how many queries, name the type by another name.
_OF_TITLES: Final = 0.65
_OF_QUERIES: Final = 0.5


@cache
def _texts() -> Any:
    return yaml.safe_load((ROOT / "synonyms.yaml").read_text(encoding="utf-8"))


def synonyms(kind: ProductType, lang: str) -> tuple[str, ...]:
    """Return the other names of a type in a language; most types have one or two."""
    return tuple(_texts().get(kind.id, {}).get(lang, ()))


def renamed(product: Product, lang: str, seed: int) -> Product:
    """Return the product as its seller's title names it: of a type that is called otherwise."""
    names, dice = synonyms(product.type, lang), Dice(seed, "synonym", product.id, lang)
    if not names or not dice.chance(_OF_TITLES, "renamed"):
        return product
    called = list(product.type.names)
    called[LANGS.index(lang)] = dice.pick(names, "name")
    return replace(
        product,
        type=replace(product.type, names=(called[0], called[1], called[2], called[3]), also={}),
    )


def reworded(query: Query, seed: int) -> str:
    """Return the text of a query with another name of the type that it asks for, or as it is."""
    lang = HOUSE_LOCALES[query.locale]
    names, dice = synonyms(query.type, lang), Dice(seed, "synonym", "query", query.locale, query.id)
    if not names or not dice.chance(_OF_QUERIES, "renamed"):
        return query.text
    name = dice.pick(names, "name")
    said = [query.type.name(lang), *query.type.heads.get(lang, ())]
    for known in sorted(said, key=len, reverse=True):
        # Latin words beside which others stand would be cut out of them.
        edge = r"\b" if lang in ("en", "es") else ""
        pattern = rf"{edge}{re.escape(known)}{edge}"
        if len(re.findall(pattern, query.text, re.IGNORECASE)) == 1:
            typed = name.lower() if query.text == query.text.lower() else name
            return re.sub(pattern, typed, query.text, count=1, flags=re.IGNORECASE)
    return query.text
