"""Amazon-M2's rows: which can be used, and the SQL that turns them into the tables.

Works on :class:`~factory.sources.amazon_m2_files.Rows`, which both forms of the files are brought
to. What is usable is kept in a store (``store``), and the tables of the house are views over it.
Column names on this side are upstream's, on the other those of
:data:`factory.sources.base.TABLES`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from factory.sources.amazon_m2_files import REJECTED_SCANS, REJECTS, Rows
from factory.sources.base import Quarantine
from factory.sources.sql import identifier, text_literal

LOCALES: Final = ("de", "es", "fr", "it", "jp", "uk")
#: What upstream writes where it has no price; NaN and zero are none either.
NO_PRICE: Final = 40000000.07
_EXAMPLES_QUOTED: Final = 3
_LONGEST_QUOTE: Final = 80

# ``prev_items`` of a CSV file is ``str(numpy.array(...))``: quoted ids parted by a space, or by a
# line break and a space. JSON cannot read it, and Python's own literals join neighbouring strings.
_PRINTED: Final = r"\['[^' ]+'(\n? '[^' ]+')*\]"
#: The same with any white space around the ids: read by the slower of the two expressions.
_LOOSELY: Final = r"\s*\[\s*('[^']+'\s*)+\]\s*"


def _literals(texts: Collection[str]) -> str:
    return "(" + ", ".join(map(text_literal, sorted(texts))) + ")"


def _taken(locales: Collection[str] | None) -> str:
    """Return the condition that a row's locale is asked for; an unknown one always is counted."""
    if locales is None:
        return "true"
    return f"(lower(locale) IN {_literals(locales)} OR lower(locale) NOT IN {_literals(LOCALES)})"


_LOCALE_CAUSES: Final = f"""
    WHEN coalesce(locale, '') = '' THEN 'value-missing'
    WHEN lower(locale) NOT IN {_literals(LOCALES)} THEN 'locale-unknown'
"""
_PRODUCT_CAUSE: Final = f"""
    CASE WHEN coalesce(id, '') = '' THEN 'value-missing' {_LOCALE_CAUSES} ELSE '' END
"""


def _session_cause(rows: Rows, *, test: bool) -> str:
    """Return the SQL of why a session cannot be used: '' where it can, 'loose' where it is slow."""
    missing = "" if test else "WHEN coalesce(next_item, '') = '' THEN 'value-missing'"
    shape = (
        "WHEN len(list_filter(prev_items, lambda id: coalesce(id, '') <> '')) < "
        "greatest(len(prev_items), 1) THEN 'items-malformed' ELSE ''"
        if rows.lists
        else f"WHEN regexp_full_match(prev_items, {text_literal(_PRINTED)}) THEN '' "
        f"WHEN regexp_full_match(prev_items, {text_literal(_LOOSELY)}) THEN 'loose' "
        "ELSE 'items-malformed'"
    )
    return f"""
        CASE WHEN prev_items IS NULL THEN 'value-missing' {missing} {_LOCALE_CAUSES} {shape} END
    """


@dataclass(frozen=True, slots=True)
class Count:
    """What one scan of some files found among the rows that are asked for.

    Attributes:
        rows: every row, those that are none included; usable: those without a fault.
        loose: whether a session is printed otherwise than numpy prints it.
        relation: how the files can be read.
        quarantined: the faulty rows by cause.
    """

    rows: int
    usable: int
    loose: bool
    relation: str
    quarantined: tuple[Quarantine, ...]


def count_products(
    connection: duckdb.DuckDBPyConnection, rows: Rows, locales: Collection[str] | None
) -> Count:
    """Count the rows of products by what becomes of them."""
    return _count(connection, rows, _PRODUCT_CAUSE, ("id", "locale"), locales)


def count_sessions(
    connection: duckdb.DuckDBPyConnection,
    rows: Rows,
    locales: Collection[str] | None,
    *,
    test: bool,
) -> Count:
    """Count sessions by what becomes of them; those of the ``test`` part have no next item."""
    shown = ("prev_items", "locale") if test else ("prev_items", "next_item", "locale")
    return _count(connection, rows, _session_cause(rows, test=test), shown, locales)


