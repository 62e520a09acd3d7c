"""Write the shop's instruction data, each set in its upstream's own files and schema."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from shop import wording
from shop.assignments import make_assignments
from shop.atomic import make_atomic_tasks
from shop.load import ROOT, Ontology
from shop.model import Dice, Product, Shop
from shop.questions import Question, make_questions
from shop.synonyms import renamed

_AUXILIARY = 360
_HELD_OUT = {"dev": 5, "val": 4, "test": 8}
_ASSIGNMENTS = 330
_TITLES_PER_TYPE = 12
_TRACKS = (
    ("understanding-shopping-concepts", range(1, 8)),
    ("shopping-knowledge-reasoning", range(8, 11)),
    ("user-behavior-alignment", range(11, 16)),
    ("multi-lingual-abilities", range(16, 19)),
)
#: The task type and the metric of each task of the development set.
_FORMS = {
    1: ("generation", "sent-transformer"),
    2: ("multiple-choice", "accuracy"),
    3: ("retrieval", "hit rate@3"),
    4: ("named_entity_recognition", "micro f1"),
    5: ("multiple-choice", "accuracy"),
    6: ("generation", "rougel"),
    7: ("retrieval", "hit rate@3"),
    8: ("multiple-choice", "accuracy"),
    9: ("multiple-choice", "accuracy"),
    10: ("multiple-choice", "accuracy"),
    11: ("multiple-choice", "accuracy"),
    12: ("ranking", "ndcg"),
    13: ("retrieval", "hit rate@3"),
    14: ("retrieval", "hit rate@3"),
    15: ("multiple-choice", "accuracy"),
    16: ("multiple-choice", "accuracy"),
    17: ("generation", "bleu"),
    18: ("multiple-choice", "accuracy"),
}
#: The upper levels of a department's category path.
SHELVES = {
    "beauty": ("Beauty & Personal Care", "Personal Care"),
    "baby": ("Baby & Toys", "Baby Products"),
    "toys": ("Baby & Toys", "Toys & Games"),
    "bedding": ("Home & Kitchen", "Bedding"),
    "bath": ("Home & Kitchen", "Bath"),
    "kitchen": ("Home & Kitchen", "Kitchen & Dining"),
    "lighting": ("Home & Kitchen", "Lighting"),
    "furniture": ("Home & Kitchen", "Furniture"),
    "cleaning": ("Home & Kitchen", "Cleaning Supplies"),
    "food": ("Grocery", "Beverages"),
    "office": ("Office & Books", "Office Products"),
    "books": ("Office & Books", "Books"),
    "computers": ("Electronics", "Computers & Accessories"),
    "phones": ("Electronics", "Cell Phones & Accessories"),
    "wearables": ("Electronics", "Wearable Technology"),
    "audio": ("Electronics", "Headphones & Speakers"),
    "tools": ("Tools & Garden", "Power & Hand Tools"),
    "garden": ("Tools & Garden", "Patio & Garden"),
    "music": ("Musical Instruments", "Guitars & Accessories"),
    "pets": ("Pet Supplies", "Dogs & Cats"),
    "fitness": ("Sports & Outdoors", "Exercise & Fitness"),
    "outdoor": ("Sports & Outdoors", "Camping & Hiking"),
    "cycling": ("Sports & Outdoors", "Cycling"),
    "shoes": ("Clothing & Shoes", "Shoes"),
    "apparel": ("Clothing & Shoes", "Clothing"),
}


def make_instructions(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write every set into ``folder``, one folder a source."""
    _make_mmlu(make_questions(ontology, shop.seed), folder / "mmlu")
    _write_json(
        folder / "alpaca" / "alpaca_data_cleaned.json",
        make_assignments(shop, ontology, _ASSIGNMENTS),
    )
    _make_seeds(folder / "self_instruct")
    _make_development_set(folder / "shopbench")
    _make_categories(shop, ontology, folder / "amazon_category")
    _make_eshopinstruct(shop, ontology, folder / "eshopinstruct")
    make_atomic_tasks(shop, ontology, folder / "ecominstruct")


