"""What is planted in a sample is wrong by the task type's own check, and drawn by the sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

import factory
from factory.filters.planted import FAULTS, plant
from factory.line import RunResult
from factory.tasktypes import TASK_TYPES
from tests.filters.samples import choice, sample, written

#: A task of each type that no model takes part in.
TASKS = (
    ("answer_product_attribute", "multiple_choice"),
    ("task15", "multiple_choice"),
    ("task12", "ranking"),
    ("task14", "retrieval"),
    ("task13", "retrieval"),
    ("task4", "ner"),
    ("write_bullets", "generation"),
    ("answer_from_page", "text"),
    ("name_contact_reason", "classification"),
    ("recognize_query_entities", "entity_lines"),
    ("detect_title_spans", "extraction"),
)


def test_every_task_type_has_faults_of_its_own() -> None:
    assert set(FAULTS) == {each.name for each in TASK_TYPES.values()}


@pytest.mark.parametrize(("task", "kind"), TASKS)
def test_a_fault_is_found_for_almost_every_sample_and_is_one(
    made: Callable[[str], RunResult], task: str, kind: str
) -> None:
    samples = list(factory.read_samples(made(task).folder))
    planted = [plant(each, samples, TASK_TYPES[kind], seed=7) for each in samples]
    found = [(each, one) for each, one in zip(samples, planted, strict=True) if one]
    assert len(found) >= 0.9 * len(samples)
    for right, wrong in found:
        assert wrong.sample.input_field == right.input_field
        assert wrong.sample.gold == right.gold
        assert TASK_TYPES[kind].check(wrong.sample.output_field, right.gold, right.metric)
        # It is in the form that is asked for: what a reader of the form reads is what was written.
        parsed = TASK_TYPES[kind].parse(wrong.sample.output_field)
        if kind == "ranking":
            assert sorted(parsed) == list(range(1, len(right.options) + 1))  # type: ignore[arg-type]
        elif kind == "multiple_choice" and right.options:
            assert parsed in range(len(right.options))
        elif kind == "classification":
            assert set(parsed) <= set(right.options)  # type: ignore[arg-type]
    again = [plant(each, samples, TASK_TYPES[kind], seed=7) for each in samples]
    assert again == planted
    assert [plant(each, samples, TASK_TYPES[kind], seed=8) for each in samples] != planted
    if kind in ("ranking", "ner", "generation", "text", "entity_lines", "extraction"):
        assert len(Counter(wrong.fault for _, wrong in found)) > 1


def test_nothing_is_planted_where_nothing_is_surely_wrong() -> None:
    assert plant(written("A good bottle"), [], TASK_TYPES["generation"], 7) is None
    near = [written("A good blue bottle", split_group="q2")]
    assert plant(written("A good bottle"), near, TASK_TYPES["generation"], 7) is None
    stars = choice((), gold=4)
    assert plant(stars, [choice((), gold=5)], TASK_TYPES["multiple_choice"], 7) is None
    far = plant(stars, [choice((), gold=2)], TASK_TYPES["multiple_choice"], 7)
    assert far is not None
    assert far.sample.output_field == "2"


def test_equally_relevant_neighbours_are_not_exchanged() -> None:
    tied = sample(gold=[0.0, 1.0, 0.0, 0.0, 0.0], output_field="2,1,3,4,5")
    answers = {
        plant(tied, [], TASK_TYPES["ranking"], seed).sample.output_field for seed in range(20)
    }  # type: ignore[union-attr]
    assert answers == {"1,2,3,4,5", "1,3,4,5,2"}


def test_a_figure_of_the_prompt_is_replaced_by_another_of_as_many_digits() -> None:
    text = "Holds 32 oz, since 1998"
    prompt = "A bottle of 32 oz, model 92"
    for seed in range(30):
        made = plant(written(text, input_field=prompt), [], TASK_TYPES["generation"], seed)
        if made is not None:
            assert made.fault == "wrong-number"
            assert made.sample.output_field.endswith(" oz, since 1998")
            assert made.sample.output_field[6:8] not in ("32", "92")
    nothing_said = written(text, input_field="A bottle")
    assert plant(nothing_said, [], TASK_TYPES["generation"], 7) is None
