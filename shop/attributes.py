"""Write annotated titles in the files of OA-Mine and AE-110K, with the quirks of the real ones.

A title of these states what its product has, except for the axes that were left out of it: of
those, AE-110K knows that the title does not state them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from shop import wording
from shop.facts import write_lines
from shop.load import ROOT, Ontology
from shop.model import Dice, Product, Shop, Value

#: Parts of an axis' values that are left out of a title, and of the titles in the test part.
LEFT_OUT, TEST_PART = 0.28, 0.25
#: Part of the values that are spelled in another way than the shop's own.
_RESPELLED = 0.55
#: AE-110K does not look at every attribute of every title, and spells some with stray blanks.
_LOOKED_AT, _STRAY_BLANK = 0.7, 0.06
_UNMARKED = ("device", "model")
_TRIPLES = "publish_data.txt"
_FIGURE = re.compile(r"\d[\d.]*")


@dataclass(frozen=True)
class Title:
    """One title with the values (None: not stated) of its attributes, in upstream's names."""

    product: Product
    text: str
    category: str
    attributes: dict[str, str | None]
    test: bool


def make_attributes(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write ``folder/oa_mine`` and ``folder/ae_110k``, each in both of its upstream forms."""
    named = yaml.safe_load((ROOT / "attributes.yaml").read_text(encoding="utf-8"))
    spelled = named["spelled"]
    mined = list(_titles(shop, ontology, named["oa_mine"], spelled))
    for name, part in (("train", False), ("test", True)):
        rows = [_scores(title, absent=False) for title in mined if title.test is part]
        write_lines(folder / "oa_mine" / f"{name}.jsonl", rows)
    for category in sorted({title.category for title in mined}):
        file = f"{category.lower().replace(' ', '_')}.jsonl"
        rows = [_annotation(title) for title in mined if title.category == category]
        write_lines(folder / "oa_mine" / "annotations" / file, rows)
    sold = list(_titles(shop, ontology, named["ae_110k"], spelled))
    for name, part in (("train", False), ("test", True)):
        rows = [_scores(title, absent=True) for title in sold if title.test is part]
        write_lines(folder / "ae_110k" / f"{name}.jsonl", rows)
    lines = [line for title in sold for line in _triples(title, shop.seed)]
    # A line without three fields, as upstream has some.
    lines.insert(len(lines) // 2, f"{sold[0].text}\x01Color")
    text = "\n".join(lines) + "\n"
    (folder / "ae_110k" / _TRIPLES).write_text(text, encoding="utf-8", newline="\n")


def _titles(
    shop: Shop, ontology: Ontology, named: dict[str, Any], spelled: dict[str, list[str]]
) -> Iterator[Title]:
    """Yield the titles in a drawn order."""
    sold = [p for p in shop.products if p.type.id in named["types"] and "us" in p.locales]
    sold.sort(key=lambda p: (Dice(shop.seed, "annotated", p.id).integer("order"), p.id))
    seen: set[str] = set()
    for product in sold:
        dice = Dice(shop.seed, "annotated", product.id)
        axes = [a for a in product.facts if a in _UNMARKED or not dice.chance(LEFT_OUT, a)]
        facts = {a: _respelled(v, spelled, dice, a) for a, v in product.facts.items()}
        sold_as = replace(product, facts=facts)
        kept = {a: facts[a] for a in axes or list(facts)[:1]}
        text = wording.title(replace(sold_as, facts=kept), "en", ontology, shop.seed)
        names = {**named["every"], **named["types"][product.type.id]}
        attributes = dict(_attributes(sold_as, text, set(kept), names))
        if text not in seen:
            seen.add(text)
            yield Title(sold_as, text, names["as"], attributes, dice.chance(TEST_PART, "test"))


def _respelled(value: Value, spelled: dict[str, list[str]], dice: Dice, axis: str) -> Value:
    """Return a value as one of the sellers spells it in English."""
    if not dice.chance(_RESPELLED, f"respelled/{axis}"):
        return value
    found = _FIGURE.match(value.names[0])
    figure = found[0] if found else ""
    form = value.names[0].replace(figure, "{n}", 1) if figure else value.names[0]
    if form not in spelled:
        return value
    other = dice.pick(spelled[form], f"spelled/{axis}").replace("{n}", figure)
    return replace(value, names=(other, *value.names[1:]))


def _attributes(
    product: Product, text: str, stated: set[str], names: dict[str, Any]
) -> Iterator[tuple[str, str | None]]:
    own = {"brand": product.brand.name, "line": product.line, "code": product.code}
    for axis, named in names.items():
        if axis in own:
            yield named, own[axis] if _place(own[axis], text) >= 0 else None
        elif axis in product.facts:
            value = product.facts[axis]
            name = named.get(value.id, named.get("*")) if isinstance(named, dict) else named
            if name is not None:
                shown = axis in stated and _place(value.names[0], text) >= 0
                yield name, value.names[0] if shown else None


def _place(value: str, text: str) -> int:
    """Return where ``value`` stands in ``text`` as words of its own, or -1."""
    found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text)
    return found.start() if found else -1


def _scores(title: Title, *, absent: bool) -> dict[str, Any]:
    dice = Dice(0, "scores", title.text)
    scores = {
        name: {value or "n/a": 1}
        for name, value in title.attributes.items()
        if value is not None or (absent and dice.chance(_LOOKED_AT, name))
    }
    return {"input": title.text, "category": title.category, "target_scores": scores}


def _annotation(title: Title) -> dict[str, Any]:
    entities = [
        {
            "startOffset": _place(value, title.text),
            "endOffset": _place(value, title.text) + len(value),
            "label": name,
            "value": value,
        }
        for name, value in title.attributes.items()
        if value is not None
    ]
    entities.sort(key=lambda entity: (entity["startOffset"], entity["label"]))
    return {"asin": title.product.id, "title": title.text, "entities": entities}


def _triples(title: Title, seed: int) -> Sequence[str]:
    dice = Dice(seed, "triples", title.product.id)
    found: list[tuple[str, str]] = []
    if title.category in title.text:
        found.append(("Item Type", title.category))
    for name, value in title.attributes.items():
        if value is not None or dice.chance(_LOOKED_AT, name):
            blank = " " if dice.chance(_STRAY_BLANK, f"blank/{name}") else ""
            found.append((f"{name}{blank}", value or "NULL"))
    return ["\x01".join((title.text, name, value)) for name, value in found]
