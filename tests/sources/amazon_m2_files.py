"""Writes small Amazon-M2 files in the upstream schema, in either of its forms."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import factory.sources.address
from shop.model import Dice

PRODUCTS, SESSIONS = "products_train.csv", "sessions_train.csv"
TEST_SESSIONS = "sessions_test_task1.csv"
COLUMNS = [
    *("id", "locale", "title", "price", "brand", "color"),
    *("size", "model", "material", "author", "desc"),
]
BUNDLED = Path(factory.sources.address.__file__).parent / "samples" / "amazon_m2"


def product(identity: str, /, **values: Any) -> dict[str, Any]:
    """Return one row of the products file, plain unless ``values`` say otherwise."""
    return {
        "id": identity,
        "locale": "UK",
        "title": f"Lumo Lamp {identity}",
        "price": 9.99,
        "brand": "Lumo",
    } | values


def session(*items: str, locale: str = "UK") -> dict[str, Any]:
    """Return one row of the sessions file: ``items`` with the next one at the end."""
    return {"prev_items": list(items[:-1]), "next_item": items[-1], "locale": locale}


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Path:
    """Write ``rows`` as upstream does: lists as numpy prints them, nothing where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(
                str(np.array(value)) if isinstance(value, list) else value
                for value in (row.get(name, "") for name in columns)
            )
    return path


def write_upstream(
    folder: Path,
    products: Sequence[Mapping[str, Any]],
    sessions: Sequence[Mapping[str, Any]],
    tests: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write the CSV files into ``folder``; the test part only where there are ``tests``."""
    write_csv(folder / PRODUCTS, products, COLUMNS)
    write_csv(folder / SESSIONS, sessions, ["prev_items", "next_item", "locale"])
    if tests:
        write_csv(folder / TEST_SESSIONS, tests, ["prev_items", "locale"])
    return folder


def write_parquet(
    folder: Path,
    products: Sequence[Mapping[str, Any]],
    sessions: Sequence[Mapping[str, Any]],
    tests: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write the same rows as Parquet, with real lists."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {name: pa.string() for name in COLUMNS} | {"price": pa.float64()}
    table = pa.table(
        {name: pa.array([r.get(name) for r in products], kinds[name]) for name in kinds}
    )
    pq.write_table(table, str(folder / "products_train.parquet"))
    shapes = {"prev_items": pa.list_(pa.string()), "next_item": pa.string(), "locale": pa.string()}
    for name, rows in (("sessions_train", sessions), ("sessions_test_task1", tests)):
        if not rows:
            continue
        held = {key: kind for key, kind in shapes.items() if rows is sessions or key != "next_item"}
        columns = {
            key: pa.array([row.get(key) for row in rows], kind) for key, kind in held.items()
        }
        pq.write_table(pa.table(columns), str(folder / f"{name}.parquet"))
    return folder


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled files into ``folder``: the same rows, elsewhere in them if ``shuffled``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (PRODUCTS, SESSIONS):
        with (BUNDLED / name).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        if shuffled:
            rows = Dice(3, name).shuffled(rows, "order")
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
    return folder
