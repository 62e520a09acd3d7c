"""What the database of a run holds while it reads."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from factory.line.database import connect
from factory.outputs.run_folder import RunFolder
from factory.sources.sql import text_literal

#: Bytes of a row's text, and how many rows one group of a Parquet file holds.
WIDE = 1280
GROUP = 2048


@pytest.fixture(scope="module")
def wide_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty groups of rows, 2.6 MB each."""
    path = tmp_path_factory.mktemp("wide") / "wide.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT repeat(md5(i::VARCHAR), {WIDE // 32}) AS text "
        f"FROM range({30 * GROUP}) AS r(i)) "
        f"TO {text_literal(str(path))} "
        f"(FORMAT parquet, ROW_GROUP_SIZE {GROUP}, COMPRESSION uncompressed)"
    )
    return path


@pytest.mark.skipif(
    not duckdb.sql("FROM duckdb_settings() WHERE name = 'read_ahead_depth'").fetchall(),
    reason="this DuckDB reads nothing ahead",
)
def test_of_a_file_of_wide_rows_no_more_is_held_than_is_being_read(
    wide_file: Path, tmp_path: Path
) -> None:
    with RunFolder(tmp_path / "run") as folder, connect(folder) as connection:
        # As many threads as a test can count on: each holds the group that it reads.
        connection.execute("SET threads = 2")
        beside = connection.cursor()
        connection.execute(f"FROM read_parquet({text_literal(str(wide_file))})").fetchmany(1)
        ((held,),) = beside.execute(
            "SELECT coalesce(sum(memory_usage_bytes), 0) FROM duckdb_memory() "
            "WHERE tag = 'EXTERNAL_FILE_CACHE'"
        ).fetchall()
    assert held <= 3 * WIDE * GROUP