def fill_store(
    connection: duckdb.DuckDBPyConnection,
    store: str,
    products: Sequence[tuple[Rows, Count]],
    sessions: Sequence[tuple[Rows, Count, bool]],
    locales: Collection[str] | None,
) -> None:
    """Write the tables ``products``, ``sessions``, ``counts`` and ``faults`` into ``store``.

    Each part of ``sessions`` says whether it is the test part. ``counts`` holds the rows that were
    asked for and the usable ones of each part, ``faults`` why the others are none.
    """
    store = identifier(store)
    rows_of_products = " UNION ALL ".join(
        _PRODUCTS.format(
            products=count.relation,
            condition=_condition(_PRODUCT_CAUSE, count, locales),
            no_price=NO_PRICE,
        )
        for _, count in products
    )
    rows_of_sessions = " UNION ALL ".join(
        _SESSIONS.format(
            walk=_walk(rows, count) + ("" if test else " || ' ' || next_item"),
            sessions=count.relation,
            condition=_condition(_session_cause(rows, test=test), count, locales),
            split="test" if test else "train",
        )
        for rows, count, test in sessions
    )
    connection.execute(f"CREATE TABLE {store}.products AS {rows_of_products}")
    connection.execute(f"CREATE TABLE {store}.sessions AS {rows_of_sessions}")
    connection.execute(
        f"CREATE TABLE {store}.counts (part VARCHAR, test BOOLEAN, rows BIGINT, usable BIGINT)"
    )
    connection.execute(
        f"CREATE TABLE {store}.faults "
        "(part VARCHAR, cause VARCHAR, rows BIGINT, examples VARCHAR[])"
    )
    for part, count, test in (
        *(("products", count, False) for _, count in products),
        *(("sessions", count, test) for _, count, test in sessions),
    ):
        connection.execute(
            f"INSERT INTO {store}.counts VALUES (?, ?, ?, ?)",
            [part, test, count.rows, count.usable],
        )
        for fault in count.quarantined:
            connection.execute(
                f"INSERT INTO {store}.faults VALUES (?, ?, ?, ?)",
                [part, fault.cause, fault.rows, list(fault.examples)],
            )


def views(store: str, *, allow_test: bool) -> dict[str, str]:
    """Return the SELECT of each table over a store."""
    store = identifier(store)
    condition = "true" if allow_test else "split = 'train'"
    return {
        "products": _PRODUCTS_VIEW.format(store=store),
        "sessions": _SESSIONS_VIEW.format(store=store, condition=condition),
    }


def read_counts(
    connection: duckdb.DuckDBPyConnection, store: str
) -> tuple[int, int, tuple[Quarantine, ...]]:
    """Return the rows of a store's files, those usable in the test part, and what was set aside."""
    store = identifier(store)
    ((rows, test),) = connection.execute(f"""
        SELECT CAST(sum(rows) AS BIGINT),
            CAST(coalesce(sum(usable) FILTER (test), 0) AS BIGINT)
        FROM {store}.counts
    """).fetchall()
    merged: dict[str, Quarantine] = {}
    for part, cause, count, examples in connection.execute(
        f"FROM {store}.faults ORDER BY ALL"
    ).fetchall():
        before = merged.get(cause, Quarantine(cause, 0, ()))
        merged[cause] = Quarantine(
            cause,
            before.rows + count,
            before.examples + tuple(f"{part}: {row}" for row in examples),
        )
    return rows, test, tuple(merged[cause] for cause in sorted(merged))


def _walk(rows: Rows, count: Count) -> str:
    """Return the SQL of a session's earlier ids, parted by single spaces."""
    if rows.lists:
        return "array_to_string(prev_items, ' ')"
    if count.loose:
        return "array_to_string(regexp_extract_all(prev_items, '''([^'']+)''', 1), ' ')"
    # A third of what the regular expression takes: 0.5 s on 3.6 million sessions.
    spaces = "replace(prev_items[3:-3], ''' ''', ' ')"
    return f"replace({spaces}, '''' || chr(10) || ' ''', ' ')"


