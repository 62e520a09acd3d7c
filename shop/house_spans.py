"""Titles with what their words are: brand, product line, type, attribute values and features."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shop import chinese, wording
from shop.conversations import feature_phrase
from shop.model import HOUSE_LOCALES, LANGS, Dice, Product, Shop
from shop.synonyms import synonyms

#: What each entity is called in a language: en, es, ja, zh.
ENTITY_NAMES = {
    "brand": ("Brand", "Marca", "ブランド", "品牌"),
    "line": ("Product Line", "Línea de producto", "シリーズ", "系列"),
    "type": ("Product Type", "Tipo de producto", "商品の種類", "商品类型"),
    "feature": ("Feature", "Característica", "特長", "卖点"),
    "color": ("Color", "Color", "カラー", "颜色"),
    "material": ("Material", "Material", "素材", "材质"),
    "capacity": ("Capacity", "Capacidad", "容量", "容量"),
    "storage": ("Storage", "Almacenamiento", "ストレージ", "存储"),
    "power": ("Power", "Potencia", "出力", "功率"),
    "length": ("Length", "Longitud", "長さ", "长度"),
    "bed": ("Bed Size", "Tamaño de cama", "ベッドサイズ", "床品尺寸"),
    "size": ("Size", "Medida", "サイズ", "尺寸"),
    "pack": ("Pack", "Cantidad", "入数", "数量"),
    "weight": ("Weight", "Peso", "重量", "重量"),
    "audience": ("Audience", "Público", "対象", "适用人群"),
    "device": ("Compatible Device", "Dispositivo compatible", "対応機種", "适用机型"),
    "model": ("Model", "Modelo", "モデル", "型号"),
    "kind": ("Style", "Estilo", "タイプ", "种类"),
    "option": ("Version", "Versión", "仕様", "版本"),
    "use": ("Use", "Uso", "用途", "用途"),
    "number": ("Model Number", "Número de modelo", "型番", "货号"),
}
#: What stands before a value in Spanish is no part of it: "de madera" is the material "madera".
_PREFIXES = {"material": "de ", "audience": "para ", "device": "para "}
#: Letters and digits of a word on either side would make a hit a part of another word.
_WORD = re.compile(r"[0-9A-Za-zÀ-ÿ]")


def _wanted(product: Product, lang: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the entities that a title may show, each with its spellings, the longest first.

    Every attribute value must be found, so that nothing in a title goes unnamed.
    """
    kind = product.type
    kinds = (kind.name(lang), *kind.also.get(lang, []), *synonyms(kind, lang))
    wanted = [("type", kinds), ("brand", (product.brand.name,))]
    if "model" not in product.facts:
        wanted.append(("line", (product.line,)))
    for axis, value in product.facts.items():
        prefix = _PREFIXES.get(axis, "") if lang == "es" else ""
        wanted.append((axis, (value.name(lang).removeprefix(prefix),)))
    uses = chinese.texts()["types"][kind.id][1] if lang == "zh" else kind.uses[lang]
    wanted += [("number", (product.code,)), ("use", tuple(uses))]
    phrases = [feature_phrase(product, feature, lang) for feature in product.features]
    return [*wanted, *(("feature", (phrase,)) for phrase in phrases)]


def _places(title: str, value: str) -> Iterator[tuple[int, int]]:
    for hit in re.finditer(re.escape(value), title, re.IGNORECASE):
        before, after = title[hit.start() - 1 : hit.start()], title[hit.end() : hit.end() + 1]
        if _WORD.match(value[0]) and _WORD.match(before or " "):
            continue
        if _WORD.match(value[-1]) and _WORD.match(after or " "):
            continue
        yield hit.start(), hit.end()


def entities(product: Product, title: str, lang: str) -> list[dict[str, Any]] | None:
    """Return the entities of a title in their order, or None where a fact is not found in it."""
    found: list[tuple[int, int, str]] = []
    optional = ("line", "feature", "brand", "use", "number")
    wanted = _wanted(product, lang)
    for name, spellings in sorted(wanted, key=lambda w: -max(map(len, w[1]))):
        free = [
            (start, end)
            for value in sorted(spellings, key=len, reverse=True)
            for start, end in _places(title, value)
            if all(end <= s or start >= e for s, e, _ in found)
        ]
        if not free:
            if name in optional:
                continue
            return None
        found.append((*free[0], name))
    place = LANGS.index(lang)
    return [
        {
            "type": ENTITY_NAMES[name][place],
            "value": title[start:end],
            "start": start,
            "end": end,
        }
        for start, end, name in sorted(found)
    ]


def make_spans(
    shop: Shop, titles: Mapping[tuple[str, str], str], locale: str, count: int
) -> Iterator[dict[str, Any]]:
    """Yield titles of ``locale`` with their entities; offsets count characters."""
    lang = HOUSE_LOCALES[locale]
    stock = [p for p in shop.products if p.sold_in(locale)]
    made = 0
    for product in Dice(shop.seed, "spans", locale).shuffled(stock, "order"):
        title = titles[locale, product.id]
        if wording.maker(product) and product.brand.name not in title:
            continue
        marked = entities(product, title, lang)
        if marked is None:
            continue
        yield {
            "id": f"t{locale}{made:04d}",
            "locale": locale,
            "text": title,
            "category": product.type.name(lang),
            "entities": marked,
        }
        made += 1
        if made == count:
            return
