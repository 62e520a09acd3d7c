"""A checkpoint's folder answers an evaluation's questions, beside or instead of a served model."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

import factory
from factory.errors import MissingExtraError, TrainingError
from factory.evaluation.asking import asked_question
from factory.evaluation.contestants import contestant
from factory.evaluation.questions import read_benchmark
from factory.training import answers as training_answers

QUESTIONS = 5


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [
        {
            "input_field": f"Question {number}: 0 or 1?",
            "output_field": 1,
            "task_type": "multiple-choice",
            "metric": "accuracy",
            "task_name": "choose",
        }
        for number in range(QUESTIONS)
    ]
    path = tmp_path / "questions.json"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_a_folder_with_a_configuration_is_a_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "merged"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    for said, name in ((str(folder), "merged"), (f"tuned={folder}", "tuned")):
        found = contestant(said, {})
        said_of = (found.name, found.checkpoint, found.spec, found.answers)
        assert said_of == (name, folder, None, None)


@pytest.mark.skipif(
    importlib.util.find_spec("transformers") is not None, reason="the extra train is installed"
)
def test_without_the_extra_its_line_is_said(tmp_path: Path, questions: Path) -> None:
    folder = tmp_path / "merged"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MissingExtraError, match=r"pip install .*\[train\]"):
        factory.evaluate(questions, [str(folder)], tmp_path / "out")


def test_checkpoints_answer_once_and_again_where_that_is_asked(
    tmp_path: Path, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers", reason="no extra with models is installed")
    from tests.training.tiny import tiny_model

    models = {
        "first": tiny_model(tmp_path / "first"),
        "second": tiny_model(tmp_path / "second", seed=1),
    }
    asked: list[str] = []
    own = training_answers.answer_all

    def counted(folder: Path, *more: object) -> object:
        asked.append(folder.name)
        return own(folder, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(training_answers, "answer_all", counted)
    out = tmp_path / "out"
    said = [f"{name}={folder}" for name, folder in models.items()]
    results = factory.evaluate(questions, said, out)
    assert asked == ["first", "second"]
    kept = [json.loads(line) for line in (out / "answers.jsonl").read_text("utf-8").splitlines()]
    benchmark = read_benchmark(questions)
    for name, folder in models.items():
        put = [asked_question(each, "task-type", None) for each in benchmark.questions]
        alone = [each.text for each in own(folder, put)]
        assert [each["text"] for each in kept if each["model"] == name] == alone
    # The same weights by another name have answered already; with --fresh they do again.
    assert factory.evaluate(questions, [*said, f"third={models['first']}"], out)
    assert asked == ["first", "second"]
    assert factory.evaluate(questions, said, out, fresh=True) == results
    assert asked == ["first", "second", "first", "second"]


def test_a_checkpoint_that_nobody_knows_how_to_speak_to_is_refused(
    tmp_path: Path, questions: Path
) -> None:
    pytest.importorskip("transformers", reason="no extra with models is installed")
    from tests.training.tiny import tiny_model

    folder = tiny_model(tmp_path / "silent")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(TrainingError, match="no chat template"):
        factory.evaluate(questions, [str(folder)], tmp_path / "out")
