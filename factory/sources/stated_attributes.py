"""Which attributes a text states: those whose value stands in it as words of its own.

A text is asked for more attributes than it states, and an answer ``None`` must be true: an
attribute is asked for in vain only where no value that the shop knows of it stands in the text,
where the text does not name it, and, if its values are measures, where the text has no figure that
is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from factory.text import CJK

#: What a brand and a type of product are called, by locale.
BRAND: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("us", "uk"), "Brand"),
        "de": "Marke",
        "fr": "Marque",
        "it": "Marca",
        "es": "Marca",
        "jp": "ブランド",
        "cn": "品牌",
    }
)
PRODUCT_TYPE: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("us", "uk"), "Product type"),
        "de": "Produktart",
        "fr": "Type de produit",
        "it": "Tipo di prodotto",
        "es": "Tipo de producto",
        "jp": "商品の種類",
        "cn": "商品类型",
    }
)
#: An attribute that is called "type" cannot be told from the type of the product.
_RENAMED: Final = {
    **dict.fromkeys((("us", "type"), ("uk", "type"), ("fr", "type")), "Style"),
    ("es", "tipo"): "Estilo",
    ("it", "tipo"): "Stile",
    ("cn", "类型"): "种类",
    ("us", "size or format"): "Size",
    ("es", "medida o formato"): "Medida",
    ("jp", "サイズ・仕様"): "サイズ",
    ("us", "made for"): "Intended user",
    ("us", "compatible with"): "Compatible device",
    ("es", "para quién"): "Público",
    ("es", "compatible con"): "Dispositivo compatible",
    ("es", "tamaño"): "Tamaño de cama",
}
#: Sellers also call the line of a product its model: that a text has none is not sure.
MODEL: Final = frozenset(("Model", "Modelo", "Modell", "Modèle", "Modello", "モデル", "型号"))
#: How many pieces a puzzle has is its size to one shop, and its quantity to another.
_QUANTITIES: Final = frozenset(("Pack", "Cantidad", "入数", "数量"))
_PIECES: Final = re.compile(r"\d\s*(?:pieces?\b|piezas?\b|ピース|片)", re.IGNORECASE)
#: What a thing or a part of it is made of, in words that need not be values of the shop.
_MATERIALS: Final = frozenset(("Material", "素材", "材质"))
_SUBSTANCES: Final = re.compile(
    r"\b(?:paper|cardboard|cloth|titanium|latex|rubber|plastic|metal|brass|mesh|foam|wood(?:en)?"
    r"|steel|papel|cart[oó]n|tela|titanio|látex|goma|plástico|latón|malla|espuma|madera|acero)\b"
    r"|[纸布紙钛木钢铁]|乳胶|橡胶|塑料|厚紙|チタン|ラテックス|ゴム|メッシュ|プラスチック",
    re.IGNORECASE,
)
#: What a thing may be for, though no model is named.
_DEVICE_NAMES: Final = frozenset(
    ("Compatible device", "Dispositivo compatible", "対応機種", "适用机型")
)
_DEVICES: Final = re.compile(
    r"\b(?:phone|laptop|tablet|pc|m[oó]vil|port[aá]til|ordenador|tableta)s?\b"
    r"|电脑|手机|平板|パソコン|ノートPC|スマホ|タブレット",
    re.IGNORECASE,
)
#: What a thing runs on is its power to many, though no figure is named.
_POWER_NAMES: Final = frozenset(("Power", "Potencia", "出力", "功率"))
_POWERED: Final = re.compile(
    r"\b(?:electric|manual|cordless|rechargeable|batter(?:y|ies)|usb"
    r"|el[eé]ctric[oa]s?|recargables?|pilas|bater[ií]as?)\b"
    r"|電動|手動|電池|バッテリー|充電|电动|手动|电池|充电",
    re.IGNORECASE,
)
#: Whom a thing is for, and which color its light has, may stand in the word for it.
_USER_NAMES: Final = frozenset(("Intended user", "Público", "対象", "适用人群"))
_USERS: Final = re.compile(
    r"\b(?:for|para|dogs?|cats?|puppy|bab(?:y|ies)|perros?|gatos?|beb[eé]s?|felin[oa]s?)\b"
    r"|[用犬猫狗]|ペット|ベビー|宠物|婴儿",
    re.IGNORECASE,
)
_COLOR_NAMES: Final = frozenset(("Color", "カラー", "颜色"))
_LIGHT_COLORS: Final = re.compile(r"\b(?:warm|daylight|luz)\b|色", re.IGNORECASE)
#: A capacity, a length or a weight may be called the size, and what is a version to one shop is a
#: style to another: beside one of them, nobody can be sure that the text has none of the others.
_KIN: Final = (
    frozenset(
        (
            *("Size", "Bed size", "Capacity", "Weight", "Length", "Storage"),
            *("Medida", "Tamaño de cama", "Capacidad", "Peso", "Longitud", "Almacenamiento"),
            *("サイズ", "ベッドサイズ", "容量", "重量", "長さ", "ストレージ"),
            *("尺寸", "床品尺寸", "规格", "长度", "存储"),
        )
    ),
    frozenset(("Style", "Version", "Estilo", "Versión", "タイプ", "仕様", "种类", "版本")),
)
#: ``木製`` without its last character is a word of many others.
_SHORT: Final = 2
#: The number under which a maker lists a product: no text states it as a fact.
MODEL_NUMBER: Final = re.compile(r"[A-Z]{1,4}-?\d{2,6}[A-Z]?\Z")


def shown_name(name: str, locale: str) -> str:
    """Return what an attribute is called where it is asked for."""
    named = _RENAMED.get((locale, name.casefold()), name)
    return named[:1].upper() + named[1:]


def places(value: str, text: str) -> list[tuple[int, int]]:
    """Return where ``value`` stands in ``text`` as words of its own, in whatever case."""
    # Who looks for ``made of nylon`` (ナイロン製) may name the nylon alone.
    made = "製?" if len(value) > _SHORT and value.endswith("製") else ""
    value = value[:-1] if made else value
    if CJK.search(value):
        # ``Made of wood`` is one word: 木製.
        before, after = "", "(?:製|制(?!造))?"
    else:
        before, after = r"(?<![^\W_])(?<!\d[.,])", r"(?![^\W_]|[.,]\d|['’]s\b)"
        # Beside Chinese and Japanese, Latin words and figures stand without spaces.
        if CJK.search(text):
            before, after = r"(?<![0-9A-Za-z])(?<!\d[.,])", r"(?![0-9A-Za-z]|[.,]\d)"
    pattern = f"{before}{re.escape(value)}{made}{after}"
    return [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]


def stated(text: str, named: Iterable[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield the first place of each value in ``text`` with its name, the longest values first.

    A value within a longer one that was found, such as ``Gray`` in ``Dark Gray``, is not stated.
    """
    taken: list[tuple[int, int]] = []
    for name, value in sorted(named, key=lambda each: (-len(each[1]), each)):
        free = [
            (start, end)
            for start, end in places(value, text)
            if not any(start < b and a < end for a, b in taken)
        ]
        # A brand within each mention of a model is a part of the model's name.
        taken += free
        if free:
            yield *free[0], name


