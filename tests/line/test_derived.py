"""Tasks that derive from others: the splits of their roots, and what their parents dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import factory
from factory.engines import LocalEngine
from factory.errors import SourceError
from factory.filters import FilterOptions
from factory.line import RunResult, compile_task, run_task
from factory.line.build import SampleBuilder
from factory.sample import Sample
from tests.catalogue import DERIVED, catalogue, sized

Made = Callable[[str], RunResult]

#: Its root has no strata: what it is tested on are the first keys of the test order.
ROOT = "recognize_title_entities"
CHILDREN = [
    name
    for name in DERIVED
    if catalogue().tasks[name].derive.from_ == ROOT
    and not catalogue().tasks[name].derive.record_map.partners
]
COMBINED = [name for name in DERIVED if catalogue().tasks[name].derive.record_map.partners]


def test_samples(run: RunResult) -> list[Sample]:
    return list(factory.read_samples(run.folder, "test"))


test_samples.__test__ = False  # type: ignore[attr-defined]


def groups(samples: list[Sample]) -> list[str]:
    return [sample.split_group for sample in samples]


@pytest.fixture(scope="module")
def of_root(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The split groups of the root's test samples, in the order in which they are drawn."""
    out = tmp_path_factory.mktemp("root")
    return groups(test_samples(run_task(sized(1, 60), ROOT, out, LocalEngine())))


@pytest.mark.parametrize("task", CHILDREN)
def test_a_derived_task_is_tested_on_the_groups_of_its_root(
    made: Made, of_root: list[str], task: str
) -> None:
    own = groups(test_samples(made(task)))
    assert own
    assert set(own) <= set(of_root)
    places = [of_root.index(group) for group in own]
    assert places == sorted(places)


def test_what_the_parent_drops_the_child_drops_with_its_reason(tmp_path: Path) -> None:
    """The parent's filters decide first: a record that it refuses is nobody's."""
    small = sized(20, 0)
    strict = FilterOptions.model_validate({"length": {"max_tokens": 25}})
    parent = small.tasks[ROOT].model_copy(update={"filters": strict})
    recipe = small.model_copy(update={"tasks": {**small.tasks, ROOT: parent}})
    child = CHILDREN[0]
    with pytest.raises(SourceError, match="became a sample: parent: too-many-tokens"):
        run_task(recipe, child, tmp_path, LocalEngine())


def test_a_parents_definition_is_part_of_its_childs() -> None:
    child = CHILDREN[0]
    before = compile_task(catalogue(), child).definition
    parent = catalogue().tasks[ROOT].model_copy(update={"words": {"thing": "name of a product"}})
    changed = catalogue().model_copy(update={"tasks": {**catalogue().tasks, ROOT: parent}})
    assert compile_task(changed, child).definition != before
    resized = sized(3, 1)
    assert compile_task(resized, child).definition == before


@pytest.mark.parametrize("task", COMBINED)
def test_a_combined_sample_names_all_the_records_that_it_shows(made: Made, task: str) -> None:
    run = made(task)
    shown = [
        sample.provenance.source_ids
        for split in run.manifest["splits"]
        for sample in factory.read_samples(run.folder, split)
    ]
    assert shown
    assert all(len(ids) == len(set(ids)) for ids in shown)
    # One record shows as much as its neighbours' do not: some sample is made of several.
    own = compile_task(catalogue(), task).root.name
    alone = {
        sample.provenance.source_ids
        for split in made(own).manifest["splits"]
        for sample in factory.read_samples(made(own).folder, split)
    }
    most = max((len(ids) for ids in alone), default=1)
    assert max(map(len, shown)) > min(most, 1)


def test_a_builder_travels_as_its_recipe() -> None:
    """A worker compiles the task again, the parents with it."""
    import pickle

    task = compile_task(sized(), CHILDREN[0])
    again = pickle.loads(pickle.dumps(SampleBuilder(sized(), task, "train")))  # noqa: S301
    assert again._task.definition == task.definition
    assert again._parent._task.name == ROOT


@pytest.mark.parametrize("task", ["write_title_of_type", "write_query_of_type"])
def test_what_has_many_right_answers_is_asked_once(task: str, tmp_path: Path) -> None:
    result = run_task(sized(250, 0), task, tmp_path, LocalEngine())
    samples = list(factory.read_samples(result.folder))
    asked = [(sample.locale, sample.slots["label"]) for sample in samples]
    assert len(asked) == 250
    assert len(set(asked)) == len(asked)
