"""Atomic tasks of the shop in the form of EcomInstruct: folders with a description and records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from shop import wording
from shop.assignments import MENU
from shop.load import Ontology
from shop.model import Dice, Product, Shop

_MENU_ZH = {
    "pets": "宠物用品",
    "garden": "园艺",
    "kitchen": "厨房用品",
    "beauty": "美妆洗护",
    "phones": "手机及配件",
    "computers": "电脑及配件",
    "audio": "影音设备",
    "fitness": "健身器材",
    "office": "办公用品",
    "bedding": "床上用品",
    "outdoor": "户外露营",
    "tools": "五金工具",
}
_AXES = {
    "color": ("Color", "颜色"),
    "material": ("Material", "材质"),
    "capacity": ("Capacity", "容量"),
    "size": ("Size", "规格"),
    "pack": ("Pack", "件数"),
}
_TRAIN, _TEST = 48, 12
Record = dict[str, Any]


def make_atomic_tasks(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write one folder a task, each with records of its own products, into ``folder``."""
    products = Dice(shop.seed, "atomic").shuffled(
        [product for product in shop.products if "us" in product.locales], "order"
    )
    titles = {
        lang: {p.id: wording.title(p, lang, ontology, shop.seed) for p in products}
        for lang in ("en", "zh")
    }
    labels_en, labels_zh = list(MENU.values()), list(_MENU_ZH.values())
    axes_en = sorted(names[0] for names in _AXES.values())
    axes_zh = [names[1] for names in _AXES.values()]
    both = {"en": axes_en, "zh": axes_zh}
    tasks: dict[str, tuple[Record, Iterator[Record]]] = {
        "EN-Shop-CLS-item_department": (
            {
                "defi": "product item category",
                "label_set": {"en": labels_en, "zh": labels_zh},
                "label_key": "en",
                "test_prompt": _prompt(
                    "{sentences}\nCategorize the product item. Candidates: {label_set}."
                ),
            },
            _departments(products, titles["en"]),
        ),
        "EN-Shop-NER-attribute_value_extraction": (
            {
                "defi": "attribute value extraction",
                "label_set": both,
                "label_key": "en",
                "test_prompt": _prompt(
                    "{sentences}\nExtract all attribute values with their attribute name about "
                    "{label_set} in the sentence."
                ),
            },
            _spans(products, titles["en"], "en"),
        ),
        "EN-Shop-Condition_Extract-attribute_value_detection": (
            {
                "defi": "attribute value detection",
                "label_set": both,
                "label_key": "en",
                "test_prompt": _prompt(
                    "{sentences}\nDetect all attribute values about {label_set} in the sentence."
                ),
            },
            _spans(products, titles["en"], "en"),
        ),
        "EN-Shop-Extract-Extract_QA": (
            {
                "defi": "extractive question answering",
                "test_prompt": _prompt(
                    "{sentences}\nExtract spans from context to answer the question."
                ),
            },
            _answers(products, ontology, shop.seed),
        ),
        "ZH-Shop-CLS-item_department": (
            {
                "defi": "product item category",
                "label_set": {"en": labels_en, "zh": labels_zh},
                "label_key": "zh",
                "test_prompt": _prompt(
                    "{sentences}\nCategorize product items. Candidates: {label_set}"
                ),
            },
            _departments(products[600:], titles["zh"]),
        ),
        "ZH-Shop-NER-attribute_value_extraction": (
            {
                "defi": "attribute value extraction",
                "label_set": {"cn": axes_zh},
                "label_key": "cn",
                # Upstream, too, one folder's description names another task.
                "task": "ZH-Shop-Condition_Extract-attribute_value_detection",
                "test_prompt": _prompt(
                    "{sentences}\nExtract all attribute value with attribute name about "
                    "{label_set} in the sentence."
                ),
            },
            _spans(products[600:], titles["zh"], "zh"),
        ),
        "ZH-Shop-CLS-title_attribute_matching": (
            {
                "defi": "title attribute matching",
                "label_set": {"en": ["not match", "match"], "zh": ["不匹配", "匹配"]},
                "label_key": "en",
                "test_prompt": _prompt(
                    "{sentences}\nDetermine whether the product title and attributes match. "
                    "Candidate: {label_set}."
                ),
                "train_prompt": {
                    "instruction": "Determine if product title and attributes match. Candidate: "
                    "{label_set}.",
                    "input": "{sentences}",
                    "output": "{labels}",
                },
            },
            _matches(products[600:], titles["zh"], ontology, shop.seed),
        ),
        "ZH-Shop-Generate-title_generate": (
            {
                "defi": "product title generation",
                "test_prompt": {
                    "instruction": "{sentences}\nGenerate a product title based on the above "
                    "attribute information. \n### Response:"
                },
            },
            _generated(products[900:], titles["zh"], ontology),
        ),
    }
    for name, (meta, records) in tasks.items():
        place = folder / "Shop" / "tasks" / name
        place.mkdir(parents=True, exist_ok=True)
        written = {"task": name, "version": "1", "label_sep": ", "} | meta
        text = json.dumps(written, ensure_ascii=False, indent=4)
        (place / "meta-info.json").write_text(text + "\n", encoding="utf-8")
        _write(place / "train.json", records, _TRAIN)
        _write(place / "test.json", records, _TEST)


