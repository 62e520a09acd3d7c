"""A start: a recipe for a shop's own data with files it works on, or the project's recipe."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from factory.errors import OutputError, UsageError
from factory.sources.sql import text_literal

_PACKAGE: Final = Path(__file__).parent
_BUNDLED: Final = _PACKAGE / "sources" / "samples" / "tables"
#: The recipe of the project: beside this file in an installed package, in the root of a checkout.
_OURS: Final = (_PACKAGE / "recipes.yaml", _PACKAGE.parent / "recipes.yaml")
#: The example sells the types of which there is most to tell: twenty products each.
_TYPES: Final = 15

_PRODUCTS: Final = """
    SELECT product_id AS sku, title AS name, description, array_to_string(bullets, '|') AS features,
        brand AS maker, color, array_to_string(category, ' > ') AS path,
        printf('%.2f', price) AS price, CAST(to_json(attributes) AS VARCHAR) AS specs
    FROM products JOIN sold USING (product_id) ORDER BY sku
"""
_REVIEWS: Final = """
    SELECT review_id AS id, product_id AS sku, user_id AS customer,
        CAST(rating AS INTEGER) AS stars,
        reviews.title AS headline, text AS body, helpful_votes AS helpful,
        strftime(make_timestamp(timestamp * 1000), '%Y-%m-%d %H:%M:%S') AS written
    FROM reviews JOIN sold USING (product_id) ORDER BY id
"""
_SEARCHES: Final = """
    SELECT query_id AS search, query AS words, product_id AS sku,
        CASE label WHEN 'E' THEN 'exact' WHEN 'S' THEN 'substitute' WHEN 'C' THEN 'complement'
            ELSE 'irrelevant' END AS verdict
    FROM judgements JOIN sold USING (product_id) ORDER BY search, sku
"""

_RECIPE: Final = """\
# What instruction data to make of your own shop, and from which files.
# This recipe works as it is, on the small made-up shop in data/. Put your own files there, say
# below which of their columns is which, and run it again:
#
#   python -m factory list recipes.yaml             # which tasks your data can feed
#   python -m factory run recipes.yaml --task NAME
#   python -m factory show out/NAME

# Every packaged task, reading the source `shop` (below) in place of the data set it was made for.
include: [{from: catalogue, source: shop}]

# How much of your data may be unusable (no id, a price that is no number, ...) before a run stops.
max_quarantined: 0.01

sources:
  shop:
    adapter: tables
    path: data                        # a folder, relative to this file
    with:
      licence: unknown                # of your data; every sample carries it
      tables:
        # For each table: a file (Parquet, CSV, TSV, JSON Lines; patterns such as p-*.csv too), and
        # under `columns` your column for each of ours. What you leave out is empty, and tasks
        # that need it are not offered. Tables and columns: docs/your-own-shop.md.
        products:
          file: products.csv
          columns:
            product_id: sku
            title: name
            description: description
            bullets: {column: features, split: "|"}     # a list kept as text: what parts it
            brand: maker
            color: color
            category: {column: path, split: ">"}        # the widest first, the type last
            price: price
            attributes: specs                           # a JSON object: {"Color": "Black", ...}
          constants: {locale: us, currency: USD}        # one value for all rows
        reviews:
          file: reviews.csv
          columns:
            review_id: id
            product_id: sku
            user_id: customer
            rating: stars
            title: headline
            text: body
            helpful_votes: helpful
            timestamp: written                          # milliseconds since 1970, or a date
          constants: {locale: us}
        judgements:                                     # which product answers which search
          file: searches.csv
          columns: {query_id: search, query: words, product_id: sku, label: verdict}
          constants: {locale: us}
        # A database instead of a file. ${NAME} is taken from the environment, so that no password
        # stands here; the driver comes with: pip install 'eshop-factory[databases]'
        # sessions:
        #   database: postgresql://reader:${SHOP_DB_PASSWORD}@db.example/shop
        #   query: SELECT ... FROM orders
"""


def init_shop(folder: Path) -> list[Path]:
    """Write a recipe for a shop's own data into ``folder``, and a small shop that it works on.

    Returns the files written: ``recipes.yaml`` and CSV files under ``data``. Nothing that is there
    is overwritten.

    Raises:
        UsageError: where one of the files is there already.
        OutputError: where the folder cannot be written.
    """
    queries = {"products": _PRODUCTS, "reviews": _REVIEWS, "searches": _SEARCHES}
    recipe = folder / "recipes.yaml"
    files = {folder / "data" / f"{name}.csv": query for name, query in queries.items()}
    _refuse_to_overwrite(recipe, *files)
    try:
        (folder / "data").mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            _sell(connection)
            for path, query in files.items():
                cursor = connection.execute(query)
                names = [column[0] for column in cursor.description or ()]
                _write_csv(path, names, cursor.fetchall())
        recipe.write_text(_RECIPE, encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return [recipe, *files]


def init_catalogue(folder: Path) -> list[Path]:
    """Write the project's own recipe, with every data set and task, into ``folder``; return it.

    Raises:
        UsageError: where a recipe is there already.
        OutputError: where the folder cannot be written.
    """
    recipe = folder / "recipes.yaml"
    _refuse_to_overwrite(recipe)
    ours = next(path for path in _OURS if path.is_file())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recipe.write_bytes(ours.read_bytes())
    except OSError as error:
        raise _unwritable(folder, error) from error
    return [recipe]


def _refuse_to_overwrite(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise UsageError(f"{path} is there already: name another folder, or move it away")


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write into {str(folder)!r}: {error.strerror or error}")


def _sell(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the example's tables: the us products of the types with the most reviews."""
    for table in ("products", "reviews", "judgements"):
        file = text_literal(str(_BUNDLED / f"{table}.parquet"))
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet({file}) WHERE locale = 'us'")
    connection.execute(
        """
        CREATE TABLE sold AS
        SELECT DISTINCT product_id FROM products WHERE category[-1] IN (
            SELECT category[-1] AS kind FROM products JOIN reviews USING (product_id)
            GROUP BY kind ORDER BY count(*) DESC, kind LIMIT ?
        )
        """,
        [_TYPES],
    )


def _write_csv(path: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