def _make_mmlu(questions: Sequence[Question], folder: Path) -> None:
    """Write the parts: the first questions of each subject are held out, the others auxiliary."""
    held: dict[str, dict[str, list[Question]]] = {}
    auxiliary: list[Question] = []
    for question in questions:
        parts = held.setdefault(question.subject, {part: [] for part in _HELD_OUT})
        part = next((p for p, size in _HELD_OUT.items() if len(parts[p]) < size), None)
        (parts[part] if part else auxiliary).append(question)
    for subject, parts in sorted(held.items()):
        for number, (part, rows) in enumerate(parts.items()):
            # Upstream's files end their lines in either way.
            _write_csv(
                folder / "data" / part / f"{subject}_{part}.csv",
                [row.row for row in rows],
                "\r\n" if number == 1 else "\n",
            )
    kept = auxiliary[:_AUXILIARY]
    for name, rows in {"numbers": kept[::2], "shop": kept[1::2]}.items():
        _write_csv(
            folder / "data" / "auxiliary_train" / f"{name}.csv", [row.row for row in rows], "\n"
        )


def _make_seeds(folder: Path) -> None:
    rows = yaml.safe_load((ROOT / "seeds.yaml").read_text(encoding="utf-8"))
    _write_lines(
        folder / "seed_tasks.jsonl",
        (
            {
                "id": f"seed_task_{number}",
                "name": name,
                "instruction": instruction,
                "instances": [{"input": given, "output": output}],
                "is_classification": classification,
                **({"locale": locale[0]} if locale else {}),
            }
            for number, (name, instruction, given, output, classification, *locale) in enumerate(
                rows
            )
        ),
    )


def _make_development_set(folder: Path) -> None:
    rows = yaml.safe_load((ROOT / "benchmark.yaml").read_text(encoding="utf-8"))
    records = []
    for task, prompt, answer in rows:
        number = int(task.removeprefix("task"))
        kind, metric = _FORMS[number]
        track = next(name for name, numbers in _TRACKS if number in numbers)
        records.append(
            {
                "input_field": prompt,
                "output_field": answer,
                "task_name": task,
                "task_type": kind,
                "metric": metric,
                "is_multiple_choice": kind == "multiple-choice",
                "track": f"amazon-kdd-cup-24-{track}",
            }
        )
    _write_lines(folder / "development.json", records)


def _make_categories(shop: Shop, ontology: Ontology, folder: Path) -> None:
    # Sellers do not call a product as the store's category does.
    rows = [
        [_title(renamed(product, "en", shop.seed), ontology, shop.seed), " > ".join(_path(product))]
        for product in _some(shop, _TITLES_PER_TYPE)
    ]
    ordered = Dice(shop.seed, "categories").shuffled(rows, "order")
    _write_csv(folder / "convfile.csv", [["title", "category"], *ordered], "\n")


def _make_eshopinstruct(shop: Shop, ontology: Ontology, folder: Path) -> None:
    rows = []
    for product in _some(shop, 1):
        title = _title(product, ontology, shop.seed)
        path = _path(product)
        rows.append(
            {
                "task": "Category Generation",
                "instruction": "Name the category of the following product.",
                "input": title,
                "output": path[-1],
            }
        )
        if product.type.ask.get("en"):
            rows.append(
                {
                    "task": "Query Generation",
                    "instruction": "Which question would a customer ask to find this product?",
                    "input": title,
                    "output": product.type.ask["en"],
                }
            )
    _write_lines(folder / "eshopinstruct.jsonl", rows)


def _some(shop: Shop, per_type: int) -> list[Product]:
    """Return up to ``per_type`` products of each type that the American shop sells."""
    counts: dict[str, int] = {}
    kept = []
    for product in shop.products:
        count = counts.get(product.type.id, 0)
        if "us" in product.locales and count < per_type:
            counts[product.type.id] = count + 1
            kept.append(product)
    return kept


def _path(product: Product) -> tuple[str, str, str]:
    return (*SHELVES[product.type.dept], product.type.name("en"))


def _title(product: Product, ontology: Ontology, seed: int) -> str:
    return wording.title(product, "en", ontology, seed)


def _write_csv(file: Path, rows: Iterable[Sequence[str]], line_end: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator=line_end).writerows(rows)


def _write_json(file: Path, rows: Sequence[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, ensure_ascii=False, indent=4)
    file.write_text(text + "\n", encoding="utf-8")


def _write_lines(file: Path, rows: Iterable[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