def _prompt(text: str) -> dict[str, str]:
    return {"instruction": f"### Instruction:\n{text} \n### Response:"}


def _write(file: Path, records: Iterator[Record], count: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        for _, record in zip(range(count), records, strict=False):
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")


def _departments(products: Sequence[Product], titles: dict[str, str]) -> Iterator[Record]:
    for product in products:
        if product.type.dept in MENU:
            yield {
                "sentences": titles[product.id],
                "labels": {"en": [MENU[product.type.dept]], "zh": [_MENU_ZH[product.type.dept]]},
            }


def _spans(products: Sequence[Product], titles: dict[str, str], lang: str) -> Iterator[Record]:
    for product in products:
        title = titles[product.id]
        spans = []
        for axis, names in _AXES.items():
            term = product.facts[axis].name(lang) if axis in product.facts else ""
            start = title.find(term) if term and title.count(term) == 1 else -1
            if start >= 0:
                spans.append(
                    {
                        "start": start,
                        "end": start + len(term),
                        "type": names[lang == "zh"],
                        "term": term,
                    }
                )
        # A value that the title words otherwise would be an entity that nobody marked.
        if len(spans) == len(_AXES.keys() & product.facts.keys()) and len(spans) > 1:
            spans.sort(key=lambda span: span["start"])
            yield {"sentences": title, "spans": spans}


def _answers(products: Sequence[Product], ontology: Ontology, seed: int) -> Iterator[Record]:
    for product in products:
        context = wording.description(product, "en", seed)
        for axis in ("material", "capacity", "size", "color"):
            label, value = ontology.axes[axis].label[0].lower(), product.facts.get(axis)
            if value and f", {value.name('en')}" in context:
                question = f"What is the {label} of the {product.type.name('en')}?"
                # The offsets of upstream's question answering are wrong throughout.
                span = {"term": value.name("en"), "start": 0, "end": 0}
                yield {
                    "trace_id": f"shop-{product.id}",
                    "sentences": f"Context: {context}\nQuestion: {question}",
                    "spans": [span],
                    "label_set": [""],
                }
                break


def _attributes(product: Product, ontology: Ontology) -> str:
    pairs = [("品牌", product.brand.name), ("类目", product.type.name("zh"))]
    pairs += [(ontology.axes[a].label[3], value.name("zh")) for a, value in product.facts.items()]
    return "#;#".join(f"{name}#:#{value}" for name, value in pairs)


def _matches(
    products: Sequence[Product], titles: dict[str, str], ontology: Ontology, seed: int
) -> Iterator[Record]:
    for left, right in pairwise(products):
        dice = Dice(seed, "match", left.id)
        # Of another type: neither the brand nor the category of the one is the other's.
        same = dice.chance(0.5, "same")
        other = left if same else right
        if not same and (left.type == right.type or left.brand == right.brand):
            continue
        yield {
            "sentences": f"Title: {titles[left.id]}, Attribute: {_attributes(other, ontology)}",
            "labels": {
                "en": ["match" if same else "not match"],
                "zh": ["匹配" if same else "不匹配"],
            },
        }


def _generated(
    products: Sequence[Product], titles: dict[str, str], ontology: Ontology
) -> Iterator[Record]:
    for product in products:
        # Without its series, which the title names, the attributes would not give the title.
        sentences = f"系列#:#{product.line}#;#{_attributes(product, ontology)}"
        yield {
            "sentences": sentences,
            "spans": [{"term": titles[product.id], "start": 0, "end": 0}],
            "label_set": [""],
        }
