"""What a view says of the keys of a window, read in draw order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
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
    result = connection.execute(facts_of(view))
    names = [name for name, *_ in result.description or ()]
    if grouped:
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        groups = grouped_rows(groups_of(connection), rows)
        while shard := list(islice(groups, _SHARD_ROWS)):
            yield shard
        return
    while found := result.fetchmany(_SHARD_ROWS):
        yield [dict(zip(names, row, strict=True)) for row in found]


class Widths:
    """How wide the facts are that went by, told from the first row of each shard."""

    def __init__(self) -> None:
        self._rows = self._bytes = 0

    @property
    def mean(self) -> float | None:
        """Bytes of a row, as Python prints it; None before any went by."""
        return self._bytes / self._rows if self._rows else None

    def of(self, shards: Iterable[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
        """Yield shards of facts as they are."""
        for shard in shards:
            self._rows += 1
            self._bytes += len(repr(shard[0]).encode("utf-8", "replace"))
            yield shard


def facts_of(view: View) -> str:
    """Return the query for the facts of the keys in ``chosen``: the ordinal comes first."""
    return (
        "SELECT chosen.ordinal, chosen.split_group, facts.* "
        f"FROM ({view.facts}) AS facts JOIN chosen USING (key) ORDER BY chosen.ordinal"
    )


def groups_of(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, list[str]]]:
    """Yield each ordinal with the keys of the records that are combined, its own first."""
    groups = connection.execute(
        "SELECT ordinal, list(partner ORDER BY turn) FROM groups GROUP BY ordinal ORDER BY ordinal"
    )
    while found := groups.fetchmany(_SHARD_ROWS):
        yield from found


def grouped_rows(
    groups: Iterable[tuple[int, Sequence[str]]], rows: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the row of each group of which the facts of its own key are there."""
    by_key = {row["key"]: row for row in rows}
    for ordinal, keys in groups:
        if keys[0] in by_key:
            records = [by_key[key] for key in keys if key in by_key]
            yield {"ordinal": ordinal, "records": records}
