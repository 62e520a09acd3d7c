"""Write what the shop knows as JSON lines: product facts, and what each query asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shop import wording
from shop.load import Ontology
from shop.model import LANGS, Product, Shop

#: Units of one US dollar in each currency; prices end as such shops end them.
RATES = {"USD": 1.0, "EUR": 0.93, "JPY": 150.0, "CNY": 7.2}
CURRENCIES = {"us": "USD", "es": "EUR", "jp": "JPY", "cn": "CNY"}


def price_in(product: Product, currency: str) -> float:
    """Return the price in one currency."""
    amount = product.price * RATES[currency]
    if currency == "CNY":
        return float(int(amount / 10) * 10 + 9)
    return float(round(amount, -1)) if currency == "JPY" else int(amount) + 0.99


def prices(product: Product) -> dict[str, float]:
    """Return the price in each currency of a locale in which the product is sold."""
    return {CURRENCIES[place]: price_in(product, CURRENCIES[place]) for place in product.locales}


def spoken_price(product: Product, locale: str) -> str:
    """Return the price as people of a locale write it in a sentence."""
    amount = price_in(product, CURRENCIES[locale])
    return {
        "us": f"{amount:.2f} dollars",
        "es": f"{amount:.2f} euros".replace(".", ","),
        "jp": f"{amount:.0f}円",
        "cn": f"{amount:.0f}元",
    }[locale]


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one compact JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def make_facts(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write types, products and queries into ``folder``."""
    write_lines(
        folder / "types.jsonl",
        (
            {
                "type": t.id,
                "department": t.dept,
                "names": dict(zip(LANGS, t.names, strict=True)),
                "values": {
                    a: {v.id: dict(zip(LANGS, v.names, strict=True)) for v in vs}
                    for a, vs in t.axes.items()
                },
                "substitutes": t.subs,
                "complements": t.comps,
            }
            for t in shop.types.values()
        ),
    )
    write_lines(
        folder / "products.jsonl",
        (
            {
                "product_id": p.id,
                "type": p.type.id,
                "brand": p.brand.name,
                "line": p.line,
                "facts": {a: v.id for a, v in p.facts.items()},
                "features": [p.type.features.index(f) for f in p.features],
                "prices": prices(p),
                "locales": p.locales,
                "title_zh": wording.title(p, "zh", ontology, shop.seed),
            }
            for p in shop.products
        ),
    )
    write_lines(
        folder / "queries.jsonl",
        (
            {
                "query_id": q.id,
                "type": q.type.id,
                "wants": q.wants,
                "avoids": q.avoids,
            }
            for q in shop.queries
        ),
    )
