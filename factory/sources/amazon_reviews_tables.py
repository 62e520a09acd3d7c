"""The rows of Amazon Reviews 2023: which can be used, and the SQL that turns them into the tables.

Works on the upstream columns (:data:`REVIEW_COLUMNS`, :data:`ITEM_COLUMNS`), which both forms of
the dataset are brought to. What is written here is kept in a store (``store``), and
the tables of the house are views over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import duckdb

from factory.sources.base import Quarantine
from factory.sources.parquet import path_list, relation
from factory.sources.sql import identifier

#: The types are what a value is read as: one that is something else is NULL, and costs no line.
#: ``details`` is an object in raw files and JSON text in Parquet, ``price`` a number or a text.
REVIEW_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "rating": "DOUBLE",
        "title": "VARCHAR",
        "text": "VARCHAR",
        "asin": "VARCHAR",
        "parent_asin": "VARCHAR",
        "user_id": "VARCHAR",
        "timestamp": "BIGINT",
        "helpful_vote": "BIGINT",
        "verified_purchase": "BOOLEAN",
    }
)
ITEM_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "main_category": "VARCHAR",
        "title": "VARCHAR",
        "features": "VARCHAR[]",
        "description": "VARCHAR[]",
        "price": "VARCHAR",
        "store": "VARCHAR",
        "categories": "VARCHAR[]",
        "details": "JSON",
        "parent_asin": "VARCHAR",
    }
)
#: Keys of the first release (an early revision of its card), by what they are called now.
_LEGACY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "timestamp": "sortTimestamp",
        "helpful_vote": "helpfulVotes",
        "parent_asin": "parentAsin",
        "user_id": "userId",
        "verified_purchase": "verifiedPurchase",
    }
)
#: Bytes; the longest record that was seen (an item with hundreds of images) is far below.
_LONGEST: Final = 64 << 20
_EXAMPLES_QUOTED: Final = 3

# A review is known by who wrote it about what and when; upstream gives it no id. 80 bits are enough
# for the whole dataset (571 million reviews: one chance in ten million of any two alike).
_REVIEWS: Final = """
    SELECT left(md5(user_id || chr(31) || coalesce(asin, parent_asin) || chr(31) || timestamp), 20)
               AS review_id,
           parent_asin AS product_id, coalesce(asin, parent_asin) AS asin, user_id, rating, title,
           text, coalesce(helpful_vote, 0) AS helpful_votes, verified_purchase AS verified,
           timestamp,
           CASE WHEN coalesce(parent_asin, asin, user_id, text) IS NULL AND rating IS NULL
                    THEN 'record-malformed'
                WHEN coalesce(parent_asin, '') = '' OR coalesce(user_id, '') = ''
                     OR timestamp IS NULL THEN 'value-missing'
                WHEN rating IS NULL OR NOT rating BETWEEN 1 AND 5 THEN 'rating-out-of-range'
                ELSE '' END AS cause
    FROM {records}
"""
# A store is the maker's only at times; where it is, sellers put its name into the title. A price
# may be a text such as "from 12.99", "None" or a dash.
_ITEMS: Final = """
    SELECT parent_asin AS product_id,
           nullif(title, '') AS title,
           nullif(array_to_string(description, chr(10)), '') AS description,
           list_filter(features, lambda line: line <> '') AS bullets,
           coalesce(
               nullif(json_extract_string(object, '$.Brand'), ''),
               nullif(json_extract_string(object, '$.Manufacturer'), ''),
               CASE WHEN store <> '' AND contains(lower(title), lower(store)) THEN store END
           ) AS brand,
           nullif(json_extract_string(object, '$.Color'), '') AS color,
           CASE WHEN len(categories) > 0 THEN categories
                WHEN main_category <> '' THEN [main_category] ELSE [] END AS category,
           nullif(TRY_CAST(
               regexp_extract(replace(price, ',', ''), '[0-9]+(\\.[0-9]+)?') AS DOUBLE
           ), 0) AS price,
           object AS details,
           CASE WHEN coalesce(parent_asin, title, main_category, store) IS NULL
                    THEN 'record-malformed'
                WHEN coalesce(parent_asin, '') = '' THEN 'value-missing'
                ELSE '' END AS cause
    FROM (SELECT *,
              CASE WHEN json_valid(written) AND json_type(written) = 'OBJECT' THEN written END
                  AS object
          FROM (SELECT *,
                    CASE WHEN starts_with(CAST(details AS VARCHAR), '"')
                         THEN json_extract_string(CAST(details AS JSON), '$')
                         ELSE CAST(details AS VARCHAR) END AS written
                FROM {records}))
