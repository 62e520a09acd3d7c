"""What the tests of the instruction adapters share: attaching a source and reading its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from factory.sources import SOURCES, AttachedSource
from factory.sources.base import TABLES


def attach(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    path: Path | str,
    options: BaseModel | None = None,
    *,
    allow_test: bool = False,
) -> AttachedSource:
    """Attach a source under the schema ``s``."""
    source = SOURCES[name]
    return source.attach(
        connection, "s", str(path), options or source.options(), allow_test=allow_test
    )


def rows(
    connection: duckdb.DuckDBPyConnection, table: str = "instructions"
) -> list[dict[str, Any]]:
    """Return all rows of a table by their first column."""
    result = connection.execute(f"SELECT * FROM s.{table} ORDER BY ALL")
    names = [name for name, *_ in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def check_table(connection: duckdb.DuckDBPyConnection, name: str, table: str) -> None:
    """Check that a table has the house's columns, and NULL in those that are not offered."""
    described = connection.execute(f"DESCRIBE s.{table}").fetchall()
    plain = {row[0]: row[1].replace('"', "") for row in described}
    assert plain == {column: kind.replace('"', "") for column, kind in TABLES[table].items()}
    source = SOURCES[name]
    offered = source.offers(source.options())[table]
    for column in TABLES[table]:
        if column not in offered:
            filled = connection.execute(f'SELECT count("{column}") FROM s.{table}').fetchall()
            assert filled == [(0,)], f"{column} is filled and not offered"


def quarantined(source: AttachedSource) -> dict[str, int]:
    """Return the rows set aside by cause."""
    return {each.cause: each.rows for each in source.quarantined}
