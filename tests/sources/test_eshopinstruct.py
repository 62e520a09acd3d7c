from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from factory.errors import SourceError
from factory.sources.eshopinstruct import EshopInstructOptions
from tests.sources.eshopinstruct_files import copy_bundled
from tests.sources.instruction_cases import attach, check_table, quarantined, rows


def write(folder: Path, *records: object) -> Path:
    text = "\n".join(json.dumps(record) for record in records)
    (folder / "train.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_shopbench_shaped_rows_are_guessed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(
        tmp_path,
        {"input_field": "Which?\n0. a", "output_field": 0, "task_name": "x", "split": "test"},
        {"input_field": "Which?", "output_field": [3, 1], "task_name": "x", "split": "train"},
        {"input_field": "Which?", "output_field": "", "task_name": "x", "split": "train"},
    )
    source = attach(connection, "eshopinstruct", tmp_path)
    (row,) = rows(connection)
    assert (row["input"], row["output"], row["task"]) == ("Which?", "[3,1]", "x")
    assert (source.rows, source.test_rows) == (3, 1)
    assert quarantined(source) == {"output-missing": 1}


def test_unknown_columns_are_listed_and_can_be_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path, {"human": "Do.", "bot": "Done.", "opts": ["a", "b"]})
    with pytest.raises(SourceError, match=r"'bot', 'human', 'opts'.*output: <column>"):
        attach(connection, "eshopinstruct", tmp_path)
    columns = {"instruction": "human", "output": "bot", "options": "opts"}
    options = EshopInstructOptions.model_validate({"columns": columns})
    attach(connection, "eshopinstruct", tmp_path, options)
    (row,) = rows(connection)
    assert (row["instruction"], row["output"], row["options"]) == ("Do.", "Done.", ["a", "b"])


def test_an_output_without_an_instruction_is_an_error(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="known to be the instruction"):
        attach(connection, "eshopinstruct", write(tmp_path, {"output": "x", "other": 1}))


def test_rows_are_the_same_wherever_they_stand(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
            attach(each, "eshopinstruct", folder)
            check_table(each, "eshopinstruct", "instructions")
            seen.append(rows(each))
    assert seen[0] == seen[1]


def test_rows_that_differ_in_their_options_alone_have_ids_by_what_they_say(tmp_path: Path) -> None:
    asked = {"input": "Which?", "output": "A", "task": "x"}
    records = [{**asked, "options": [str(number), "b"]} for number in range(4)]
    seen = []
    for number, several in enumerate((records, records[::-1])):
        (folder := tmp_path / str(number)).mkdir()
        with duckdb.connect() as each:
            attach(each, "eshopinstruct", write(folder, *several))
            seen.append({row["id"]: row["options"] for row in rows(each)})
    assert seen[0] == seen[1]
    assert len(seen[0]) == 4
