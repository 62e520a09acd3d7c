from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.errors import SourceError
from factory.sources.ecominstruct import EcomInstructOptions
from tests.conftest import SHARED
from tests.sources.ecominstruct_files import copy_bundled
from tests.sources.instruction_cases import attach, check_table, quarantined, rows

REAL = SHARED / "data" / "ecominstruct" / "ecom_instruct_v1"


def write(folder: Path, name: str, meta: dict[str, Any], *records: Any, file: str = "") -> Path:
    place = folder / name.split("-")[1] / "tasks" / name
    place.mkdir(parents=True, exist_ok=True)
    prompt = {"test_prompt": {"instruction": "### Instruction:\n{sentences}\nFrom {label_set}."}}
    (place / "meta-info.json").write_text(json.dumps(prompt | meta), encoding="utf-8")
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    (place / (file or "train.json")).write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return folder


def span(term: str, kind: str | None = None, start: int = 0, end: int = 0) -> dict[str, Any]:
    return {"term": term, "type": kind, "start": start, "end": end}


LABELS = {"label_set": {"en": ["Brand", "Color"]}, "label_key": "en", "label_sep": ", "}


def test_named_entities_are_one_line_a_label(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    record = {
        "sentences": "Lumo {mug}, red",
        "spans": [span("Lumo", "Brand", 0, 4), span("mug", "Brand", 9, 11)],
    }
    write(tmp_path, "EN-X-NER-a", LABELS, record)
    attach(connection, "ecominstruct", tmp_path)
    (row,) = rows(connection)
    assert row["output"] == "Brand: Lumo, mug\nColor: None"
    assert row["instruction"] == "### Instruction:\nLumo {mug}, red\nFrom Brand, Color."
    assert (row["options"], row["locale"], row["setting"]) == (["Brand", "Color"], "us", "NER")
    (spans,) = rows(connection, "spans")
    assert spans["entities"] == [
        {"type": "Brand", "value": "Lumo", "start": 0, "end": 4},
        {"type": "Brand", "value": "mug", "start": None, "end": None},
    ]
    assert spans["id"] == row["id"]


@pytest.mark.parametrize(
    ("kind", "record", "output"),
    [
        (
            "Condition_Extract",
            {"spans": [span("Lumo", "Brand"), span("red", "Color")]},
            "Lumo, red",
        ),
        ("Condition_Extract", {"spans": []}, "None"),
        ("Extract", {"spans": [span("the answer")], "label_set": [""]}, "the answer"),
        ("Generate", {"spans": [span("红色马克杯")], "label_set": [""]}, "红色马克杯"),
        ("CLS", {"labels": {"en": ["Color", "Brand"], "zh": ["x"]}}, "Color, Brand"),
    ],
)
def test_answers_are_printed_as_their_type_prints_them(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    kind: str,
    record: dict[str, Any],
    output: str,
) -> None:
    write(tmp_path, f"ZH-X-{kind}-a", LABELS, {"sentences": "text"} | record)
    attach(connection, "ecominstruct", tmp_path)
    (row,) = rows(connection)
    assert (row["output"], row["locale"]) == (output, "cn")
    assert rows(connection, "spans") == []


def test_test_files_are_the_test_part_and_faults_are_counted(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    good = {"sentences": "a", "labels": {"en": ["Brand"]}}
    bad = [
        {"sentences": "", "labels": {"en": ["Brand"]}},
        {"sentences": "a", "labels": {"zh": ["x"]}},
        {"sentences": "a", "labels": {"en": ["Size"]}},
        "{broken",
        "[]",
    ]
    write(tmp_path, "EN-X-CLS-a", LABELS, good, *bad)
    write(tmp_path, "EN-X-CLS-a", LABELS, good | {"sentences": "b"}, file="test.json")
    source = attach(connection, "ecominstruct", tmp_path)
    assert [row["input"] for row in rows(connection)] == ["a"]
    assert (source.rows, source.test_rows) == (7, 1)
    assert quarantined(source) == {
        "label-unknown": 1,
        "labels-missing": 1,
        "not-an-object": 1,
        "not-json": 1,
        "sentences-missing": 1,
    }


def test_folders_of_another_name_and_descriptions_without_a_prompt_are_errors(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path / "a", "XX-X-CLS-a", LABELS)
    with pytest.raises(SourceError, match=r"'XX-X-CLS-a' is not named"):
        attach(connection, "ecominstruct", tmp_path / "a")
    write(tmp_path / "b", "EN-X-CLS-a", {"test_prompt": {}})
    with pytest.raises(SourceError, match="no task description"):
        attach(connection, "ecominstruct", tmp_path / "b")
    with pytest.raises(SourceError, match="clone"):
        attach(connection, "ecominstruct", "https://example.org/x")


def test_tasks_can_be_chosen(connection: duckdb.DuckDBPyConnection) -> None:
    name = "EN-Shop-NER-attribute_value_extraction"
    attach(connection, "ecominstruct", "bundled", EcomInstructOptions(tasks=[name]))
    assert {row["task"] for row in rows(connection)} == {name}
    with pytest.raises(SourceError, match="no task 'EN-none'"):
        attach(connection, "ecominstruct", "bundled", EcomInstructOptions(tasks=["EN-none"]))


def test_rows_are_the_same_wherever_they_stand(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
            attach(each, "ecominstruct", folder, allow_test=True)
            check_table(each, "ecominstruct", "instructions")
            check_table(each, "ecominstruct", "spans")
            seen.append((rows(each), rows(each, "spans")))
    assert seen[0] == seen[1]
    for spans in seen[0][1]:
        for entity in spans["entities"]:
            assert spans["text"][entity["start"] : entity["end"]] == entity["value"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real excerpt is absent")
def test_the_real_folders_are_read_whole(connection: duckdb.DuckDBPyConnection) -> None:
    source = attach(connection, "ecominstruct", REAL, allow_test=True)
    found = rows(connection)
    assert (source.rows, len(found), source.quarantined) == (780, 780, ())
    assert len({row["task"] for row in found}) == 13
    several = [row for row in found if row["task"].startswith("EN-ABSA") and ", " in row["output"]]
    assert several
    spans = rows(connection, "spans")
    assert len(spans) == 120
    assert all(entity["start"] is not None for row in spans for entity in row["entities"])


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("[" * 100_000, "not-json"),
        ('{"sentences": "half \\ud800", "spans": [{"term": "a"}]}', "not-json"),
        ('{"sentences": "a", "spans": [{"term": "a", "type": 5}]}', "type-malformed"),
    ],
)
def test_a_hostile_line_costs_itself(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, line: str, cause: str
) -> None:
    good = {"sentences": "Lumo mug", "spans": [span("mug")]}
    write(tmp_path, "EN-X-Extract-a", {}, line, good)
    source = attach(connection, "ecominstruct", tmp_path)
    assert quarantined(source) == {cause: 1}
    (row,) = rows(connection)
    assert row["output"] == "mug"


@pytest.mark.parametrize(
    "meta",
    [
        {"test_prompt": {"instruction": 5}},
        {"test_prompt": {"instruction": "{sentences} \ud800"}},
        {"label_sep": None},
        {"label_key": ["en"]},
    ],
)
def test_a_description_of_other_kinds_is_one_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, meta: dict[str, Any]
) -> None:
    write(tmp_path, "EN-X-Extract-a", meta, {"sentences": "a", "spans": [span("a")]})
    with pytest.raises(SourceError, match=r"meta-info\.json"):
        attach(connection, "ecominstruct", tmp_path)
