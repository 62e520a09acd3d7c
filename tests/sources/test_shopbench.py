from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from factory.errors import SourceError
from tests.conftest import SHARED
from tests.sources.instruction_cases import attach, check_table, quarantined, rows
from tests.sources.shopbench_files import copy_bundled

REAL = SHARED / "data" / "kddcup2024_devset"


def test_the_benchmark_is_hidden_unless_asked_for(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SourceError, match="--allow-test s"):
        attach(connection, "shopbench", "bundled")


def test_answers_keep_their_type_as_json(connection: duckdb.DuckDBPyConnection) -> None:
    source = attach(connection, "shopbench", "bundled", allow_test=True)
    check_table(connection, "shopbench", "instructions")
    found = rows(connection)
    assert {row["task"] for row in found} == {f"task{number}" for number in range(1, 19)}
    kinds = {row["setting"]: type(json.loads(row["output"])) for row in found}
    assert kinds["multiple-choice"] is int
    assert kinds["generation"] is str
    assert {kinds["ranking"], kinds["retrieval"], kinds["named_entity_recognition"]} == {list}
    assert set(json.loads(found[0]["fields"])) == {
        "task_type",
        "metric",
        "is_multiple_choice",
        "track",
    }
    assert source.rows == len(found)


def test_unusable_lines_are_counted(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    good = {"input_field": "q", "output_field": 0, "task_name": "task2", "task_type": "x"}
    lines = [json.dumps(good), json.dumps(good | {"output_field": None}), "nothing"]
    (tmp_path / "development.json").write_text("\n".join(lines), encoding="utf-8")
    source = attach(connection, "shopbench", tmp_path, allow_test=True)
    assert quarantined(source) == {"not-json": 1, "output-missing": 1}
    assert [row["output"] for row in rows(connection)] == ["0"]


def test_rows_are_the_same_wherever_they_stand(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
            attach(each, "shopbench", folder, allow_test=True)
            seen.append(rows(each))
    assert seen[0] == seen[1]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real excerpt is absent")
def test_the_real_96_rows_are_read(connection: duckdb.DuckDBPyConnection) -> None:
    attach(connection, "shopbench", REAL, allow_test=True)
    counts = Counter(row["task"] for row in rows(connection))
    assert (counts.total(), counts["task17"], counts["task13"]) == (96, 5, 3)
