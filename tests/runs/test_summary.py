"""What is counted of a run is what its files hold."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.engines import LocalEngine
from factory.errors import OutputError, UsageError
from factory.line import run_mixture, run_task
from factory.recipe import load_recipe
from factory.runs.counting import Lengths, Tally, gold_places
from factory.runs.summary import summarise


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    recipe = load_recipe("recipes.yaml").with_changes(limit=60)
    for task in ("task12", "task15"):
        run_task(recipe, task, out, LocalEngine())
    return out


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    recipe = load_recipe("recipes.yaml").with_changes(limit=20)
    return run_mixture(recipe, "v9b", tmp_path_factory.mktemp("out"), LocalEngine()).folder


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_counts_are_those_of_the_files(runs):
    said = summarise(runs / "task15")
    kept = records(runs / "task15" / "train.jsonl")
    (task,) = said.tasks

    assert said.accepted == task.accepted == len(kept) == 60
    assert said.dropped == len(records(runs / "task15" / "rejected.jsonl"))
    assert task.wanted == {"train": 60}
    assert sum(task.labels.values()) == 60
    assert set(task.labels) == {"1", "2", "3", "4", "5"}
    assert task.prompts.samples == 60
    assert task.prompts.quantile(1) == max(len(each["input_field"]) for each in kept)
    assert {each.name: each.accepted for each in task.strata} == task.labels
    assert task.probes


def test_places_of_a_ranking_are_those_of_everything_that_is_most_relevant(runs):
    (task,) = summarise(runs / "task12").tasks
    kept = records(runs / "task12" / "train.jsonl")
    golds = [json.loads(each["gold"]) for each in kept]
    best = sum(gold.count(max(gold)) for gold in golds)

    assert sum(place.samples for place in task.places) == best
    assert sum(place.expected for place in task.places) == pytest.approx(best)


def test_a_mixture_counts_its_mixed_file_and_its_tasks_rejections(mixture):
    said = summarise(mixture)

    assert said.is_mixture
    assert said.accepted == len(records(mixture / "train.jsonl"))
    for task in said.tasks:
        dropped = mixture / task.name / "rejected.jsonl"
        assert task.dropped == (len(records(dropped)) if dropped.is_file() else 0)
    assert sum(said.languages.values()) == said.accepted


def test_a_mixture_whose_task_folders_stayed_behind_still_counts(mixture, tmp_path):
    for name in ("train.jsonl", "manifest.json"):
        (tmp_path / name).write_bytes((mixture / name).read_bytes())

    assert summarise(tmp_path).accepted == summarise(mixture).accepted


def test_what_is_no_run_is_told(tmp_path, runs):
    with pytest.raises(UsageError, match="not a finished run"):
        summarise(tmp_path)
    (tmp_path / "manifest.json").write_bytes((runs / "task12" / "manifest.json").read_bytes())
    (tmp_path / "train.jsonl").write_text('{"id": "a", "task": "task12"}\n')
    with pytest.raises(OutputError, match=r"train\.jsonl:1: not a record of this project"):
        summarise(tmp_path)
    with (runs / "task12" / "train.jsonl").open(encoding="utf-8") as lines:
        sample = json.loads(next(lines)) | {"task": "another"}
    (tmp_path / "train.jsonl").write_text(json.dumps(sample))
    with pytest.raises(OutputError, match="another"):
        summarise(tmp_path)


@given(st.dictionaries(st.integers(0, 20_000), st.integers(1, 50), min_size=1, max_size=60))
def test_a_histogram_has_every_text_once_in_few_bins_that_join(counts):
    lengths = Lengths.of(counts)
    bins = lengths.bins()

    assert sum(each.samples for each in bins) == sum(counts.values())
    assert len(bins) <= 26
    for left, right in pairwise(bins):
        assert left.stop == right.start
    for each in bins:
        inside = [n for n in counts if n >= each.start and (each.stop is None or n < each.stop)]
        assert each.samples == sum(counts[n] for n in inside)


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 9), min_size=1))
def test_quantiles_are_those_of_the_sorted_texts(counts):
    lengths = Lengths.of(counts)
    texts = sorted(n for n, times in counts.items() for _ in range(times))

    assert lengths.quantile(0.5) == texts[-(-len(texts) // 2) - 1]
    assert lengths.quantile(1) == texts[-1]
    assert lengths.mean == pytest.approx(sum(texts) / len(texts))


def test_answers_that_are_many_have_no_balance():
    tally = Tally()
    base = {
        "input_field": "x",
        "lang": "en",
        "locale": "us",
        "split": "train",
        "reasoning": "",
        "scores": {},
        "options": [],
        "task_type": "generation",
        "gold": '"x"',
        "provenance": {"wording": "plain", "model": None},
    }
    for number in range(40):
        tally.add({**base, "output_field": str(number)})

    assert tally.labels() == {}
    assert tally.samples["train"] == 40


def test_right_answers_stand_where_the_sample_shows_them():
    shown = {"options": ["a", "b", "c"], "output_field": "3,1,2"}

    assert list(gold_places({**shown, "task_type": "multiple-choice", "gold": "2"})) == [3]
    assert list(gold_places({**shown, "task_type": "retrieval", "gold": "[1, 3]"})) == [1, 3]
    assert list(gold_places({**shown, "task_type": "ranking", "gold": "[1.0, 0, 1.0]"})) == [1, 3]
    assert list(gold_places({**shown, "task_type": "generation", "gold": '"x"'})) == []
    # Of several labels each, in whatever order the answer names them.
    labelled = {**shown, "task_type": "classification", "options": ["a", "b", "c"]}
    assert list(gold_places({**labelled, "gold": '["c", "a"]'})) == [1, 3]
    assert list(gold_places({**labelled, "gold": '["b"]'})) == [2]
    assert list(gold_places({**labelled, "gold": '"abc"'})) == []