_PRODUCTS: Final = """
    SELECT id AS product_id,
           lower(locale) AS locale,
           nullif(title, '') AS title,
           nullif("desc", '') AS description,
           nullif(brand, '') AS brand,
           nullif(color, '') AS color,
           CASE WHEN TRY_CAST(price AS DOUBLE) > 0
                 AND isfinite(TRY_CAST(price AS DOUBLE))
                 AND TRY_CAST(price AS DOUBLE) <> {no_price}
                THEN TRY_CAST(price AS DOUBLE) END AS price,
           map_from_entries(list_filter(
               [{{'k': 'size', 'v': size}}, {{'k': 'model', 'v': model}},
                {{'k': 'material', 'v': material}}, {{'k': 'author', 'v': author}}],
               lambda entry: coalesce(entry.v, '') <> ''
           )) AS attributes
    FROM {products}
    WHERE {condition}
"""
_PRODUCTS_VIEW: Final = """
    SELECT product_id, CAST(NULL AS VARCHAR) AS parent_id, locale, title, description,
           CAST([] AS VARCHAR[]) AS bullets, brand, color, CAST([] AS VARCHAR[]) AS category, price,
           CASE locale WHEN 'uk' THEN 'GBP' WHEN 'jp' THEN 'JPY' ELSE 'EUR' END AS currency,
           attributes
    FROM {store}.products
"""
# The id follows from what was viewed, so that it is the same in either form of the files and
# wherever in them a session stands; equal sessions share it, and neither can leak the other.
_SESSIONS: Final = """
    SELECT left(md5(locale || ' ' || walk), 20) AS session_id,
           locale,
           string_split(walk, ' ') AS items,
           '{split}' AS split
    FROM (SELECT lower(locale) AS locale, {walk} AS walk FROM {sessions} WHERE {condition})
"""
_SESSIONS_VIEW: Final = """
    SELECT session_id, CAST(NULL AS VARCHAR) AS user_id, locale, items,
           list_transform(
               items,
               lambda id: {{
                   'kind': 'view', 'product_id': id, 'query': CAST(NULL AS VARCHAR),
                   'time': CAST(NULL AS BIGINT)
               }}
           ) AS events,
           split
    FROM {store}.sessions
    WHERE {condition}
"""


def _condition(cause: str, count: Count, locales: Collection[str] | None) -> str:
    """Return the condition of usable rows: what the scan showed to be idle is left out."""
    conditions = [] if locales is None else [f"lower(locale) IN {_literals(locales)}"]
    if count.quarantined:
        conditions.append(f"({cause}) IN ('', 'loose')")
    return " AND ".join(conditions) or "true"


def _count(
    connection: duckdb.DuckDBPyConnection,
    rows: Rows,
    cause: str,
    shown: Sequence[str],
    locales: Collection[str] | None,
) -> Count:
    causes = f"""
        SELECT cause, count(*) FROM (
            SELECT {cause} AS cause FROM {{relation}} WHERE {_taken(locales)}
        ) GROUP BY cause ORDER BY cause
    """
    relation, broken = rows.relation, None
    try:
        found = connection.execute(causes.format(relation=relation)).fetchall()
    except (duckdb.InvalidInputException, duckdb.NotSupportedError):
        # Rarely, and then once: the whole file is read in one piece, its broken lines are kept.
        for table in (REJECTS, REJECTED_SCANS):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        found = connection.execute(causes.format(relation=rows.counted)).fetchall()
        broken = _broken_lines(connection)
        relation = rows.forgiving if broken else rows.serial
    faults = [
        Quarantine(name, number, _examples(connection, relation, cause, name, shown, locales))
        for name, number in found
        if name not in ("", "loose")
    ]
    faults += [broken] if broken else []
    usable = sum(number for name, number in found if name in ("", "loose"))
    return Count(
        rows=usable + sum(fault.rows for fault in faults),
        usable=usable,
        loose=any(name == "loose" for name, _ in found),
        relation=relation,
        quarantined=tuple(sorted(faults, key=lambda fault: fault.cause)),
    )


def _broken_lines(connection: duckdb.DuckDBPyConnection) -> Quarantine | None:
    """Return the lines of the last counting scan that are no rows of a CSV file."""
    lines = connection.execute(f"""
        SELECT min(csv_line) FROM {REJECTS} GROUP BY file_id, line_byte_position ORDER BY 1
    """).fetchall()
    if not lines:
        return None
    quoted = tuple(repr(line)[:_LONGEST_QUOTE] for (line,) in lines[:_EXAMPLES_QUOTED])
    return Quarantine("line-malformed", len(lines), tuple(dict.fromkeys(quoted)))


def _examples(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    cause: str,
    wanted: str,
    shown: Sequence[str],
    locales: Collection[str] | None,
) -> tuple[str, ...]:
    found = connection.execute(
        f"SELECT DISTINCT {', '.join(shown)} FROM {relation} "
        f"WHERE {_taken(locales)} AND ({cause}) = ? ORDER BY ALL LIMIT {_EXAMPLES_QUOTED}",
        [wanted],
    ).fetchall()
    return tuple(
        ", ".join(
            f"{name}={repr(value)[:_LONGEST_QUOTE]}" for name, value in zip(shown, row, strict=True)
        )
        for row in found
    )
