"""ESCI's rows: which can be used, and the SQL that turns them into the tables.

Works on :class:`Upstream`, which both forms of the dataset are brought to; column names on this
side are ESCI's, on the other side those of :data:`factory.sources.base.TABLES`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from factory.sources.base import Quarantine
from factory.sources.sql import text_literal

LABELS: Final = ("E", "S", "C", "I")
SPELLED_OUT: Final = ("EXACT", "SUBSTITUTE", "COMPLEMENT", "IRRELEVANT")
LOCALES: Final = ("us", "es", "jp")
SPLITS: Final = ("train", "test")

_EXAMPLES_QUOTED: Final = 3


def _literals(texts: Collection[str]) -> str:
    return "(" + ", ".join(map(text_literal, sorted(texts))) + ")"


#: Why a row is set aside; the first cause that applies counts. Written over names that one scan
#: groups by, so that it is asked once a group and not once a row.
_JUDGEMENT_CAUSE: Final = f"""
    CASE WHEN missing OR coalesce(label, '') = '' OR coalesce(locale, '') = ''
              OR coalesce(split, '') = '' THEN 'value-missing'
         WHEN malformed THEN 'query-id-malformed'
         WHEN upper(label) NOT IN {_literals(LABELS + SPELLED_OUT)} THEN 'label-unknown'
         WHEN lower(locale) NOT IN {_literals(LOCALES)} THEN 'locale-unknown'
         WHEN lower(split) NOT IN {_literals(SPLITS)} THEN 'split-unknown'
         ELSE '' END
"""
_PRODUCT_CAUSE: Final = f"""
    CASE WHEN missing OR coalesce(locale, '') = '' THEN 'value-missing'
         WHEN lower(locale) NOT IN {_literals(LOCALES)} THEN 'locale-unknown'
         ELSE '' END
"""

# A join reads every product's bullets before it drops those that it does not want, so what is done
# to them here is done 1.8 million times: splitting costs 0.5 s, trimming each bullet two more.
# Blanks around a bullet go when the line cleans source text.
_PRODUCTS: Final = """
    SELECT product_id,
           product_id AS parent_id,
           {locale} AS locale,
           nullif(CAST(product_title AS VARCHAR), '') AS title,
           nullif(CAST(product_description AS VARCHAR), '') AS description,
           coalesce(
               list_filter(
                   string_split(CAST(product_bullet_point AS VARCHAR), chr(10)),
                   lambda line: line <> ''
               ),
               CAST([] AS VARCHAR[])
           ) AS bullets,
           nullif(CAST(product_brand AS VARCHAR), '') AS brand,
           nullif(CAST(product_color AS VARCHAR), '') AS color,
           CAST([] AS VARCHAR[]) AS category,
           CAST(NULL AS DOUBLE) AS price,
           CAST(NULL AS VARCHAR) AS currency,
           CAST(MAP {{}} AS MAP(VARCHAR, VARCHAR)) AS attributes
    FROM {products}
    WHERE {condition}
"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The files as one relation of judgements and one of products, under ESCI's column names.

    Attributes:
        judgement_files, product_files: the Parquet files of each; equal in a joined copy.
        judgements, products: SQL that can stand after FROM.
        query_id_is_text: whether query ids must still be checked to be numbers.
        may_miss_judged, may_miss_sold: the columns of the judgements and of the products in which
            a NULL or an empty string may stand.
    """

    judgement_files: tuple[Path, ...]
    product_files: tuple[Path, ...]
    judgements: str
    products: str
    query_id_is_text: bool
    may_miss_judged: frozenset[str]
    may_miss_sold: frozenset[str]

    @property
    def joined(self) -> bool:
        """Whether every row is a judgement with its product's columns."""
        return self.judgement_files == self.product_files

    @property
    def query_id(self) -> str:
        """The SQL of a query id as text: NULL where it is no number."""
        number = "TRY_CAST(query_id AS BIGINT)" if self.query_id_is_text else "query_id"
        return f"CAST({number} AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a recipe's options take of the dataset: the small version only, some locales only."""

    small: bool
    locales: frozenset[str] | None

    def takes(self, locale: str | None) -> bool:
        """Return whether rows of ``locale``, as spelled upstream, are asked for."""
        return self.locales is None or (locale or "").lower() in self.locales


