"""The nearest training samples: of the same type, never the question itself, always the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.errors import UsageError
from factory.line import RunResult
from factory.outputs.jsonl import read_samples
from factory.sample import Provenance, Sample
from factory.serving.few_shot import Examples, examples_of

CHOICE = "multiple-choice"


def sample(prompt: str, answer: str, task_type: str = CHOICE, reasoning: str = "") -> Sample:
    parts = dict.fromkeys(("description", "prompt", "input", "candidates", "constraint"), "")
    origin = Provenance("s", (), "", "v", "t", "w", 0, "d")
    rest = {"lang": "en", "locale": "us", "split": "train", "split_group": prompt}
    return Sample(
        id=prompt,
        task="t",
        track="",
        task_type=task_type,
        metric="accuracy",
        **parts,
        output="",
        input_field=prompt,
        output_field=answer,
        gold=answer,
        options=(),
        slots={},
        **rest,
        provenance=origin,
        reasoning=reasoning,
    )


def examples(*rows: tuple[str, str]) -> Examples:
    return Examples(sample(prompt, answer) for prompt, answer in rows)


ROWS = (
    ("Which shelf fits a red garden hose?", "0"),
    ("Which lamp fits a desk?", "1"),
    ("Which bag fits a blue laptop?", "2"),
    ("Which hose fits a garden tap?", "3"),
)


def test_the_nearest_stand_next_to_the_question() -> None:
    found = examples(*ROWS).nearest("Which reel fits a garden hose?", CHOICE, 2)

    assert {each.answer for each in found} == {"0", "3"}
    assert found == examples(*ROWS).nearest("Which reel fits a garden hose?", CHOICE, 4)[2:]


def test_the_question_itself_is_no_example() -> None:
    found = examples(*ROWS).nearest("which LAMP  fits a desk?", CHOICE, 4)

    assert {each.answer for each in found} == {"0", "2", "3"}


def test_only_samples_of_the_type_are_examples() -> None:
    index = Examples([sample("Rank hoses.", "1,2", "ranking"), sample("Which hose?", "1")])

    assert [each.answer for each in index.nearest("Which garden hose?", CHOICE)] == ["1"]
    assert index.nearest("Which garden hose?", "retrieval") == []


def test_what_has_no_spaces_is_compared_by_pairs_of_characters() -> None:
    index = examples(("哪个是电热水壶?", "0"), ("哪个是蓝色书包?", "1"), ("哪个是台灯?", "2"))

    assert index.nearest("电热水壶多大?", CHOICE, 1)[0].answer == "0"


def test_equally_near_samples_come_in_the_order_of_the_file() -> None:
    index = examples(("a hose one", "0"), ("a hose two", "1"), ("a hose six", "2"))

    assert [each.answer for each in index.nearest("a hose", CHOICE, 2)] == ["1", "0"]


def test_a_long_prompt_is_no_example() -> None:
    index = examples(("hose " * 1000, "0"), ("hose", "1"))

    assert len(index) == 1


def test_reasoning_is_shown_where_it_is_asked_for() -> None:
    rows = [sample("Which hose?", "1", reasoning="Hoses bend.")]

    assert Examples(rows).nearest("A hose", CHOICE)[0].answer == "1"
    shown = Examples(rows, reasoning=True).nearest("A hose", CHOICE)[0].answer
    assert shown == "<think>\nHoses bend.\n</think>\n\n1"


def test_a_runs_own_test_samples_get_examples_of_its_training_part(
    made: Callable[[str], RunResult],
) -> None:
    folder = made("task12").folder
    index, again = examples_of(folder), examples_of(folder)
    training = {each.input_field for each in read_samples(folder / "train.jsonl")}

    asked = list(read_samples(folder / "test.jsonl"))
    assert asked
    for each in asked:
        found = index.nearest(each.input_field, each.task_type)
        assert len(found) == 3
        assert {shown.prompt for shown in found} <= training
        assert found == again.nearest(each.input_field, each.task_type)
    known = dataclasses.replace(asked[0], input_field=next(iter(training)))
    assert known.input_field not in {
        shown.prompt for shown in index.nearest(known.input_field, known.task_type)
    }


def test_a_folder_without_samples_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no training samples"):
        examples_of(tmp_path)


def test_free_text_is_shown_free_text_of_either_kind() -> None:
    """A prompt does not say by which metric its answer is measured: both are told as generation."""
    rows = (
        sample("Write of a garden hose.", "A hose.", "text"),
        sample("Write of a lamp.", "A lamp.", "generation"),
        sample("Name the hose.", "0"),
    )
    found = Examples(rows).nearest("Write of a red hose.", "generation")
    assert [each.answer for each in found] == ["A lamp.", "A hose."]
