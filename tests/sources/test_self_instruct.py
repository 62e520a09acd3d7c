from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.conftest import SHARED
from tests.sources.instruction_cases import attach, check_table, quarantined, rows
from tests.sources.self_instruct_files import copy_bundled

REAL = SHARED / "data" / "self_instruct"


def test_each_instance_is_a_row_and_faults_are_counted(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    seed = {"id": "seed_task_0", "name": "n", "instruction": "Do.", "is_classification": True}
    two = [{"input": "a", "output": "1"}, {"input": "b", "output": "2"}]
    lines = [
        json.dumps(seed | {"instances": two}),
        json.dumps(seed | {"id": "seed_task_1", "instances": []}),
        json.dumps(seed | {"id": "seed_task_2", "instances": [{"input": "a", "output": ""}]}),
        "{broken",
    ]
    (tmp_path / "seed_tasks.jsonl").write_text("\n".join(lines), encoding="utf-8")
    source = attach(connection, "self_instruct", tmp_path)
    assert [
        (row["id"], row["input"], row["output"], row["setting"]) for row in rows(connection)
    ] == [
        ("seed_task_0", "a", "1", "classification"),
        ("seed_task_0#2", "b", "2", "classification"),
    ]
    assert quarantined(source) == {"instances-missing": 1, "not-json": 1, "output-missing": 1}
    assert source.rows == 5


def test_rows_are_the_same_wherever_they_stand(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            attach(each, "self_instruct", copy_bundled(tmp_path / str(shuffled), shuffled=shuffled))
            check_table(each, "self_instruct", "instructions")
            seen.append(rows(each))
    assert seen[0] == seen[1]
    assert len(seen[0]) >= 20


@pytest.mark.skipif(not REAL.is_dir(), reason="the real excerpt is absent")
def test_all_175_seeds_are_read(connection: duckdb.DuckDBPyConnection) -> None:
    source = attach(connection, "self_instruct", REAL)
    found = rows(connection)
    assert (source.rows, len(found), source.quarantined) == (175, 175, ())
    assert sum(row["setting"] == "classification" for row in found) == 26