"""
#: What tells two records of one thing apart, for an order that no tie is left in.
_REVIEW_ORDER: Final = (
    "timestamp, rating, title, helpful_votes DESC, verified, product_id, text, place"
)
_ITEM_ORDER: Final = "title, description, bullets, details, brand, category, price, place"

REVIEWS_VIEW: Final = """
    SELECT review_id, product_id, user_id, 'us' AS locale, rating, title, text, helpful_votes,
        verified, timestamp
    FROM {store}.reviews
"""
PRODUCTS_VIEW: Final = """
    SELECT product_id, product_id AS parent_id, 'us' AS locale, title, description,
        coalesce(bullets, []) AS bullets, brand, color, category, price,
        CASE WHEN price IS NOT NULL THEN 'USD' END AS currency,
        coalesce(map_from_entries(list_transform(
            list_filter(
                map_entries(TRY_CAST(CAST(details AS JSON) AS MAP(VARCHAR, JSON))),
                lambda entry: json_type(entry.value) NOT IN ('OBJECT', 'ARRAY', 'NULL')
            ),
            lambda entry: {{'key': entry.key, 'value': json_extract_string(entry.value, '$')}}
        )), MAP {{}})::MAP(VARCHAR, VARCHAR) AS attributes
    FROM {store}.products
"""
# A user's history: what was reviewed, in the order of the reviews.
SESSIONS_VIEW: Final = """
    SELECT user_id AS session_id, user_id, 'us' AS locale,
        list(product_id ORDER BY timestamp, product_id, review_id) AS items,
        list({{'kind': 'review', 'product_id': product_id, 'query': CAST(NULL AS VARCHAR),
            'time': timestamp}} ORDER BY timestamp, product_id, review_id) AS events,
        'train' AS split
    FROM {store}.reviews
    GROUP BY user_id