@dataclass(frozen=True, slots=True)
class Count:
    """What one scan of a relation's narrow columns found among the selected rows.

    Attributes:
        rows: the selected rows; usable: those of them without a fault.
        splits: usable judgements by split.
        labels, locales, splits_spelled: the upstream spellings of usable rows.
        quarantined: the faulty rows by cause.
    """

    rows: int
    usable: int
    splits: Mapping[str, int]
    labels: frozenset[str]
    locales: frozenset[str]
    splits_spelled: frozenset[str]
    quarantined: tuple[Quarantine, ...]


def count_judgements(
    connection: duckdb.DuckDBPyConnection, upstream: Upstream, selection: Selection
) -> Count:
    """Count the judgements by what becomes of them."""
    grouped = {
        "label": "esci_label",
        "locale": "product_locale",
        "split": "split",
        "missing": _missing(upstream.may_miss_judged, ("query_id", "query", "product_id")),
        "malformed": f"{upstream.query_id} IS NULL" if upstream.query_id_is_text else "false",
    }
    source = f"{upstream.judgements} WHERE {_small(selection)}"
    ids = ("query_id", "product_id")
    return _count(connection, source, ids, grouped, _JUDGEMENT_CAUSE, selection)


def count_products(
    connection: duckdb.DuckDBPyConnection, upstream: Upstream, selection: Selection
) -> Count:
    """Count the rows that products are taken from by what becomes of them."""
    grouped = {
        "locale": "product_locale",
        "missing": _missing(upstream.may_miss_sold, ("product_id",)),
    }
    source, ids = f"{upstream.products} WHERE true", ("product_id",)
    return _count(connection, source, ids, grouped, _PRODUCT_CAUSE, selection)


def judgements_view(
    upstream: Upstream, count: Count, selection: Selection, *, allow_test: bool
) -> str:
    """Return the SELECT of the table ``judgements``: the usable rows, test rows if allowed.

    Conditions and spellings that the scan showed to be idle are left out: DuckDB then pushes the
    rest into the file and reads nothing else (35 instead of 105 ms for a keys query).
    """
    spelled = count.splits_spelled
    shown = spelled if allow_test else {split for split in spelled if split.lower() == "train"}
    conditions = [_small(selection)]
    if count.quarantined:
        missing = _missing(upstream.may_miss_judged, ("query_id", "query", "product_id"))
        conditions += [f"NOT ({missing})", f"esci_label IN {_literals(count.labels)}"]
    if count.quarantined and upstream.query_id_is_text:
        conditions.append(f"{upstream.query_id} IS NOT NULL")
    if count.quarantined or selection.locales is not None:
        conditions.append(f"product_locale IN {_literals(count.locales)}")
    if count.quarantined or shown != spelled:
        conditions.append(f"split IN {_literals(shown)}")
    return f"""
        SELECT {upstream.query_id} AS query_id,
               CAST(query AS VARCHAR) AS query,
               product_id,
               {_canonical("product_locale", "lower({})", count.locales, LOCALES)} AS locale,
               {_canonical("esci_label", "upper(left({}, 1))", count.labels, LABELS)} AS label,
               {_canonical("split", "lower({})", count.splits_spelled, SPLITS)} AS split
        FROM {upstream.judgements}
        WHERE {" AND ".join(conditions)}
    """


def products_view(upstream: Upstream, count: Count, selection: Selection) -> str:
    """Return the SELECT of the table ``products``: the usable rows, in a joined copy one a product.

    Of a product's rows in a joined copy the one with the lowest ``example_id`` is taken. Which one
    that is, is found over the keys alone; the wide columns are then read for these rows only.
    """
    missing = _missing(upstream.may_miss_sold, ("product_id",))
    conditions = []
    if count.quarantined:
        conditions.append(f"NOT ({missing})")
    if count.quarantined or selection.locales is not None:
        conditions.append(f"product_locale IN {_literals(count.locales)}")
    condition = " AND ".join(conditions) or "true"
    locale = _canonical("product_locale", "lower({})", count.locales, LOCALES)
    products = upstream.products
    if upstream.joined:
        rows = f"(SELECT * FROM {products} WHERE {condition})"
        # The keys are part of the join so that a filter on them reaches both of its sides.
        products = f"""
            (SELECT judged.* FROM {rows} AS judged JOIN (
                SELECT {locale} AS locale, product_id,
                       min(row(example_id, in_file, file_row_number)) AS place
                FROM {rows} GROUP BY ALL
            ) AS firsts ON {locale} = locale AND judged.product_id = firsts.product_id
                       AND in_file = place[2] AND file_row_number = place[3])
        """
        condition = "true"
    return _PRODUCTS.format(locale=locale, products=products, condition=condition)


