"""Read the ontology: types, values, brands and wordings, checked against each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shop.model import DEPARTMENTS, Brand, Feature, ProductType, Value

ROOT = Path(__file__).parent / "ontology"
FAMILIES = {
    "phones": "tech",
    "wearables": "tech",
    "audio": "tech",
    "computers": "tech",
    "auto": "tech",
    "music": "tech",
    "kitchen": "kitchen",
    "food": "food",
    "bedding": "home",
    "bath": "home",
    "furniture": "home",
    "lighting": "home",
    "cleaning": "home",
    "fitness": "sport",
    "outdoor": "sport",
    "shoes": "sport",
    "apparel": "sport",
    "cycling": "sport",
    "beauty": "care",
    "baby": "baby",
    "toys": "baby",
    "pets": "pets",
    "garden": "garden",
    "tools": "tools",
    "office": "office",
    "books": "office",
}


@dataclass(frozen=True)
class Axis:
    """How one attribute is worded: its place in English, its label, its bullet sentences."""

    id: str
    place: str
    label: tuple[str, ...]
    bullets: dict[str, list[str]]


@dataclass(frozen=True)
class Ontology:
    """Everything that is written by hand."""

    types: dict[str, ProductType]
    brands: dict[str, list[Brand]]
    lines: list[str]
    axes: dict[str, Axis]


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _value(item: Any, axis: str, shared: dict[str, Any]) -> Value:
    if isinstance(item, list):
        return Value(str(item[0]), tuple(map(str, item[1:5])))  # type: ignore[arg-type]
    vocabulary = shared["device" if axis == "model" else axis]
    return Value(item, tuple(map(str, vocabulary[item])))  # type: ignore[arg-type]


def _feature(row: list[str]) -> Feature:
    if len(row) == 2:
        return Feature({"en": row[0]}, {"en": row[1]})
    return Feature(
        dict(zip(("en", "es", "ja"), row[:3], strict=True)),
        dict(zip(("en", "es", "ja"), row[3:], strict=True)),
    )


def _per_language(rows: list[Any], langs: tuple[str, ...] = ("en", "es", "ja")) -> dict[str, Any]:
    return dict(zip(langs, rows, strict=False))


def _type(key: str, raw: dict[str, Any], shared: dict[str, Any]) -> ProductType:
    intl = raw.get("intl", True)
    uses: dict[str, list[str]] = {"en": [], "es": [], "ja": []}
    for use in raw["uses"]:
        for lang, text in _per_language(use if isinstance(use, list) else [use]).items():
            uses[lang].append(text)
    heads = {lang: list(words) for lang, words in raw["heads"].items()}
    heads.setdefault("zh", [raw["name"][3]])
    return ProductType(
        id=key,
        dept=raw["dept"],
        family=FAMILIES[raw["dept"]],
        intl=intl,
        names=tuple(raw["name"]),
        gender=raw["es"],
        plural=raw.get("plural", False),
        also=raw.get("also", {}),
        heads=heads,
        price=tuple(raw["price"]),
        axes={a: [_value(v, a, shared) for v in vs] for a, vs in raw["axes"].items()},
        subs=tuple(raw.get("subs", ())),
        comps=tuple(raw.get("comps", ())),
        hard=tuple(raw.get("hard", ())),
        ask=raw.get("ask", {}),
        uses=uses,
        about=_per_language(raw["about"]),
        box=_per_language(raw.get("box", [])),
        features=tuple(_feature(row) for row in raw["feats"]),
    )


def _brands() -> tuple[dict[str, list[Brand]], list[str]]:
    """Return the brands of each family, and the names of lines that all brands share."""
    raw = _read("brands.yaml")
    brands = {
        family: [Brand(name, kana, tuple(own)) for name, kana, own in rows]
        for family, rows in raw["brands"].items()
    }
    lines: list[str] = raw["lines"]
    owners = Counter([*lines, *(x for rows in brands.values() for b in rows for x in b.lines)])
    if disputed := [line for line, count in owners.items() if count > 1]:
        raise ValueError(f"lines that are named twice: {', '.join(disputed)}")
    return brands, lines


def load_ontology() -> Ontology:
    """Return the ontology; raise ``ValueError`` where it contradicts itself."""
    shared = _read("values.yaml")
    types: dict[str, ProductType] = {}
    for path in sorted(ROOT.glob("types_*.yaml")):
        for key, raw in _read(path.name).items():
            if key in types:
                raise ValueError(f"type {key} is declared twice")
            types[key] = _type(key, raw, shared)
    for kind in types.values():
        if kind.dept not in DEPARTMENTS:
            raise ValueError(f"type {kind.id}: unknown department {kind.dept}")
        for other in (*kind.subs, *kind.comps, *kind.hard):
            if other not in types:
                raise ValueError(f"type {kind.id} names the unknown type {other}")
        if any(types[other].dept == kind.dept for other in kind.hard):
            raise ValueError(f"type {kind.id}: an irrelevant type is of its own department")
        if set(kind.hard) & set(kind.subs + kind.comps):
            raise ValueError(f"type {kind.id}: a relation is also listed as irrelevant")
    brands, lines = _brands()
    return Ontology(
        types=types,
        brands=brands,
        lines=lines,
        axes={
            a: Axis(a, r["place"], tuple(r["label"]), {k: r[k] for k in ("en", "es", "ja")})
            for a, r in _read("axes.yaml").items()
        },
    )
