from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.errors import SourceError
from tests.conftest import SHARED
from tests.sources.alpaca_files import copy_bundled
from tests.sources.instruction_cases import attach, check_table, quarantined, rows

REAL = SHARED / "data" / "alpaca_cleaned"


def write(folder: Path, content: Any) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "alpaca_data_cleaned.json").write_text(text, encoding="utf-8")
    return folder


def row(**values: Any) -> dict[str, Any]:
    return {"instruction": "Do it.", "input": "", "output": "Done."} | values


@pytest.mark.parametrize("mark", ["<nooutput>", "Noinput", "<no input>", "[No Input]", "No-input."])
def test_marks_of_nothing_are_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, mark: str
) -> None:
    write(tmp_path, [row(input=mark), row(output=mark)])
    source = attach(connection, "alpaca", tmp_path)
    assert [each["input"] for each in rows(connection)] == [""]
    assert quarantined(source) == {"output-missing": 1}


def test_words_that_only_begin_like_a_mark_stay(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path, [row(input="No input was given by the user")])
    attach(connection, "alpaca", tmp_path)
    assert rows(connection)[0]["input"] == "No input was given by the user"


def test_unusable_rows_are_counted_by_cause(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(
        tmp_path,
        [row(output=" \n"), row(instruction=""), row(output=7), {"instruction": "x"}, row()],
    )
    source = attach(connection, "alpaca", tmp_path)
    assert quarantined(source) == {
        "field-not-text": 1,
        "instruction-missing": 1,
        "output-missing": 2,
    }
    assert source.rows == 5


@pytest.mark.parametrize("text", ['{"instruction": 1', "no json", '[{"instruction": "a", "outp'])
def test_a_damaged_file_is_one_clear_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: str
) -> None:
    with pytest.raises(SourceError, match="fetch the upstream file"):
        attach(connection, "alpaca", write(tmp_path, text))


def test_rows_are_the_same_wherever_they_stand(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            attach(each, "alpaca", copy_bundled(tmp_path / str(shuffled), shuffled=shuffled))
            check_table(each, "alpaca", "instructions")
            seen.append(rows(each))
    assert seen[0] == seen[1]
    assert len(seen[0]) >= 200


@pytest.mark.skipif(not REAL.is_dir(), reason="the real excerpt is absent")
def test_the_real_excerpt_is_read_whole(connection: duckdb.DuckDBPyConnection) -> None:
    source = attach(connection, "alpaca", REAL)
    found = rows(connection)
    assert (source.rows, len(found), source.quarantined) == (1000, 1000, ())
    assert sum(each["input"] == "" for each in found) >= 591
    assert any("\n\n" in each["output"] for each in found)
