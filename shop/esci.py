"""Write the shop in the files of Amazon ESCI, with the quirks of the real ones."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from shop import wording
from shop.load import Ontology
from shop.model import LOCALES, Dice, Product, Shop

EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"
SOURCES = "shopping_queries_dataset_sources.csv"
_EXAMPLE_COLUMNS = {
    "example_id": "BIGINT",
    "query": "VARCHAR",
    "query_id": "BIGINT",
    "product_id": "VARCHAR",
    "product_locale": "VARCHAR",
    "esci_label": "VARCHAR",
    "small_version": "BIGINT",
    "large_version": "BIGINT",
    "split": "VARCHAR",
    "__index_level_0__": "BIGINT",
}
_PRODUCT_COLUMNS = dict.fromkeys(
    (
        "product_id",
        "product_title",
        "product_description",
        "product_bullet_point",
        "product_brand",
        "product_color",
        "product_locale",
    ),
    "VARCHAR",
)
_JUNK_COLORS = {
    "en": ["multi", "0", "as shown", "dvd"],
    "es": ["Negro (", "0", "multi", "Color "],
    "ja": ["multi", "0", "-", "カラー("],
}


def _html(text: str, dice: Dice) -> str:
    """Put the markup of sellers into a plain description; its words stay the same."""
    mark = dice.pick([". ", "。"], "stop") if ". " in text and "。" in text else ". "
    if mark not in text:
        mark = "。"
    stop = mark.strip()
    form = dice.between(0, 4, "form")
    parts = [part for part in text.split(mark) if part]
    if form == 0:
        return "<p>" + f"{stop}</p><p>".join(parts) + "</p>"
    if form == 1:
        return f"<b>{parts[0]}</b>" + f"{stop}<br>" + f"{stop}<br>".join(parts[1:])
    if form == 2:
        return f"{stop} </br>".join(parts)
    if form == 3:
        return f"{stop}<BR><BR>".join(parts)
    return f"{stop}&nbsp;".join(parts).replace(" and ", " &amp; ").replace(" y ", " &amp; ")


def _product_row(product: Product, locale: str, ontology: Ontology, seed: int) -> dict[str, Any]:
    lang = LOCALES[locale]
    dice = Dice(seed, "row", product.id, locale)
    title = wording.title(product, lang, ontology, seed)
    if " & " in title and dice.chance(0.35, "entity"):
        title = title.replace(" & ", " &amp; ")
    text: str | None = wording.description(product, lang, seed)
    if dice.chance(0.40, "no description"):
        text = None
    elif text is not None and dice.chance(0.25, "html"):
        text = _html(text, dice)
    bullets: str | None = "\n".join(wording.bullets(product, lang, ontology, seed))
    if dice.chance(0.12, "no bullets"):
        bullets = None
    brand = None if dice.chance(0.04, "no brand") else product.brand.name
    color: str | None = None
    if "color" in product.facts and not dice.chance(0.04, "no color"):
        color = product.facts["color"].name(lang)
        color = color[:1].upper() + color[1:]
    if dice.chance(0.02, "junk"):
        color = dice.pick(_JUNK_COLORS[lang], "junk color")
    return {
        "product_id": product.id,
        "product_title": title,
        "product_description": text,
        "product_bullet_point": bullets,
        "product_brand": brand,
        "product_color": color,
        "product_locale": locale,
    }


def _parquet(rows: list[dict[str, Any]], columns: dict[str, str], path: Path, order: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "rows.jsonl"
        with lines.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        with duckdb.connect() as connection:
            # One thread: the order of row groups, and so the bytes, must not vary.
            connection.execute("SET threads = 1")
            connection.execute(
                f"COPY (SELECT * FROM read_json('{lines}', format = 'newline_delimited',"  # noqa: S608
                f" columns = {{{types}}}) ORDER BY {order})"
                f" TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
            )


def make_esci(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write the three files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        _product_row(product, locale, ontology, shop.seed)
        for product in shop.products
        for locale in product.locales
    ]
    order = "md5(product_locale || product_id), product_id"
    _parquet(rows, _PRODUCT_COLUMNS, folder / PRODUCTS, order)
    examples = [
        {
            "example_id": number,
            "query": j.query.text,
            "query_id": j.query.id,
            "product_id": j.product.id,
            "product_locale": j.query.locale,
            "esci_label": j.label,
            "small_version": int(j.query.small),
            "large_version": 1,
            "split": j.query.split,
            "__index_level_0__": 3 * number + j.query.id % 3,
        }
        for number, j in enumerate(shop.judgements)
    ]
    _parquet(examples, _EXAMPLE_COLUMNS, folder / EXAMPLES, "example_id")
    with (folder / SOURCES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["query_id", "source"])
        writer.writerows((q.id, q.source) for q in shop.queries)
