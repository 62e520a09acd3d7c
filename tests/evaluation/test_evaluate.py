"""The verb ``evaluate``: the forms it reads, whom it asks, what it keeps, what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import factory
from factory.errors import OutputError, UsageError
from factory.evaluation.asking import Response
from factory.evaluation.contestants import (
    Contestant,
    contestant,
    read_answers,
    told_apart,
    with_kept_answers,
)
from factory.evaluation.folder import AS_TRAINED, evaluate_made, identity
from factory.evaluation.page import PAGE
from factory.evaluation.questions import read_benchmark
from factory.llm.models import ModelSpec
from factory.llm.request import Question
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


def test_who_answers_here_and_who_is_asked_stand_in_one_evaluation(
    tmp_path: Path, questions: Path
) -> None:
    benchmark = read_benchmark(questions)
    out = tmp_path / "out"
    put: list[str] = []

    def both(work: Path, asked: Sequence[Question]) -> Sequence[Contestant]:
        put[:] = [each.messages[-1].content for each in asked]
        golds = [Response(each.type.render(each.gold)) for each in benchmark.questions]
        kept = work / "golds.jsonl"
        named = Contestant("asked", ModelSpec.model_validate({"engine": "scripted", "model": "s"}))
        return [with_kept_answers("here", kept, work, benchmark.questions, lambda: golds), named]

    results = evaluate_made(out, benchmark, both, said={"of": "mine"}, cache=tmp_path / "cache")
    assert put == [each.prompt for each in benchmark.questions]
    assert list(results["models"]) == ["here", "asked"]
    assert results["models"]["here"]["overall"]["mean over questions"]["value"] == 1
    assert results == json.loads((out / "results.json").read_bytes())
    assert (out / PAGE).is_file()
    plan = json.loads((out / ".work" / "plan.json").read_bytes())
    assert plan == {**identity(benchmark, AS_TRAINED), "of": "mine"}


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


@pytest.mark.parametrize(
    "changed",
    [
        {"task_type": ["multiple-choice"]},
        {"output_field": float("inf")},
        {"task_type": "retrieval", "metric": "hit rate@3", "output_field": "[1e999]"},
        {"task_type": "ranking", "metric": "ndcg", "output_field": [float("nan"), 1.0]},
        {"task_type": "ranking", "metric": "ndcg", "output_field": "[" * 100_000},
        {"task_type": "ranking", "metric": "ndcg", "output_field": [5000, 1.0]},
        {"task_type": "ranking", "metric": "ndcg", "output_field": [-1e999, 1.0]},
        {"provenance": 1},
    ],
    ids=lambda changed: next(reversed(changed)),
)
def test_a_row_that_is_no_question_is_counted_and_left_out(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    path = tmp_path / "mixed.json"
    path.write_text(f"{json.dumps(ROWS[0])}\n{json.dumps(ROWS[1] | changed)}\n", encoding="utf-8")
    benchmark = read_benchmark(path)
    assert len(benchmark.questions) == 1
    assert sum(benchmark.unreadable.values()) == 1


@pytest.mark.parametrize("text", ["[" * 200_000, '[{"task_name": "\\ud800"}]', '[{"a": "\xe9'])
def test_an_array_that_is_no_json_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "array.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(OutputError, match="not JSON"):
        read_benchmark(path)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_byte_order_mark_is_no_part_of_the_questions_or_the_answers(
    tmp_path: Path, questions: Path, indent: int | None
) -> None:
    marked = "utf-8-sig"
    array = tmp_path / "array.json"
    array.write_text(json.dumps(ROWS, indent=indent), encoding=marked)
    lines = tmp_path / "lines.json"
    lines.write_text(questions.read_text(encoding="utf-8"), encoding=marked)
    expected = read_benchmark(questions).questions
    assert read_benchmark(array).questions == expected
    assert read_benchmark(lines).questions == expected
    gold = write_answers(tmp_path / "gold.jsonl", questions, gold_text)
    gold.write_text(gold.read_text(encoding="utf-8"), encoding=marked)
    assert len(read_answers(gold, expected, "gold")) == len(expected)


def test_rows_of_two_types_under_one_name_are_two_tasks(tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    rows = [row | {"task_name": "both"} for row in ROWS]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    gold = write_answers(tmp_path / "gold.jsonl", path, gold_text)
    (model,) = evaluated(path, "--answers", f"gold={gold}", "--out", tmp_path / "out")[
        "models"
    ].values()
    assert {name: task["questions"] for name, task in model["tasks"].items()} == {
        "both (multiple-choice)": 8,
        "both (retrieval)": 4,
    }


def test_a_sample_that_somebody_edited_is_no_question(tmp_path: Path) -> None:
    command("run", "recipes.yaml", "--task", "task12", "--limit", "4", "--out", str(tmp_path))
    train = tmp_path / "task12" / "train.jsonl"
    first, second, third, fourth = (
        json.loads(line) for line in train.read_text(encoding="utf-8").splitlines()
    )
    del second["gold"]
    edited = [first, second, third | {"metric": "accuracy"}, fourth | {"input_field": 7}]
    train.write_text("".join(f"{json.dumps(each)}\n" for each in edited), encoding="utf-8")
    benchmark = read_benchmark(tmp_path / "task12", split="train")
    assert [each.id for each in benchmark.questions] == [first["id"]]
    assert benchmark.unreadable == {"not-a-sample": 3}


def test_lines_that_are_no_records_and_second_answers_are_refused(
    tmp_path: Path, questions: Path
) -> None:
    gold = write_answers(tmp_path / "gold.jsonl", questions, gold_text)
    lines = gold.read_text(encoding="utf-8")
    for line in ("[1]", '"x"', "null"):
        gold.write_text(f"{line}\n{lines}", encoding="utf-8")
        with pytest.raises(OutputError, match=r"gold\.jsonl:1: not a JSON record"):
            read_answers(gold, read_benchmark(questions).questions, "gold")
    array = tmp_path / "array.json"
    array.write_text(json.dumps([*ROWS, 1]), encoding="utf-8")
    with pytest.raises(OutputError, match="row 13: not a JSON record"):
        read_benchmark(array)
    twice = {**json.loads(lines.splitlines()[0]), "text": "something else"}
    gold.write_text(f"{lines}\n{json.dumps(twice)}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="a second answer of 'gold' to task2/"):
        read_answers(gold, read_benchmark(questions).questions, "gold")


def test_a_folder_of_other_bytes_is_named_in_the_results_and_such_a_model_is_refused(
    tmp_path: Path, questions: Path
) -> None:
    folder = tmp_path / os.fsdecode(b"shop\xff")
    folder.mkdir()
    questions = questions.rename(folder / "development.json")
    found = evaluated(questions, "--model", "scripted", "--out", tmp_path / "out")
    assert found["benchmark"]["path"] == str(questions)
    assert json.loads((tmp_path / "out" / "results.json").read_bytes()) == found
    with pytest.raises(UsageError, match="not UTF-8"):
        told_apart([contestant(os.fsdecode(b"\xff=scripted"), {})])


def test_each_question_of_a_task_is_scored_by_its_own_metric(tmp_path: Path) -> None:
    path = tmp_path / "translations.json"
    asked = {"input_field": "Translate.", "task_name": "task17", "task_type": "generation"}
    rows = [
        asked | {"metric": "bleu", "output_field": "a red shoe for men"},
        asked | {"metric": "rougel", "output_field": "blue shoe"},
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    # ROUGE-L knows no order of neighbours: BLEU would give this second answer nothing.
    answers = write_answers(
        tmp_path / "answers.jsonl",
        path,
        lambda each: "blue or red shoe" if each.metric == "rougel" else gold_text(each),
    )
    found = evaluated(path, "--answers", f"some={answers}", "--out", tmp_path / "out")
    (measure,) = found["models"]["some"]["tasks"]["task17"]["measures"].items()
    assert (measure[0], round(measure[1]["value"], 3)) == ("bleu and rougel", 0.833)


def test_a_runs_folder_is_no_place_for_an_evaluation(tmp_path: Path, questions: Path) -> None:
    command("run", "recipes.yaml", "--task", "task12", "--limit", "2", "--out", str(tmp_path))
    plan = tmp_path / "task12" / ".work" / "plan.json"
    before = plan.read_bytes()
    asked = ("evaluate", str(questions), "--model", "scripted", "--fresh")
    assert "holds a run" in command(*asked, "--out", str(tmp_path / "task12"), code=2)
    assert plan.read_bytes() == before


def test_labels_in_json_are_read_and_scored_as_their_type_does(tmp_path: Path) -> None:
    labels = [{"kind": "type", "value": "hose"}, {"kind": "type", "name": "x", "value": "tap"}]
    row = {"input_field": "Label it.", "task_type": "labels", "metric": "label f1"}
    path = tmp_path / "labels.json"
    rows = [
        row | {"output_field": json.dumps(labels)},
        row | {"input_field": "Label that.", "output_field": "no labels"},
    ]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in rows), encoding="utf-8")
    half = write_answers(tmp_path / "half.jsonl", path, lambda _: json.dumps(labels[:1]))
    found = evaluated(path, "--answers", f"half={half}", "--out", tmp_path / "out")
    assert found["benchmark"]["unreadable"] == {"not-in-shopbench-form": 1}
    (measure,) = found["models"]["half"]["tasks"]["labels"]["measures"].values()
    assert measure["value"] == pytest.approx(2 / 3, abs=1e-6)


def test_an_answer_that_spells_half_a_character_is_written_down(tmp_path: Path) -> None:
    r"""Models print an emoji as JSON does, ``\ud83d\ude00``: Python reads two halves of it."""
    rows = [
        {
            "input_field": "Extract phrases. 1",
            "output_field": ["\N{GRINNING FACE} tea", "cup"],
            "task_type": "named_entity_recognition",
            "metric": "micro f1",
        },
        {
            "input_field": "Label it.",
            "output_field": '[{"kind": "type", "value": "tea"}]',
            "task_type": "labels",
            "metric": "label f1",
        },
    ]
    path = tmp_path / "asked.json"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in rows), encoding="utf-8")
    said = {
        "named_entity_recognition": r'["\ud83d\ude00 tea", "\ud83d"]',
        "labels": r'[{"kind": "type", "value": "\ud83d"}]',
    }
    answers = write_answers(tmp_path / "a.jsonl", path, lambda each: said[each.task_type])
    out = tmp_path / "out"
    evaluated(path, "--answers", f"some={answers}", "--out", out)
    lines = [json.loads(line) for line in (out / "answers.jsonl").read_bytes().splitlines()]
    assert [each["text"] for each in lines] == list(said.values())


def test_answers_may_be_as_long_as_was_asked_for(tmp_path: Path, questions: Path) -> None:
    with serve() as seen:
        evaluated(
            *(questions, "--model", f"m@{seen.url}", "--out", tmp_path / "out"),
            *("--max-tokens", 4000),
        )
    assert {json.loads(body)["max_tokens"] for body in seen.bodies} == {4000}
