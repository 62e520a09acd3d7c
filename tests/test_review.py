"""Samples go to people as a table that no spreadsheet obeys, and come back as a share."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factory
from factory.engines import LocalEngine
from factory.errors import UsageError
from factory.line import run_mixture, run_task
from factory.llm.pool import ModelPool
from factory.outputs.measurements import review_of
from factory.recipe import load_recipe
from factory.runs.folder import read_manifest
from factory.runs.review import (
    COLUMNS,
    TABLE,
    export_review,
    harmless,
    read_review,
)

Rows = list[dict[str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    recipe = load_recipe("recipes.yaml").with_changes(limit=30)
    return run_task(recipe, "task12", tmp_path / "out", LocalEngine()).folder


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of which a scripted judge drops some samples."""
    folder = tmp_path_factory.mktemp("judged")
    path = folder / "recipes.yaml"
    path.write_text(
        "include: [catalogue]\nmodels: {default: {engine: scripted}}\ntasks: {task12: {size: 30, "
        "filters: {judge: {threshold: 2}}}}\n",
        encoding="utf-8",
    )
    recipe = load_recipe(path)
    with ModelPool(recipe.models, folder / "cache") as pool:
        return run_task(recipe, "task12", folder / "out", LocalEngine(), models=pool).folder


def rows_of(table: Path) -> Rows:
    with table.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def save(table: Path, rows: Rows, encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    with table.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return table


def fill(rows: Rows, *verdicts: str) -> Rows:
    return [
        {**row, "verdict": verdict} for row, verdict in zip(rows, verdicts, strict=False)
    ] + rows[len(verdicts) :]


def test_a_draw_of_samples_is_exported_and_read_back(run: Path) -> None:
    table = export_review(run, samples=12).path
    rows = rows_of(table)
    samples = {each.id: each for each in factory.read_samples(run)}
    assert list(rows[0]) == list(COLUMNS)
    assert len({row["id"] for row in rows}) == 12
    assert [row["id"] for row in rows] != sorted(row["id"] for row in rows)
    for row in rows:
        sample = samples[row["id"].lstrip("'")]
        assert row["prompt"] == sample.input_field
        first = sample.output_field.split(",")[0]
        assert row["meaning"].startswith(f"{first}: {sample.options[int(first) - 1]}\n")
        assert f"query: {sample.slots['query']}" in row["facts"]
    filled = fill(rows, *["ok"] * 8, " WRONG ", "unclear")
    filled[8]["note"] = "the pan is better"
    review = read_review(run, save(table, filled))
    assert (review["reviewed"], review["ok"], review["blank"]) == (10, 8, 2)
    assert review["share_ok"]["share"] == 0.8
    assert review["share_ok"]["interval"] == [0.4902, 0.9433]
    assert review["judge"] is None
    wrong = review["verdicts"][rows[8]["id"].lstrip("'")]
    assert wrong == {"task": "task12", "verdict": "wrong", "note": "the pan is better"}
    assert review_of(run, read_manifest(run)) == {**review, "stale": False}


def test_the_same_run_exports_the_same_table_and_never_over_what_was_filled_in(run: Path) -> None:
    first = export_review(run, samples=5).path
    again = export_review(run, run / "again.csv", samples=5).path
    assert first.read_bytes() == again.read_bytes()
    larger = export_review(run, run / "larger.csv", samples=9).path
    assert rows_of(larger)[:5] == rows_of(first)
    with pytest.raises(UsageError, match="may have been filled in"):
        export_review(run, samples=5)


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8", ";"), ("utf-16", "\t")])
def test_a_table_is_read_as_other_spreadsheets_save_it(
    run: Path, encoding: str, delimiter: str
) -> None:
    table = export_review(run, samples=6).path
    rows = fill(rows_of(table), *["ok"] * 6)
    assert read_review(run, save(table, rows, encoding, delimiter))["ok"] == 6


def test_every_row_that_cannot_be_used_is_named(run: Path) -> None:
    table = export_review(run, samples=8).path
    rows = fill(rows_of(table), "ok", "okay", "ok", "ok", "ok")
    rows[3]["id"] = rows[0]["id"]
    with pytest.raises(UsageError) as told:
        read_review(run, save(table, rows))
    assert str(told.value).splitlines() == [
        f"{table}, row 3, column verdict: 'okay' is none of ok, wrong, unclear",
        f"{table}, row 5, column id: {rows[0]['id']} is in row 2 too",
    ]
    rows = fill(rows_of(table), "ok", "ok", "ok", "ok")
    rows[1]["verdict"], rows[3]["id"] = "ok", "1.23E+15"
    rows[2]["checksum"] = "g" * 10
    with pytest.raises(UsageError) as told:
        read_review(run, save(table, rows))
    unknown, stale = sorted(str(told.value).splitlines(), key=lambda line: "checksum" in line)
    assert unknown == f"{table}, row 5, column id: {run} has no sample '1.23E+15'"
    assert "row 4, column checksum: the sample" in stale
    assert not (run / "review.json").exists()


def test_a_table_without_verdicts_or_columns_is_told(run: Path) -> None:
    table = export_review(run, samples=4).path
    with pytest.raises(UsageError, match="no row has a verdict yet"):
        read_review(run, table)
    rows = [{"ids": row["id"], "verdict": "ok"} for row in rows_of(table)]
    with pytest.raises(UsageError, match=r"row 1: there is no column 'id': did you mean 'ids'\?"):
        read_review(run, save(table, rows))
    table.write_bytes("id,verdict\nä,ok\n".encode("latin-1"))
    with pytest.raises(UsageError, match="save it as CSV in UTF-8"):
        read_review(run, table)
    with pytest.raises(UsageError, match="cannot be read"):
        read_review(run, run / "none.csv")


def test_a_review_of_an_earlier_run_is_stale(run: Path) -> None:
    table = export_review(run, samples=4).path
    read_review(run, save(table, fill(rows_of(table), "ok", "ok")))
    recipe = load_recipe("recipes.yaml").with_changes(limit=20)
    run_task(recipe, "task12", run.parent, LocalEngine(), fresh=True)
    said = review_of(run, read_manifest(run))
    assert said is not None
    assert said["stale"]


def test_people_and_a_judge_agree_or_do_not(judged: Path) -> None:
    exported = export_review(judged, judged / "all.csv", samples=10, dropped=10)
    assert exported.tasks == {"task12": 20}
    rows = rows_of(exported.path)
    kept = {each.id for each in factory.read_samples(judged)}
    # They stand among each other, not one kind after the other.
    places = [row["id"].lstrip("'") in kept for row in rows]
    assert sum(places) == 10
    assert places != sorted(places)
    assert places != sorted(places, reverse=True)
    people = ["ok" if each else "wrong" for each in places]
    review = read_review(judged, save(exported.path, fill(rows, *people)))
    assert (review["reviewed"], review["ok"]) == (10, 10)
    at = review["judge"]["by_threshold"]["2"]
    assert (at["kappa"], at["precision"]["share"], at["recall"]["share"]) == (1, 1, 1)
    assert review["judge"]["mean_of_ok"] > review["judge"]["mean_of_wrong"]
    against = ["wrong" if each else "ok" for each in places]
    review = read_review(judged, save(exported.path, fill(rows, *against)))
    assert review["judge"]["by_threshold"]["2"]["kappa"] == -1


def test_a_mixture_lends_samples_of_each_of_its_tasks(tmp_path: Path) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(
        "include: [catalogue]\nmixtures: {mine: {title: Mine, tasks: {task12: 20, "
        "judge_substitute: 20}}}\n",
        encoding="utf-8",
    )
    result = run_mixture(load_recipe(path), "mine", tmp_path / "out", LocalEngine())
    exported = export_review(result.folder, samples=5, dropped=3)
    assert exported.tasks == {"judge_substitute": 5, "task12": 5}
    rows = rows_of(exported.path)
    review = read_review(result.folder, save(exported.path, fill(rows, *["ok"] * 5, "wrong")))
    assert review["tasks"]["judge_substitute"]["share_ok"]["share"] == 1
    assert review["tasks"]["task12"]["share_ok"]["share"] == 0


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-2", "@x", "\t=1", " =1", '"=1', "＝1", "\r=1", ";=HYPERLINK(1)", "-5,-3"],
)
def test_a_cell_that_begins_like_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text).startswith("'")