def _small(selection: Selection) -> str:
    return "CAST(small_version AS INTEGER) = 1" if selection.small else "true"


def _missing(may_miss: Collection[str], names: Collection[str]) -> str:
    """Return the condition that one of ``names`` has no value."""
    return (
        " OR ".join(
            f"{name} IS NULL OR CAST({name} AS VARCHAR) = ''" for name in names if name in may_miss
        )
        or "false"
    )


def _canonical(column: str, fold: str, spelled: Collection[str], ours: Collection[str]) -> str:
    """Return the SQL of a column in our spelling: the column itself where it is so already."""
    return column if set(spelled) <= set(ours) else fold.format(column)


def _count(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    ids: Sequence[str],
    grouped: Mapping[str, str],
    cause: str,
    selection: Selection,
) -> Count:
    """Count the rows of ``source`` (FROM and WHERE) by their cause and spellings.

    ``grouped`` is the SQL of each name that ``cause`` asks for; ``ids`` identify a row to a reader.
    """
    # Constants are added after the scan has grouped: as keys they would double its time.
    constant = {name: "NULL" for name in ("label", "split") if name not in grouped}
    constant |= {name: sql for name, sql in grouped.items() if sql == "false"}
    scanned = {name: sql for name, sql in grouped.items() if name not in constant}
    groups = f"""
        SELECT *, {", ".join(f"{sql} AS {name}" for name, sql in constant.items()) or "true"}
        FROM (SELECT {", ".join(f"{sql} AS {name}" for name, sql in scanned.items())},
                     count(*) AS rows
              FROM {source} GROUP BY ALL)
    """
    found = connection.execute(f"""
        SELECT cause,
               CASE WHEN cause = '' THEN label END AS label_spelled,
               CASE WHEN lower(locale) IN {_literals(LOCALES)} THEN locale END AS locale_spelled,
               CASE WHEN cause = '' THEN split END AS split_spelled,
               CAST(sum(rows) AS BIGINT),
               min(row({", ".join(scanned)}))
        FROM (SELECT {cause} AS cause, * FROM ({groups}))
        GROUP BY cause, label_spelled, locale_spelled, split_spelled
        ORDER BY ALL
    """).fetchall()
    found = [row for row in found if selection.takes(row[2])]
    usable = [row for row in found if not row[0]]
    splits: Counter[str] = Counter()
    for _, _, _, split, rows, _ in usable:
        splits[(split or "").lower()] += rows
    faulty: dict[str, Quarantine] = {}
    for fault, _, _, _, rows, group in (row for row in found if row[0]):
        before = faulty.get(fault) or Quarantine(
            fault, 0, _examples(connection, source, ids, scanned, group)
        )
        faulty[fault] = replace(before, rows=before.rows + rows)
    return Count(
        rows=sum(row[4] for row in found),
        usable=sum(row[4] for row in usable),
        splits=splits,
        labels=frozenset(row[1] for row in usable),
        locales=frozenset(row[2] for row in usable),
        splits_spelled=frozenset(row[3] for row in usable),
        quarantined=tuple(faulty[fault] for fault in sorted(faulty)),
    )


def _examples(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    ids: Sequence[str],
    scanned: Mapping[str, str],
    group: Sequence[str | bool | None],
) -> tuple[str, ...]:
    """Return the first few rows of one group of faulty rows as ``name=value`` pairs.

    Asking for one group by its plain values lets DuckDB filter inside the file (5 instead of 50 ms
    for asking every row for its cause).
    """
    conditions, values = [], []
    for sql, value in zip(scanned.values(), group, strict=True):
        conditions.append(f"({sql}) IS NULL" if value is None else f"({sql}) = ?")
        values += [] if value is None else [value]
    columns = {name: name for name in ids} | dict(scanned)
    shown = [name for name in columns if name not in ("missing", "malformed")]
    rows = connection.execute(
        f"SELECT {', '.join(f'{columns[name]} AS {name}' for name in shown)} FROM {source} "
        f"AND {' AND '.join(conditions)} ORDER BY ALL LIMIT {_EXAMPLES_QUOTED}",
        values,
    ).fetchall()
    quoted = (
        ", ".join(f"{name}={repr(value)[:80]}" for name, value in zip(shown, row, strict=True))
        for row in rows
    )
    return tuple(dict.fromkeys(quoted))
