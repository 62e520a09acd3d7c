"""Closed lists of the words by which queries and titles say color, material, audience and size.

One mapping a language and entity type, from the word to what it means: spellings, genders and
numbers of one meaning share a key, so that ``negra`` in a query agrees with ``Negro`` in a title.
What is not surely of the type is left out (``gold``, ``nude``, ``chocolate`` as colors).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _words(**spellings: str) -> Mapping[str, str]:
    """Return word to key, from ``key="word, word"``."""
    return MappingProxyType(
        {word.strip(): key for key, listed in spellings.items() for word in listed.split(",")}
    )


COLORS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": _words(
            black="black",
            white="white",
            gray="gray, grey",
            blue="blue",
            navy="navy, navy blue",
            red="red",
            pink="pink",
            green="green",
            brown="brown",
            silver="silver",
            purple="purple",
            yellow="yellow",
            orange="orange",
            beige="beige",
            turquoise="turquoise",
            teal="teal",
            burgundy="burgundy",
            khaki="khaki",
            rose_gold="rose gold",
            warm_white="warm white",
            cool_white="cool white",
            soft_white="soft white",
        ),
        "es": _words(
            black="negro, negra, negros, negras",
            white="blanco, blanca, blancos, blancas",
            gray="gris, grises",
            blue="azul, azules",
            navy="azul marino",
            red="rojo, roja, rojos, rojas",
            pink="rosa, rosas",
            green="verde, verdes",
            brown="marrón, marrones",
            silver="plateado, plateada, plateados, plateadas",
            gold="dorado, dorada, dorados, doradas",
            purple="morado, morada, morados, moradas",
            yellow="amarillo, amarilla, amarillos, amarillas",
            orange="naranja, naranjas",
            beige="beige",
        ),
        "ja": _words(
            black="ブラック, 黒, 黒色",
            white="ホワイト, 白, 白色",
            gray="グレー, 灰色",
            blue="ブルー, 青",
            navy="ネイビー, 紺",
            red="レッド, 赤",
            pink="ピンク",
            green="グリーン, 緑",
            brown="ブラウン, 茶色",
            silver="シルバー",
            purple="パープル, 紫",
            yellow="イエロー, 黄色",
            orange="オレンジ",
            beige="ベージュ",
        ),
    }
)

MATERIALS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": _words(
            stainless="stainless steel",
            steel="steel",
            cast_iron="cast iron",
            aluminum="aluminum, aluminium",
            titanium="titanium",
            metal="metal",
            copper="copper",
            glass="glass",
            tempered="tempered glass",
            ceramic="ceramic",
            porcelain="porcelain",
            terracotta="terracotta",
            plastic="plastic",
            silicone="silicone",
            rubber="rubber",
            vinyl="vinyl",
            wood="wood, wooden",
            bamboo="bamboo",
            leather="leather",
            suede="suede",
            cotton="cotton",
            polyester="polyester",
            linen="linen",
            wool="wool",
            merino="merino wool",
            fleece="fleece",
            nylon="nylon",
            microfiber="microfiber",
            velvet="velvet",
            silk="silk",
            denim="denim",
            canvas="canvas",
            felt="felt",
            neoprene="neoprene",
            memory_foam="memory foam",
            tpe="tpe",
            tpu="tpu",
            cork="cork",
            wicker="wicker",
        ),
        "es": _words(
            stainless="acero inoxidable",
            steel="acero",
            cast_iron="hierro fundido",
            aluminum="aluminio",
            metal="metal",
            glass="vidrio, cristal",
            tempered="vidrio templado, cristal templado",
            ceramic="cerámica",
            porcelain="porcelana",
            terracotta="terracota, barro",
            plastic="plástico",
            silicone="silicona",
            rubber="goma, caucho",
            wood="madera",
            bamboo="bambú",
            leather="cuero, piel",
            cotton="algodón",
            polyester="poliéster",
            linen="lino",
            wool="lana",
            merino="lana merino",
            nylon="nailon, nylon",
            microfiber="microfibra",
            velvet="terciopelo",
            felt="fieltro",
            neoprene="neopreno",
            cork="corcho",
            tpe="tpe",
            tpu="tpu",
            down="plumón",
        ),
        "ja": _words(
            stainless="ステンレス, ステンレス製",
            cast_iron="鋳鉄, 鋳鉄製",
            aluminum="アルミ, アルミ製",
            metal="金属, 金属製",
            glass="ガラス, ガラス製",
            tempered="強化ガラス",
            ceramic="陶器, 陶器製, セラミック",
            plastic="プラスチック, プラスチック製",
            silicone="シリコン, シリコン製, シリコーン",
            rubber="ゴム, ゴム製",
            wood="木製, 天然木",
            bamboo="竹製, 竹",
            leather="本革, 革, レザー",
            cotton="コットン, 綿, 綿100%",
            linen="リネン, 麻",
            wool="ウール",
            nylon="ナイロン, ナイロン製",
            microfiber="マイクロファイバー",
            felt="フェルト, フェルト製",
            neoprene="ネオプレン",
            cork="コルク, コルク製",
            tpe="tpe, tpe製",
            tpu="tpu, tpu製",
        ),
    }
)

AUDIENCES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": _words(
            women="women, women's, womens, woman, ladies, female",
            men="men, men's, mens, male",
            kids="kids, kid's, children, children's, childrens, child",
            girls="girls, girl's, girl",
            boys="boys, boy's, boy",
            toddler="toddler, toddlers, toddler's",
            baby="baby, babies, infant, infants",
            adult="adult, adults, adult's",
            teens="teens, teen, teenagers",
            seniors="seniors, elderly",
        ),
        "es": _words(
            women="mujer, mujeres",
            men="hombre, hombres",
            kids="niños, niñas, niño, niña, infantil",
            baby="bebé, bebés",
            adult="adulto, adultos",
        ),
        "ja": _words(
            women="レディース, 女性用, 女性",
            men="メンズ, 男性用, 男性",
            kids="キッズ, 子供用, 子ども用, こども用",
            baby="ベビー, 赤ちゃん用",
            adult="大人用",
        ),
    }
)

SIZES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": _words(
            small="small",
            medium="medium",
            large="large",
            xl="xl, extra large",
            xxl="xxl",
            twin="twin size, twin",
            queen="queen size, queen",
            king="king size, king",
        ),
        "es": _words(
            s="talla s", m="talla m", l="talla l", xl="talla xl", small="pequeña, pequeño"
        ),
        "ja": _words(
            s="sサイズ",
            m="mサイズ",
            l="lサイズ",
            xl="xlサイズ",
            single="シングル",
            double="ダブル",
            queen="クイーン",
            king="キング",
        ),
    }
)

#: Words that only join others: in no entity at its edges.
JOINING: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": frozenset(
            [
                *("a", "an", "the", "for", "with", "without", "and", "or", "of", "in", "on", "by"),
                *("to", "from", "&", "+", "-", "|", "new"),
            ]
        ),
        "es": frozenset(
            [
                *("el", "la", "los", "las", "un", "una", "de", "del", "para", "con", "sin", "y"),
                *("o", "en", "por", "a", "al", "color", "talla"),
            ]
        ),
        "ja": frozenset(("の", "用", "と")),
    }
)

#: What a query excludes, or asks in a sentence: its words do not say what the shopper wants.
NOT_PLAIN: Final = (
    r"(?i)\b(?:not|no|without|except|non|please|thanks|what|which|how|why|who|where|is|are|do|does|"
    r"can|need|vs|versus|or|sin|menos|excepto|por favor|gracias|qué|que|cuál|cómo|dónde|necesito"
    r")\b|以外|ではない|じゃない|なし|無し|不使用|ください|下さい|お願い|何|どの|どう|[?？¿!]"
)
