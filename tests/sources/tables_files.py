"""A shop's own data in the forms that a shop has it in, and copies of the bundled shop."""

import csv
import gzip
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from factory.sources.base import TABLES

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "tables"

#: Two products as a shop keeps them: its own names, lists and paths as text, prices as text.
PRODUCTS = [
    {
        "sku": "L-1", "name": "Desk lamp", "features": "bright | small ",
        "path": "Home > Lighting > Desk lamp", "price": "19.90", "specs": '{"Power": "9 W"}',
    },
    {
        "sku": "L-2", "name": "Floor lamp", "features": "", "path": "Home > Lighting > Floor lamp",
        "price": "89", "specs": "",
    },
]  # fmt: skip
#: How the products above map onto the table.
MAPPING = {
    "columns": {
        "product_id": "sku",
        "title": "name",
        "bullets": {"column": "features", "split": "|"},
        "category": {"column": "path", "split": ">"},
        "price": "price",
        "attributes": "specs",
    },
    "constants": {"locale": "us", "currency": "EUR"},
}


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def write_sqlite(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    columns = list(rows[0])
    with sqlite3.connect(path) as database:
        listed = ", ".join(f'"{name}"' for name in columns)
        database.execute(f'CREATE TABLE "{table}" ({listed})')
        marks = ", ".join("?" for _ in columns)
        database.executemany(
            f'INSERT INTO "{table}" VALUES ({marks})',
            [[row[name] for name in columns] for row in rows],
        )
    database.close()
    return path


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled shop into ``folder``: the same rows, elsewhere in the files if shuffled."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for file in sorted(BUNDLED.glob("*.parquet")):
            order = ""
            if shuffled:
                columns = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in TABLES[file.stem])
                order = f"ORDER BY md5(concat_ws('x', {columns}))"
            size = ", ROW_GROUP_SIZE 2048" if shuffled else ""
            connection.execute(
                f"COPY (SELECT * FROM '{file}' {order}) TO '{folder / file.name}' "
                f"(FORMAT parquet, COMPRESSION zstd{size})"
            )
    return folder
