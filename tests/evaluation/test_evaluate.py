"""The verb ``evaluate``: the forms it reads, whom it asks, what it keeps, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import factory
from factory.errors import UsageError
from factory.evaluation.questions import read_benchmark
from factory.tasktypes import TASK_TYPES
from tests.conftest import SHARED
from tests.llm.server import error, serve
from tests.test_models_cli import command

TYPES = {each.name: each for each in TASK_TYPES.values()}
ROWS = [
    {
        "input_field": f"Which is {number}?\n0. a\n1. b\nAnswer: ",
        "output_field": number % 2,
        "task_name": "task2",
        "task_type": "multiple-choice",
        "metric": "accuracy",
        "is_multiple_choice": True,
        "track": "amazon-kdd-cup-24-understanding-shopping-concepts",
    }
    for number in range(8)
] + [
    {
        "input_field": f"Three of ten for {number}\nOutput: ",
        "output_field": [1, number, 9],
        "task_name": "task7",
        "task_type": "retrieval",
        "metric": "hit rate@3",
        "is_multiple_choice": False,
        "track": "amazon-kdd-cup-24-user-behavior-alignment",
    }
    for number in range(2, 6)
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "development.json"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS), encoding="utf-8")
    return path


def evaluated(*arguments: object) -> Any:
    return json.loads(command("evaluate", *map(str, arguments), "--json", "--sets", "100"))


def write_answers(path: Path, source: Path, answer: Callable[[Any], str]) -> Path:
    lines = [
        json.dumps({"id": each.id, "text": answer(each)})
        for each in read_benchmark(source).questions
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def gold_text(question: Any) -> str:
    return str(question.type.render(question.gold))


def test_gold_answers_get_full_marks_overall_both_ways(tmp_path: Path, questions: Path) -> None:
    gold = write_answers(tmp_path / "gold.jsonl", questions, gold_text)
    found = evaluated(questions, "--answers", f"gold={gold}", "--out", tmp_path / "out")
    (model,) = found["models"].values()
    assert model["overall"]["mean over tasks"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert model["overall"]["mean over questions"]["value"] == 1.0
    assert model["faults_of_form"] == {}
    assert set(model["tracks"]) == {"understanding-shopping-concepts", "user-behavior-alignment"}
    assert found == json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))


def test_two_models_side_by_side_and_what_each_question_was_worth(
    tmp_path: Path, questions: Path
) -> None:
    gold = write_answers(tmp_path / "gold.jsonl", questions, gold_text)
    worse = write_answers(
        tmp_path / "worse.jsonl",
        questions,
        lambda each: "Option 1" if each.task == "task2" else gold_text(each),
    )
    out = tmp_path / "out"
    found = evaluated(
        *(questions, "--answers", f"worse={worse}", "--answers", f"gold={gold}", "--out", out)
    )
    (pair,) = found["comparisons"]
    assert (pair["first"], pair["second"]) == ("worse", "gold")
    assert pair["mean over tasks"]["value"] == pytest.approx(0.5)
    assert pair["mean over questions"]["value"] == pytest.approx(8 / 12, abs=1e-6)
    assert pair["tasks"]["task7"] == {"value": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}
    assert pair["tasks"]["task2"]["p"] < 0.05
    assert found["models"]["worse"]["tasks"]["task2"]["faults_of_form"] == {"no-digit-first": 8}
    lines = list(map(json.loads, (out / "answers.jsonl").read_text("utf-8").splitlines()))
    assert [each["model"] for each in lines] == ["worse"] * 12 + ["gold"] * 12
    assert sum(each["score"] for each in lines if each["model"] == "worse") == 4.0


def test_a_held_out_split_is_read_whole_and_the_prompt_is_the_trained_one(tmp_path: Path) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text(
        "include: [catalogue]\ntasks:\n  task12: {size: 20, test: 6}\n", encoding="utf-8"
    )
    run = factory.run(recipe, "task12", tmp_path / "made").folder
    with serve() as seen:
        model = f"m=model-id@{seen.url}"
        found = evaluated(run, "--model", model, "--out", tmp_path / "out")
        assert seen.requests == 6
        body = json.loads(seen.bodies[0])
        assert body["model"] == "model-id"
        assert body["temperature"] == 0
        assert body["messages"][0] == {
            "role": "system",
            "content": "You are a helpful online shopping assistant. Your task is ranking.",
        }
        prompts = {each.input_field for each in factory.read_samples(run, "test")}
        assert {json.loads(each)["messages"][-1]["content"] for each in seen.bodies} == prompts
        # The folder has the answers, so nobody is asked again; another folder asks anew.
        assert evaluated(run, "--model", model, "--out", tmp_path / "out") == found
        assert seen.requests == 6
        evaluated(run, "--model", model, "--out", tmp_path / "other")
        assert seen.requests == 12


def test_an_endpoint_that_dies_midway_loses_nothing_that_it_said(
    tmp_path: Path, questions: Path
) -> None:
    def dead_after_five(number: int, _: bytes) -> web.StreamResponse | None:
        return error(401, "key revoked") if number >= 5 and not alive else None

    alive: list[bool] = []
    with serve(dead_after_five, latency=0.01) as seen:
        arguments = (
            *("evaluate", str(questions), "--model", f"m=m@{seen.url}"),
            *("--out", str(tmp_path / "out"), "--sets", "100"),
        )
        said = command(*arguments, code=1)
        assert "401" in said
        assert not (tmp_path / "out" / "results.json").exists()
        known = sum(seen.answered.values())
        alive.append(True)
        command(*arguments)
        assert sum(seen.answered.values()) == len(ROWS)
        assert known == 5
        assert seen.paid_twice == 0


def test_a_refused_question_is_a_fault_of_its_own(tmp_path: Path, questions: Path) -> None:
    def refuse(_: int, body: bytes) -> web.StreamResponse | None:
        return error(400, "too long") if b"Which is 3" in body else None

    with serve(refuse) as seen:
        found = evaluated(
            questions, "--model", f"m=m@{seen.url}", "--task", "task2", "--out", tmp_path / "out"
        )
    assert found["models"]["m"]["faults_of_form"]["refused"] == 1


@pytest.mark.skipif(not SHARED.is_dir(), reason="EcomInstruct's files are not beside the project")
def test_ecominstruct_folders_are_read_whole_and_gold_gets_full_marks(tmp_path: Path) -> None:
    root = SHARED / "data" / "ecominstruct" / "ecom_instruct_v1"
    benchmark = read_benchmark(root)
    rows = sum(
        sum(bool(line.strip()) for line in file.read_text("utf-8").split("\n"))
        for file in root.rglob("test.json")
    )
    assert len(benchmark.questions) + sum(benchmark.unreadable.values()) == rows
    gold = write_answers(tmp_path / "gold.jsonl", root, gold_text)
    found = evaluated(root, "--answers", f"gold={gold}", "--out", tmp_path / "out")
    (model,) = found["models"].values()
    assert model["overall"]["mean over tasks"]["value"] == 1.0
    for task in model["tasks"].values():
        assert {name: each["value"] for name, each in task["measures"].items()} == dict.fromkeys(
            task["measures"], 1.0
        )
        if task["task_type"] in ("classification", "entity-lines"):
            assert {"label f1", "macro f1", "rougel of the text"} == set(task["measures"])


@pytest.mark.skipif(not SHARED.is_dir(), reason="ShopBench's file is not beside the project")
def test_every_row_of_the_development_set_is_a_question() -> None:
    benchmark = read_benchmark(SHARED / "data" / "kddcup2024_devset" / "development.json")
    assert (len(benchmark.questions), dict(benchmark.unreadable)) == (96, {})
    assert {each.task for each in benchmark.questions} == {f"task{n}" for n in range(1, 19)}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--model", "scirpted"), "did you mean 'scripted'?"),
        (("--model", "scripted", "--task", "task77"), "did you mean 'task7'?"),
        (("--model", "scripted", "--without", "acuracy"), "did you mean 'accuracy'?"),
        (("--model", "scripted", "--model", "scripted"), "two models are called 'scripted'"),
        (("--answers", "nofile"), "write NAME=FILE"),
        ((), "name who answers"),
        (("--model", "x=m@http://user:secret@host/v1"), "--model"),
    ],
)
def test_mistakes_are_told_in_one_line(
    tmp_path: Path, questions: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    said = command(
        *("evaluate", str(questions), *arguments, "--out", str(tmp_path / "out")), code=2
    )
    assert complaint in said
    assert len(said.strip().splitlines()) == 1
    assert "secret" not in said


def test_a_run_without_a_test_split_says_how_to_get_one(tmp_path: Path) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text("include: [catalogue]\ntasks:\n  task12: {size: 5}\n", encoding="utf-8")
    run = factory.run(recipe, "task12", tmp_path / "made").folder
    with pytest.raises(UsageError, match="test: N in the recipe"):
        read_benchmark(run)


def test_other_questions_in_the_same_folder_are_another_evaluation(
    tmp_path: Path, questions: Path
) -> None:
    out = tmp_path / "out"
    evaluated(questions, "--model", "scripted", "--out", out)
    said = command(
        "evaluate", str(questions), "--model", "scripted", "--limit", "2", "--out", str(out), code=2
    )
    assert "differs in questions" in said


def test_hostile_names_do_no_harm_on_the_page(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\u202e"
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(ROWS[0] | {"task_name": hostile}), encoding="utf-8")
    evaluated(path, "--model", "<b>x</b>=scripted", "--out", tmp_path / "out")
    page = (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