def named_better(name: str, value: str, known: Sequence[Mapping[str, Any]]) -> str:
    """Return the more frequent attribute of the shop that has this value too, or nothing.

    A ``Black`` that is called the type of an ink is a color to everybody else. ``name`` is as the
    shop writes it; ``known`` are its attributes, the most frequent first.
    """
    for each in known:
        if each["name"] == name:
            return ""
        if value.casefold() in map(str.casefold, each["known_values"]):
            return str(each["name"])
    return ""


def askable(
    text: str,
    locale: str,
    found: Sequence[tuple[int, int, str]],
    own: Iterable[str],
    known: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Return the names that ``text`` surely has no value of.

    ``own`` are the names (as shown) of what is known of the text's subject, stated or not;
    ``known`` the attributes of the shop, each with its ``name`` and ``known_values``.
    """
    rest = list(text)
    for start, end, _ in found:
        for value_start, value_end in places(text[start:end], text):
            rest[value_start:value_end] = " " * (value_end - value_start)
    left = "".join(rest)
    figures = any(character.isdigit() for character in left)
    held = {*own, *(name for *_, name in found)}
    held |= {name for kin in _KIN if kin & held for name in kin}
    absent = []
    for each in known:
        name, values = shown_name(each["name"], locale), each["known_values"]
        if (
            name in held
            or name in MODEL
            or (name in _QUANTITIES and _PIECES.search(text))
            or (name in _MATERIALS and _SUBSTANCES.search(text))
            or (name in _POWER_NAMES and _POWERED.search(text))
            or (name in _USER_NAMES and _USERS.search(text))
            or (name in _COLOR_NAMES and _LIGHT_COLORS.search(text))
            or (name in _DEVICE_NAMES and _DEVICES.search(text))
            or places(each["name"], left)
            or places(name, text)
        ):
            continue
        if figures and any(character.isdigit() for value in values for character in value):
            continue
        # A plastic handle is no plastic product, but nor is its material surely unsaid.
        if not any(places(value, text) for value in values):
            absent.append(name)
    return list(dict.fromkeys(absent))


def frequencies(names: Iterable[str], locale: str, known: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return how many things of the shop have each of the attributes.

    What is no attribute of ``known``, as the brand and the type, nearly all things have.
    """
    found = {shown_name(each["name"], locale): int(each["frequency"]) for each in known}
    most = max(found.values(), default=1)
    return [found.get(name, most) for name in names]
