"""Write ESCI's files at upstream's size: ``python benchmarks/make_esci.py --out DIR``.

The bundled shop many times over: every copy has ids of its own, and a made-up brand word in its
titles and queries, so that texts differ between copies and still read as a shop's do. Upstream has
1,814,924 products and 2,621,738 judgements of 130,652 queries; a copy of the bundled shop has a
third as many judgements a product, so queries and their judgements are copied more often.

Deterministic for one version of DuckDB's Parquet writer. About 40 s and 2 GB of disk.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import duckdb

BUNDLED = Path(__file__).parents[1] / "factory" / "sources" / "samples" / "esci"
EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"
#: Copies of products, and of the queries of each: 3,828 x 474 products, 11,581 x 226 judgements.
PRODUCT_COPIES, QUERY_COPIES = 474, 226
_ONSETS = ["b", "br", "d", "f", "gr", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "z"]
_RIMES = ["a", "an", "e", "el", "i", "ix", "o", "on", "u", "us"]


def word(number: int) -> str:
    """Return the made-up brand of one copy: three syllables, another for every number."""
    syllables = []
    for _ in range(3):
        number, onset = divmod(number, len(_ONSETS))
        number, rime = divmod(number, len(_RIMES))
        syllables.append(_ONSETS[onset] + _RIMES[rime])
        number += 7 * len(syllables)
    return "".join(syllables).capitalize()


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    products = max(1, round(PRODUCT_COPIES * arguments.scale))
    queries = max(1, round(QUERY_COPIES * arguments.scale))
    words = [word(n) for n in range(max(products, queries))]
    if len(set(words)) < len(words):
        raise SystemExit("two copies share a brand word")
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE words AS SELECT unnest($w) AS word, unnest($n) AS n",
            {"w": words, "n": list(range(len(words)))},
        )
        # The first copy keeps its ids; a digest in upstream's form for the others.
        asin = (
            "CASE WHEN n = 0 THEN product_id "
            "ELSE 'B' || upper(substr(md5(product_id || n), 1, 11)) END"
        )
        connection.execute(f"""
            COPY (
                SELECT {asin} AS product_id, product_title || ' ' || word AS product_title,
                    product_description,
                    product_bullet_point || chr(10) || word || ': ' || product_title
                        AS product_bullet_point,
                    product_brand, product_color, product_locale
                FROM '{BUNDLED / PRODUCTS}', (FROM words WHERE n < {products})
            ) TO '{arguments.out / PRODUCTS}' (FORMAT parquet, COMPRESSION snappy)""")
        connection.execute(f"""
            COPY (
                SELECT example_id + n * 100000 AS example_id, query || ' ' || lower(word) AS query,
                    query_id + n * 1000 AS query_id, {asin} AS product_id, product_locale,
                    esci_label, small_version, large_version, split
                FROM '{BUNDLED / EXAMPLES}', (FROM words WHERE n < {queries})
                ORDER BY example_id
            ) TO '{arguments.out / EXAMPLES}' (FORMAT parquet, COMPRESSION snappy)""")
        for name in (PRODUCTS, EXAMPLES):
            file = arguments.out / name
            rows = connection.execute(f"SELECT count(*) FROM '{file}'").fetchall()[0][0]
            print(f"{name}: {rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
