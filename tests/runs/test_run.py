"""A finished run in a notebook's hands: what ``factory.load`` gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.engines import LocalEngine
from factory.errors import OutputError, UsageError
from factory.line import RunResult
from factory.line.mixture import run_mixture
from factory.outputs.features import SAMPLE
from factory.recipe import load_recipe
from tests.runs.test_compare import RecipeFile, edit

Made = Callable[[str], RunResult]


@pytest.fixture
def task12(made: Made) -> factory.Run:
    return factory.load(made("task12").folder)


@pytest.fixture
def picky(made: Made) -> factory.Run:
    """Return a run that has rejected something."""
    run = factory.load(made("select_exact_matches").folder)
    assert run.rejected.num_rows
    return run


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_is_its_samples(task12: factory.Run) -> None:
    records, tests = (lines(task12.folder / f"{name}.jsonl") for name in ("train", "test"))

    assert (len(records), len(tests)) == (task12.samples.num_rows, task12.test.num_rows)
    assert len(task12) == len(records) + len(tests)
    assert list(task12.samples.features) == list(SAMPLE)
    assert task12.samples[0]["input_field"] == records[0]["input_field"]
    assert [sample.id for sample in task12] == [each["id"] for each in records + tests]


def test_a_sample_is_found_by_its_id_and_by_its_place(task12: factory.Run) -> None:
    first = task12[0]

    assert isinstance(first.gold, list)
    assert isinstance(first.slots, dict)
    assert task12[first.id] == first == task12.sample(first.id) == next(iter(task12))
    with pytest.raises(KeyError):
        task12["0123456789abcdef"]
    with pytest.raises(UsageError, match="tells of one that was dropped"):
        task12.sample("0123456789abcdef")


def test_what_is_loaded_leaves_nothing_in_the_folder(task12: factory.Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in task12.folder.rglob("*")}
    task12.samples.filter(lambda row: row["lang"] == "en")
    task12.stats()
    task12.plot()

    assert {path: path.stat().st_mtime_ns for path in task12.folder.rglob("*")} == before


def test_a_file_that_changed_is_read_again(task12: factory.Run, tmp_path: Path) -> None:
    shutil.copytree(task12.folder, tmp_path / "copy")
    train = tmp_path / "copy" / "train.jsonl"
    assert factory.load(tmp_path / "copy").samples[0]["input_field"] != "another"

    edit(train, lambda record: record | {"input_field": "another"})
    assert factory.load(tmp_path / "copy").samples[0]["input_field"] == "another"


def test_a_broken_file_is_told_in_one_line(task12: factory.Run, tmp_path: Path) -> None:
    shutil.copytree(task12.folder, tmp_path / "copy")
    (tmp_path / "copy" / "train.jsonl").write_text("this is no JSON\n")
    with pytest.raises(OutputError, match=r"train\.jsonl: not records of this project") as caught:
        assert factory.load(tmp_path / "copy").samples
    assert "\n" not in str(caught.value)


def test_what_was_rejected_has_its_reason_and_its_record(picky: factory.Run) -> None:
    records = lines(picky.folder / "rejected.jsonl")
    frame = picky.to_pandas("rejected")

    assert picky.rejected.num_rows == len(records) == len(frame)
    assert picky.rejected[0]["reason"] == records[0]["reason"]
    assert frame["record"][0] == json.loads(records[0]["record"])
    assert records[0]["reason"] in repr(picky.show(1, "rejected"))
    assert picky.why(records[0]["id"]).decision.startswith(f"dropped by {records[0]['filter']}")


def test_a_frame_has_values_and_a_column_for_each_fact_of_the_origin(task12: factory.Run) -> None:
    frame = task12.to_pandas()

    assert len(frame) == len(task12)
    assert frame["gold"][0] == task12[0].gold
    assert frame["slots"][0]["query"] == task12[0].slots["query"]
    assert set(frame["provenance.wording"]) == {each.provenance.wording for each in task12}
    assert set(task12.to_pandas("test")["split"]) == {"test"}
    with pytest.raises(UsageError, match="choose train, test, rejected"):
        task12.to_pandas("dev")


def test_the_story_of_a_sample_has_its_source_rows(task12: factory.Run) -> None:
    story = task12.why(task12[0].id)

    assert {row["table"] for row in story.rows} == {"judgements", "products"}
    assert story.sample["output_field"] == task12[0].output_field
    assert task12[0].output_field in repr(story)
    with pytest.raises(UsageError, match="has no sample"):
        task12.why("0123456789abcdef")


def test_the_figure_is_drawn_without_a_window(task12: factory.Run, tmp_path: Path) -> None:
    figure = task12.plot()
    figure.savefig(tmp_path / "figure.svg")
    titles = [axes.get_title() for axes in figure.axes]

    assert titles[0] == "Samples kept"
    assert len(titles) == 4
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_a_run_is_a_path(task12: factory.Run) -> None:
    assert len(factory.diff(task12, task12)) == 0
    assert [each.id for each in factory.read_samples(task12, "test")] == task12.test["id"][:]


def test_a_mixture_has_a_run_for_each_task(recipe_file: RecipeFile, tmp_path: Path) -> None:
    shares = {"title": "Two", "tasks": {"task12": 6, "select_exact_matches": 6}}
    recipe = load_recipe(recipe_file(mixtures={"both": shares}))
    run = factory.load(run_mixture(recipe, "both", tmp_path, LocalEngine()).folder)

    assert run.is_mixture
    assert run.title == "Two"
    assert set(run.tasks) == {"task12", "select_exact_matches"}
    assert len(run) == run.samples.num_rows == sum(map(len, run.tasks.values())) == 12
    dropped = run.tasks["select_exact_matches"].rejected.num_rows
    assert run.rejected.num_rows == dropped > 0
    assert run.test.num_rows == len(run.to_pandas("test")) == 0
    assert list(run.test.features) == list(SAMPLE)
    assert {"id", "lang", "provenance.wording"} <= set(run.to_pandas("test").columns)
    assert run.stats().accepted == 12
    assert {task.name for task in run.stats().tasks} == set(run.tasks)


def test_a_folder_without_a_run_says_what_it_holds(task12: factory.Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a finished run"):
        factory.load(tmp_path)
    shutil.copytree(task12.folder, tmp_path / "task12")
    with pytest.raises(UsageError, match="holds the run"):
        factory.load(tmp_path)
