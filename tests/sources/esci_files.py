"""Writes small ESCI files in the upstream schema, and in that of the joined copy on the Hub."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"
QUERY_SOURCES = "shopping_queries_dataset_sources.csv"

EXAMPLE_TYPES = {
    "example_id": pa.int64(),
    "query": pa.string(),
    "query_id": pa.int64(),
    "product_id": pa.string(),
    "product_locale": pa.string(),
    "esci_label": pa.string(),
    "small_version": pa.int64(),
    "large_version": pa.int64(),
    "split": pa.string(),
}
PRODUCT_TYPES = {
    "product_id": pa.string(),
    "product_title": pa.string(),
    "product_description": pa.string(),
    "product_bullet_point": pa.string(),
    "product_brand": pa.string(),
    "product_color": pa.string(),
    "product_locale": pa.string(),
}
JOINED_TYPES = {
    **{name: kind for name, kind in EXAMPLE_TYPES.items() if name != "split"},
    **{name: kind for name, kind in PRODUCT_TYPES.items() if name.startswith("product_")},
    "product_text": pa.string(),
}


def judgement(example_id: int, **values: Any) -> dict[str, Any]:
    """Return one row of the examples file, plain unless ``values`` say otherwise."""
    return {
        "example_id": example_id,
        "query": "desk lamp",
        "query_id": 7,
        "product_id": f"B00{example_id:04}",
        "product_locale": "us",
        "esci_label": "E",
        "small_version": 1,
        "large_version": 1,
        "split": "train",
    } | values


def product(product_id: str, /, **values: Any) -> dict[str, Any]:
    """Return one row of the products file, plain unless ``values`` say otherwise."""
    return {
        "product_id": product_id,
        "product_title": f"Lamp {product_id}",
        "product_description": None,
        "product_bullet_point": "bright\nsmall",
        "product_brand": "Lumo",
        "product_color": None,
        "product_locale": "us",
    } | values


def write(
    path: Path, rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType], **options: Any
) -> Path:
    """Write ``rows`` as Parquet with the columns ``types``; an absent value is NULL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {
        name: pa.array([row.get(name) for row in rows], kind) for name, kind in types.items()
    }
    pq.write_table(pa.table(columns), str(path), **options)
    return path


def write_upstream(
    folder: Path,
    judgements: Sequence[Mapping[str, Any]],
    products: Sequence[Mapping[str, Any]] | None = None,
) -> Path:
    """Write both upstream files into ``folder``; without ``products``, those that are judged."""
    if products is None:
        keys = dict.fromkeys((row["product_id"], row["product_locale"]) for row in judgements)
        products = [product(key, product_locale=locale) for key, locale in keys if key and locale]
    write(folder / EXAMPLES, judgements, EXAMPLE_TYPES)
    write(folder / PRODUCTS, products, PRODUCT_TYPES)
    return folder


def joined(example_id: int, **values: Any) -> dict[str, Any]:
    """Return one row of the joined copy: a judgement with its product's columns."""
    row = judgement(example_id, esci_label="Exact")
    return row | product(row["product_id"]) | values


def write_shard(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write one shard of the joined copy."""
    return write(path, rows, JOINED_TYPES)