@given(st.text(max_size=60))
def test_no_cell_is_a_formula_and_the_rest_stays_as_it_is(text: str) -> None:
    cell = harmless(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    if text.isprintable() and text[:1].isalpha():
        assert cell == text


def test_ids_that_read_as_numbers_come_back(run: Path) -> None:
    lines = (run / "train.jsonl").read_text(encoding="utf-8").splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for record, sample_id in zip(records, ("1234567890123456", "12345e7890123456"), strict=False):
        record["id"] = sample_id
    (run / "train.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    table = export_review(run).path
    assert table.name == TABLE
    rows = rows_of(table)
    assert {"'1234567890123456", "'12345e7890123456"} <= {row["id"] for row in rows}
    assert read_review(run, save(table, fill(rows, *["ok"] * 30)))["ok"] == 30


def test_two_samples_of_one_id_are_both_in_the_table(run: Path, tmp_path: Path) -> None:
    edited = shutil.copytree(run, tmp_path / "edited")
    train = edited / "train.jsonl"
    records = [json.loads(line) for line in train.read_text(encoding="utf-8").splitlines()]
    records[1]["id"] = records[0]["id"]
    train.write_text("".join(f"{json.dumps(each)}\n" for each in records), encoding="utf-8")
    written = export_review(edited, tmp_path / "table.csv", samples=len(records))
    assert sum(written.tasks.values()) == len(records)


def test_an_id_or_a_task_that_somebody_edited_is_no_formula(run: Path) -> None:
    lines = (run / "train.jsonl").read_text(encoding="utf-8").splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    records[0] |= {"id": "=HYPERLINK(1)", "task": "=1+1"}
    (run / "train.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    table = export_review(run).path
    (row,) = (each for each in rows_of(table) if "HYPERLINK" in each["id"])
    assert (row["id"], row["task"]) == ("'=HYPERLINK(1)", "'=1+1")
    read = read_review(run, save(table, fill(rows_of(table), *["ok"] * 30)))
    assert read["verdicts"]["=HYPERLINK(1)"]["verdict"] == "ok"
