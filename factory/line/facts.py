"""What a view says of the keys of a window, read in draw order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import duckdb

from factory.sources.view import View

# Small: an engine speaks to its workers between shards of its own.
_SHARD_ROWS: Final = 128


def read_facts(
    view: View, connection: duckdb.DuckDBPyConnection, *, grouped: bool
) -> Iterator[list[dict[str, Any]]]:
    """Yield the facts of the keys in ``chosen``, in draw order, a shard at a time.

    For a task that combines records they come ``grouped``: ``records``, the key's own first.
    """
    result = connection.execute(
        "SELECT chosen.ordinal, chosen.split_group, facts.* "
        f"FROM ({view.facts}) AS facts JOIN chosen USING (key) ORDER BY chosen.ordinal"
    )
    names = [name for name, *_ in result.description or ()]
    if grouped:
        rows = {row[0]: row[1] for row in _by_key(names, result.fetchall())}
        groups = connection.execute(
            "SELECT ordinal, list(partner ORDER BY turn) FROM groups GROUP BY ordinal "
            "ORDER BY ordinal"
        )
        while found := groups.fetchmany(_SHARD_ROWS):
            yield [
                {"ordinal": ordinal, "records": [rows[key] for key in keys if key in rows]}
                for ordinal, keys in found
                if keys[0] in rows
            ]
        return
    while found := result.fetchmany(_SHARD_ROWS):
        yield [dict(zip(names, row, strict=True)) for row in found]


def _by_key(
    names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows:
        named = dict(zip(names, row, strict=True))
        yield named["key"], named
