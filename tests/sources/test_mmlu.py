from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import SourceError
from factory.sources import store as stores
from tests.conftest import SHARED
from tests.sources.instruction_cases import attach, check_table, quarantined, rows
from tests.sources.mmlu_files import copy_bundled


def write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_only_the_auxiliary_part_is_visible_without_asking(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    source = attach(connection, "mmlu", "bundled")
    shown = rows(connection)
    assert {row["setting"] for row in shown} == {"auxiliary_train"}
    assert {row["task"] for row in shown} == {""}
    assert len(shown) + source.test_rows == source.rows
    assert source.test_rows > 0
    check_table(connection, "mmlu", "instructions")


def test_quirks_of_the_csv_are_read_as_text(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    text = '"Two\nlines, one ""word""",None,0123, x ,1.0,D\r\nQ,a,b,c,d,A\n'
    write(tmp_path, "auxiliary_train/race.csv", text)
    attach(connection, "mmlu", tmp_path)
    found = {row["input"]: row for row in rows(connection)}
    row = found['Two\nlines, one "word"']
    assert (row["options"], row["output"]) == (["None", "0123", " x ", "1.0"], "3")
    assert found["Q"]["output"] == "0"


def test_unusable_rows_are_counted_by_cause(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = ["q,a,b,c,d,A", "short,a,b,c", "q,a,b,c,d,E", ",a,b,c,d,A", "q,a,,c,d,A", ""]
    write(
        tmp_path,
        "auxiliary_train/x.csv",
        "\n".join(lines).encode() + b"caf\xe9,a,b,c,d,B\n" + b"q,a,b,c,d,e,A\n",
    )
    source = attach(connection, "mmlu", tmp_path)
    assert quarantined(source) == {
        "answer-unknown": 1,
        "choice-missing": 1,
        "columns-not-six": 2,
        "question-missing": 1,
        "text-not-utf8": 1,
    }
    assert source.rows == len(rows(connection)) + 6 == 7


def test_equal_rows_get_ids_of_their_own(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path, "auxiliary_train/x.csv", "q,a,b,c,d,A\n" * 3)
    attach(connection, "mmlu", tmp_path)
    ids = sorted(row["id"] for row in rows(connection))
    assert [each[16:] for each in ids] == ["", "-2", "-3"]
    assert len({each[:16] for each in ids}) == 1


def test_rows_are_the_same_wherever_they_stand_in_the_files(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
            attach(each, "mmlu", folder, allow_test=True)
            seen.append(rows(each))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("nested", [False, True])
def test_the_hubs_parquet_is_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, nested: bool
) -> None:
    row = {"question": "q", "subject": "", "choices": ["a", "b", "c", "None"], "answer": 3}
    folder = tmp_path / ("auxiliary_train" if nested else "all")
    folder.mkdir()
    name = "train-00000-of-00001" if nested else "auxiliary_train-00000-of-00001"
    table = pa.Table.from_pylist([{"train": row} if nested else row])
    pq.write_table(table, str(folder / f"{name}.parquet"))
    attach(connection, "mmlu", tmp_path)
    (found,) = rows(connection)
    assert (found["options"], found["output"], found["split"]) == (row["choices"], "3", "train")


def test_a_whole_copy_of_the_hubs_repository_counts_each_row_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = {"question": "q", "subject": "anatomy", "choices": ["a", "b", "c", "d"], "answer": 1}
    for folder in ("all", "anatomy"):
        (tmp_path / folder).mkdir()
        pq.write_table(pa.Table.from_pylist([row]), str(tmp_path / folder / "test-0.parquet"))
    assert attach(connection, "mmlu", tmp_path, allow_test=True).rows == 1


def test_a_file_that_does_not_say_its_part_is_an_error(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path, "questions.csv", "q,a,b,c,d,A\n")
    with pytest.raises(SourceError, match=r"does not say which part.*anatomy_test"):
        attach(connection, "mmlu", tmp_path)


def test_test_parts_alone_must_be_asked_for(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path, "test/anatomy_test.csv", "q,a,b,c,d,A\n")
    with pytest.raises(SourceError, match="--allow-test s"):
        attach(connection, "mmlu", tmp_path)


@pytest.mark.skipif(not (SHARED / "data" / "mmlu").is_dir(), reason="the real excerpt is absent")
def test_every_row_of_the_real_excerpt_is_read(connection: duckdb.DuckDBPyConnection) -> None:
    folder = SHARED / "data" / "mmlu" / "data"
    expected = []
    for file in folder.rglob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            expected += [(row[0], row[1:5], str("ABCD".index(row[5]))) for row in csv.reader(lines)]
    source = attach(connection, "mmlu", folder, allow_test=True)
    found = [(row["input"], row["options"], row["output"]) for row in rows(connection)]
    assert sorted(found) == sorted(expected)
    assert source.quarantined == ()


@pytest.mark.skipif(not (SHARED / "data" / "mmlu").is_dir(), reason="the real excerpt is absent")
def test_both_forms_of_the_real_dev_part_agree(tmp_path: Path) -> None:
    real = SHARED / "data" / "mmlu"
    parquet = tmp_path / "dev-00000-of-00001.parquet"
    parquet.write_bytes((real / "derived_cais_schema_dev285.parquet").read_bytes())
    seen = []
    for path in (real / "data" / "dev", parquet):
        with duckdb.connect() as each:
            attach(each, "mmlu", path, allow_test=True)
            kept = ("task", "input", "options", "output", "setting", "split")
            seen.append(sorted([row[name] for name in kept] for row in rows(each)))
    assert len(seen[0]) == 285
    assert seen[0] == seen[1]


def test_large_files_are_parsed_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_IN_MEMORY_UP_TO", 0)
    monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))
    files = tmp_path / "files"
    write(files, "auxiliary_train/x.csv", "q,a,b,c,d,A\nshort,a,b,c\n")
    write(files, "test/law_test.csv", "p,a,b,c,d,B\n")
    first, shown = attach(connection, "mmlu", files), rows(connection)
    (store,) = (tmp_path / "cache").rglob("*.duckdb")
    made = store.stat().st_mtime_ns

    assert attach(connection, "mmlu", files) == first
    assert rows(connection) == shown
    assert store.stat().st_mtime_ns == made
    assert (first.rows, first.test_rows, quarantined(first)) == (3, 1, {"columns-not-six": 1})
    # What is asked for by name is another store: a cache never shows test rows by itself.
    allowed = attach(connection, "mmlu", files, allow_test=True)
    assert allowed.test_rows == 0
    assert len(rows(connection)) == 2