"""


def raw_records(files: Sequence[Path], columns: Mapping[str, str]) -> str:
    """Return the SQL relation with ``columns`` over JSON Lines files, plain or gzipped.

    Every line that is not empty is a row. One that is no JSON object is a row of NULL; a value of
    another type than its column's is NULL. Reading by columns looks at each line once, however many
    of its keys are wanted: 1.5 s for 750 MB, where asking a parsed line for three keys takes 3 s.
    """
    legacy = {_LEGACY[name]: kind for name, kind in columns.items() if name in _LEGACY}
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in {**columns, **legacy}.items())
    listed = ", ".join(
        f"coalesce({name}, {identifier(_LEGACY[name])}) AS {name}" if name in _LEGACY else name
        for name in columns
    )
    return (
        f"(SELECT {listed} "
        f"FROM read_json({path_list(files)}, format = 'newline_delimited', "
        f"columns = {{{types}}}, ignore_errors = true, hive_partitioning = false, "
        f"maximum_object_size = {_LONGEST}))"
    )


def parquet_records(files: Sequence[Path], has: Sequence[str], columns: Mapping[str, str]) -> str:
    """Return the SQL relation with ``columns`` over Parquet files that have the columns ``has``."""
    listed = ", ".join(
        f"TRY_CAST({name} AS {'VARCHAR' if kind == 'JSON' else kind}) AS {name}"
        if name in has
        else f"CAST(NULL AS {kind}) AS {name}"
        for name, kind in columns.items()
    )
    return f"(SELECT {listed} FROM {relation(files)})"


def fill_store(connection: duckdb.DuckDBPyConnection, store: str, reviews: str, items: str) -> None:
    """Write the tables ``reviews``, ``products``, ``counts`` and ``faults`` into ``store``.

    Each file is read once. ``counts`` holds the rows of each table before anything was set aside,
    ``faults`` why rows were, with examples. A record that repeats another (a review of the same
    user, product and text; an item of the same parent_asin) stands there once.
    """
    store = identifier(store)
    connection.execute(f"CREATE TABLE {store}.counts (part VARCHAR, rows BIGINT)")
    connection.execute(
        f"CREATE TABLE {store}.faults "
        "(part VARCHAR, cause VARCHAR, rows BIGINT, examples VARCHAR[])"
    )
    for part, query, records, shown in (
        ("reviews", _REVIEWS, reviews, ("user_id", "product_id", "rating", "timestamp", "title")),
        ("products", _ITEMS, items, ("product_id", "title")),
    ):
        table = f"{store}.{part}"
        connection.execute(f"CREATE TABLE {table} AS {query.format(records=records)}")
        connection.execute(f"INSERT INTO {store}.counts SELECT '{part}', count(*) FROM {table}")
        quoted = " || ', ' || ".join(
            f"'{name}=' || coalesce(left(CAST({name} AS VARCHAR), 60), 'NULL')" for name in shown
        )
        connection.execute(f"""
            INSERT INTO {store}.faults
            SELECT '{part}', cause, count(*), list(DISTINCT {quoted} ORDER BY {quoted})
                [:{_EXAMPLES_QUOTED}]
            FROM {table} WHERE cause <> '' GROUP BY cause ORDER BY cause
        """)
        connection.execute(f"DELETE FROM {table} WHERE cause <> ''")
        connection.execute(f"ALTER TABLE {table} DROP COLUMN cause")
    _drop_repeated_reviews(connection, store)
    connection.execute(f"""
        DELETE FROM {store}.products WHERE rowid IN (
            SELECT place FROM (
                SELECT rowid AS place, * FROM {store}.products
                SEMI JOIN (SELECT product_id FROM {store}.products GROUP BY ALL HAVING count(*) > 1)
                USING (product_id))
            QUALIFY row_number() OVER (PARTITION BY product_id ORDER BY {_ITEM_ORDER}) > 1)
    """)


def _drop_repeated_reviews(connection: duckdb.DuckDBPyConnection, store: str) -> None:
    """Leave one of a user's reviews of a product with the same text, and make the ids differ."""
    # Only who reviewed a thing twice is looked at, so that no window has to hold all texts.
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE repeated AS
        SELECT place, review_id, text, title, rating, helpful_votes, row_number() OVER (
            PARTITION BY user_id, asin, coalesce(text, '') ORDER BY {_REVIEW_ORDER}) AS turn
        FROM (SELECT rowid AS place, * FROM {store}.reviews
            SEMI JOIN (SELECT user_id, asin FROM {store}.reviews GROUP BY ALL HAVING count(*) > 1)
            USING (user_id, asin))
    """)
    connection.execute(f"""
        UPDATE {store}.reviews SET review_id = reviews.review_id || '-' || number
        FROM (
            SELECT place, row_number() OVER (
                PARTITION BY review_id ORDER BY text, title, rating, helpful_votes, place
            ) AS number
            FROM repeated WHERE turn = 1
        ) AS same
        WHERE reviews.rowid = place AND number > 1
    """)
    connection.execute(
        f"DELETE FROM {store}.reviews WHERE rowid IN (SELECT place FROM repeated WHERE turn > 1)"
    )
    connection.execute("DROP TABLE repeated")


def read_counts(
    connection: duckdb.DuckDBPyConnection, store: str
) -> tuple[dict[str, int], dict[str, int], tuple[Quarantine, ...]]:
    """Return the rows read and the rows left by table, and what was set aside."""
    store = identifier(store)
    read = connection.execute(f"SELECT part, rows FROM {store}.counts").fetchall()
    left = {
        part: (connection.execute(f"SELECT count(*) FROM {store}.{part}").fetchone() or (0,))[0]
        for part, _ in read
    }
    faults = connection.execute(f"""
        SELECT cause, CAST(sum(rows) AS BIGINT),
            flatten(list(list_transform(examples, lambda row: part || ': ' || row)
                ORDER BY part DESC))
        FROM {store}.faults GROUP BY cause ORDER BY cause
    """).fetchall()
    return dict(read), left, tuple(Quarantine(c, rows, tuple(e)) for c, rows, e in faults)
