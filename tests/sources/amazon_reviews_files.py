"""Writes small Amazon Reviews 2023 files, raw and as the Hub's Parquet, and copies the bundled."""

import gzip
import json
from collections.abc import Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "amazon_reviews"

REVIEW_TYPES = {
    "rating": pa.float64(),
    "title": pa.string(),
    "text": pa.string(),
    "asin": pa.string(),
    "parent_asin": pa.string(),
    "user_id": pa.string(),
    "timestamp": pa.int64(),
    "helpful_vote": pa.int64(),
    "verified_purchase": pa.bool_(),
}
ITEM_TYPES = {
    "main_category": pa.string(),
    "title": pa.string(),
    "features": pa.list_(pa.string()),
    "description": pa.list_(pa.string()),
    "price": pa.string(),
    "images": pa.struct({"thumb": pa.list_(pa.string()), "large": pa.list_(pa.string())}),
    "store": pa.string(),
    "categories": pa.list_(pa.string()),
    "details": pa.string(),
    "parent_asin": pa.string(),
    "bought_together": pa.string(),
}


def review(number: int, **values: Any) -> dict[str, Any]:
    """Return one review, plain unless ``values`` say otherwise."""
    return {
        "rating": 5.0,
        "title": "Love it",
        "text": f"Works well, number {number}.",
        "images": [],
        "asin": f"B{number:03}",
        "parent_asin": "B000",
        "user_id": f"U{number}",
        "timestamp": 1_600_000_000_000 + number,
        "helpful_vote": 0,
        "verified_purchase": True,
    } | values


def item(parent_asin: str = "B000", **values: Any) -> dict[str, Any]:
    """Return one item, plain unless ``values`` say otherwise."""
    return {
        "main_category": "Amazon Home",
        "title": f"Lumo Desk Lamp {parent_asin}",
        "features": ["bright"],
        "description": [],
        "price": None,
        "images": [],
        "store": "Lumo",
        "categories": ["Home & Kitchen", "Lamps"],
        "details": {},
        "parent_asin": parent_asin,
        "bought_together": None,
    } | values


def write_lines(path: Path, rows: Sequence[Mapping[str, Any] | bytes]) -> Path:
    """Write one row a line, gzipped where the name says so; bytes are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def write_raw(
    folder: Path,
    reviews: Sequence[Mapping[str, Any] | bytes],
    items: Sequence[Mapping[str, Any] | bytes] | None = None,
    category: str = "Home_and_Kitchen",
) -> Path:
    """Write the raw files of one category in the upstream folders."""
    write_lines(folder / f"raw/review_categories/{category}.jsonl", reviews)
    write_lines(folder / f"raw/meta_categories/meta_{category}.jsonl", items or [item()])
    return folder


def write_parquet(
    folder: Path, reviews: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]
) -> Path:
    """Write the Hub's form: texts for prices and details, a struct of lists for images."""
    texts = [
        row
        | {
            "price": str(row["price"]),
            "details": json.dumps(row["details"]),
            "images": {"thumb": [], "large": []},
        }
        for row in items
    ]
    for name, rows, types in (
        ("raw_review_Home_and_Kitchen", reviews, REVIEW_TYPES),
        ("raw_meta_Home_and_Kitchen", texts, ITEM_TYPES),
    ):
        path = folder / name / "full-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = {key: pa.array([row.get(key) for row in rows], t) for key, t in types.items()}
        pq.write_table(pa.table(columns), str(path))
    return folder


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled upstream files into ``folder``; the same rows elsewhere if ``shuffled``."""
    for source in sorted(BUNDLED.rglob("*.jsonl.gz")):
        lines = gzip.decompress(source.read_bytes()).splitlines()
        if shuffled:
            lines.sort(key=lambda line: md5(line, usedforsecurity=False).digest())
        write_lines(folder / source.relative_to(BUNDLED), lines)
    return folder
