"""The table rows behind a sample's source ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb

from factory.errors import SourceError
from factory.sources.base import LOCALES, TABLES
from factory.sources.sql import identifier

#: By the first word of an id: the table, and the columns that the id's other parts are values of.
_KINDS: Final = {
    "query": ("judgements", ("locale", "query_id")),
    "product": ("products", ("locale", "product_id")),
    "judgement": ("judgements", ("query_id", "locale", "product_id")),
    "session": ("sessions", ("locale", "session_id")),
    "review": ("reviews", ("locale", "review_id")),
    "user": ("reviews", ("user_id",)),
    "shopper": ("sessions", ("user_id",)),
    "instruction": ("instructions", ("id",)),
    "seed": ("instructions", ("id",)),
    "span": ("spans", ("id",)),
    "pair": ("pairs", ("locale", "pair_id")),
    "dialogue": ("dialogues", ("locale", "dialogue_id")),
}
_FORMS: Final = ", ".join(
    f"{kind}:{':'.join(f'<{column}>' for column in key)}" for kind, (_, key) in _KINDS.items()
)
#: Ids of queries may hold colons too: the locale between them tells where one ends.
_JUDGEMENT: Final = re.compile(rf"judgement:(.+?):({'|'.join(LOCALES)}):(.+)", re.DOTALL)


def behind(source_id: str) -> tuple[str, ...]:
    """Return the ids of the query and the product behind a judgement; of any other id, itself.

    Nothing is behind a seed: a model was shown it, and the sample does not show it.
    """
    if source_id.startswith("seed:"):
        return ()
    if found := _JUDGEMENT.fullmatch(source_id):
        query, locale, product = found.groups()
        return f"query:{locale}:{query}", f"product:{locale}:{product}"
    return (source_id,)


def source_rows(
    connection: duckdb.DuckDBPyConnection, schema: str, source_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the rows behind ``source_ids``, in the order of the ids.

    An id is a kind and the values of a key, such as ``query:<locale>:<query_id>`` (all judgements
    of the query), ``product:<locale>:<product_id>``, ``review:<locale>:<review_id>`` or
    ``user:<user_id>`` (all reviews of the user). Each row is a dict of the table's columns
    with ``source_id`` and ``table`` before them. An id whose row is not there any more, or is not
    visible without ``allow_test``, yields no row.

    Raises:
        SourceError: for an id of another form, or where ``schema`` has no such table.
    """
    rows: list[dict[str, Any]] = []
    for source_id in dict.fromkeys(source_ids):
        table, conditions = _parsed(source_id)
        found = _fetched(connection, schema, table, conditions)
        rows += [{"source_id": source_id, "table": table, **row} for row in found]
    return rows


def _parsed(source_id: str) -> tuple[str, dict[str, str]]:
    """Return the table of an id, and the values that its row has, by column."""
    kind, _, rest = source_id.partition(":")
    if kind in _KINDS:
        table, key = _KINDS[kind]
        found = _JUDGEMENT.fullmatch(source_id)
        # An id at the end may hold a colon itself.
        values = [*found.groups()] if found else rest.split(":", len(key) - 1)
        if len(values) == len(key) and all(values):
            return table, dict(zip(key, values, strict=True))
    raise SourceError(f"{source_id!r} is no source id: it must be one of {_FORMS}")


def _fetched(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, values: Mapping[str, str]
) -> list[dict[str, Any]]:
    names = list(TABLES[table])
    # One statement an id: DuckDB reads the wide columns of the rows that equal a single value, but
    # of all rows for a list of values (0.06 s an id against 1.7 s for five in one list).
    query = (
        f"SELECT {', '.join(map(identifier, names))} "
        f"FROM {identifier(schema)}.{identifier(table)} "
        f"WHERE {' AND '.join(f'{identifier(column)} = ?' for column in values)}"
    )
    try:
        found = connection.execute(query, list(values.values())).fetchall()
    except duckdb.CatalogException as error:
        raise SourceError(
            f"there is no table {table!r} of the source {schema!r}: attach the source first"
        ) from error
    rows = (dict(zip(names, row, strict=True)) for row in found)
    return sorted(rows, key=lambda row: [str(row[name]) for name in names])
