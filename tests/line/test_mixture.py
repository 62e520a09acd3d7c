"""Mixtures: the papers' sizes, what is held out, and one file of samples that agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.engines import LocalEngine
from factory.errors import RecipeError, UsageError
from factory.line.likeness import touches
from factory.line.mixture import MixtureResult, run_mixture
from factory.outputs.files import LineFile
from factory.recipe import load_recipe
from factory.recipe.mixtures import resolve_mixture
from factory.sample import Sample
from tests.catalogue import catalogue

RECIPE = """\
include: [catalogue]
filters: {grammar: true, options: {max_similarity: 0.8}}
tasks:
  task12: {size: 60}
TASKS
mixtures:
  small:
    title: A small mixture
MIXTURE
"""
THREE = "tasks: {task12: 20, write_query_for_product: 30, classify_query_product_relation: 40}"


@pytest.fixture
def mixed(tmp_path: Path) -> Callable[..., MixtureResult]:
    """Return a function that runs a mixture written as YAML: one block a keyword."""

    def run(*mixture: str, tasks: str = "", out: str = "out", **options: Any) -> MixtureResult:
        recipe = write(tmp_path, *mixture, tasks=tasks)
        return run_mixture(load_recipe(recipe), "small", tmp_path / out, LocalEngine(), **options)

    return run


def write(folder: Path, *mixture: str, tasks: str = "") -> Path:
    lines = "\n".join(f"    {line}" for line in mixture)
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace("TASKS", tasks).replace("MIXTURE", lines), encoding="utf-8")
    return path


def samples(folder: Path, split: str = "train") -> list[Sample]:
    if not (folder / f"{split}.jsonl").is_file():
        return []
    return list(factory.read_samples(folder, split))


def shown(of: Iterable[Sample]) -> set[str]:
    return {each for sample in of for each in touches(sample.provenance.source_ids)}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("v7", 417_000),
        ("v8", 462_435),
        ("v7b", 152_496),
        ("v9b", 40_000),
        ("nvidia_all", 502_435),
        ("eshopinstruct", 63_972),
        ("llasa", 63_972 + 10_000),
    ],
)
def test_the_papers_sizes_add_up_to_what_they_print(name: str, size: int) -> None:
    spec = catalogue().mixtures[name]
    assert spec.size == size
    lent = (*spec.nvidia.values(), *spec.eshop.values(), *spec.tasks.values())
    assert sum(lent) == size


@pytest.mark.parametrize("name", [n for n, m in catalogue().mixtures.items() if m.size])
def test_what_tasks_lend_and_what_nobody_makes_is_the_whole_size(name: str) -> None:
    mixture = resolve_mixture(catalogue(), name)
    made = sum(share.size for share in mixture.shares)
    assert made + sum(each.size for each in mixture.absent) == mixture.spec.size
    assert all(share.size > 0 for share in mixture.shares)


def test_a_set_that_several_tasks_make_is_shared_out_in_proportion() -> None:
    by_number: dict[int, list[str]] = {}
    for name, task in catalogue().tasks.items():
        for number in [task.eshop] if isinstance(task.eshop, int) else task.eshop or []:
            by_number.setdefault(number, []).append(name)
    several = {number: names for number, names in by_number.items() if len(names) > 1}
    assert several
    spec = catalogue().mixtures["eshopinstruct"]
    lent = {s.task: s.size for s in resolve_mixture(catalogue(), "eshopinstruct").shares}
    for number, names in several.items():
        if all(isinstance(catalogue().tasks[name].eshop, int) for name in names):
            assert sum(lent[name] for name in names) == spec.eshop[number]
            total = sum(catalogue().tasks[name].size for name in names)
            for name in names:
                share = spec.eshop[number] * catalogue().tasks[name].size / total
                assert abs(lent[name] - share) < 1


def test_every_task_with_an_ecominstruct_id_is_in_its_mixture_up_to_the_cap() -> None:
    mixture = resolve_mixture(catalogue(), "ecominstruct")
    wanted = {name: task for name, task in catalogue().tasks.items() if task.ecom}
    assert {share.task for share in mixture.shares} == set(wanted)
    cap = mixture.spec.cap
    assert cap is not None
    for share in mixture.shares:
        if share.held_out:
            assert (share.size, share.test) == (0, mixture.spec.test)
        else:
            assert share.size == min(wanted[share.task].size, cap)


def test_most_ecominstruct_tasks_are_carried_over_from_labels() -> None:
    """EcomGPT's ablation: seven of ten, or more, derive from labels and ask no model."""
    asking = {name for name, task in catalogue().tasks.items() if catalogue().asks(name)}
    everything = resolve_mixture(catalogue(), "ecominstruct")
    labelled = resolve_mixture(catalogue(), "ecominstruct_labelled")
    assert [each.task for each in labelled.shares] == [
        each.task for each in everything.shares if each.task not in asking
    ]
    pseudo = {each.task for each in everything.shares} & asking
    assert {"summarize_review", "check_category_guess", "translate_query"} <= pseudo
    assert len(everything.shares) >= 134
    size = sum(each.size for each in everything.shares)
    assert sum(each.size for each in labelled.shares) >= 0.7 * size


def test_no_two_tasks_have_one_ecominstruct_id() -> None:
    ids = Counter(task.ecom for task in catalogue().tasks.values() if task.ecom)
    assert [name for name, count in ids.items() if count > 1] == []


def test_an_unknown_mixture_and_an_unknown_task_are_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no mixture 'v9c': did you mean 'v9"):
        resolve_mixture(catalogue(), "v9c")
    with pytest.raises(RecipeError, match=r"yaml:9: mixtures\.small\.tasks: there is no task"):
        load_recipe(write(tmp_path, "tasks: {task120: 5}"))
    with pytest.raises(RecipeError, match=r"mixtures\.small\.held_out: there is no task 'esic'"):
        load_recipe(write(tmp_path, "tasks: {task12: 5}", "held_out: [esic]"))
    with pytest.raises(
        RecipeError, match="a mixture needs tasks: give nvidia, eshop, tasks, weights or "
    ):
        load_recipe(write(tmp_path, "cap: 5"))


def shares(folder: Path, *mixture: str) -> dict[str, int]:
    recipe = load_recipe(write(folder, *mixture))
    return {share.task: share.size for share in resolve_mixture(recipe, "small").shares}


def test_weights_share_out_what_is_left_of_the_size(tmp_path: Path) -> None:
    weights = "weights: {write_query_for_product: 3, classify_query_product_relation: 1}"
    assert shares(tmp_path, "size: 100", "tasks: {task12: 20}", weights) == {
        "task12": 20,
        "write_query_for_product": 60,
        "classify_query_product_relation": 20,
    }
    # What the cap takes from one goes to the others.
    assert shares(tmp_path, "size: 100", "cap: 60", weights) == {
        "write_query_for_product": 60,
        "classify_query_product_relation": 40,
    }
    # What none of them may take is a shortfall.
    assert sum(shares(tmp_path, "size: 100", "cap: 30", weights).values()) == 60


def test_no_sample_is_lost_in_rounding_weights(tmp_path: Path) -> None:
    weights = "weights: {task12: 0.1, write_query_for_product: 0.1, judge_exact_match: 0.1}"
    assert sorted(shares(tmp_path, "size: 100", weights).values()) == [33, 33, 34]


def test_weights_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    for mixture, complaint in (
        (["weights: {task12: 1}"], "share out the mixture's 'size': give it"),
        (["size: 20", "tasks: {task12: 20}", "weights: {task4: 1}"], "nothing is left"),
        (["size: 50", "tasks: {task12: 20}", "weights: {task12: 1}"], "'task12' has a number"),
        (["size: 50", "weights: {task120: 1}"], "there is no task 'task120'"),
    ):
        with pytest.raises(RecipeError, match=complaint):
            load_recipe(write(tmp_path, *mixture))


def test_the_mixed_file_is_the_samples_of_its_tasks_in_an_order_of_its_own(mixed) -> None:
    result = mixed(THREE)
    train = samples(result.folder)
    counts = Counter(sample.task for sample in train)
    assert counts == {
        "task12": 20,
        "write_query_for_product": 30,
        "classify_query_product_relation": 40,
    }
    # Shuffled: no task stands in one piece.
    changes = sum(a.task != b.task for a, b in pairwise(train))
    assert changes > 20
    for task in counts:
        own = (result.folder / task / "train.jsonl").read_bytes().splitlines()
        mixed_lines = (result.folder / "train.jsonl").read_bytes().splitlines()
        assert set(own) <= set(mixed_lines)
    described = result.manifest["files"]["train.jsonl"]
    assert described["rows"] == len(train)
    assert {name: t["accepted"] for name, t in result.manifest["tasks"].items()} == counts


def test_the_order_of_the_mixed_file_does_not_follow_the_order_of_tasks(mixed) -> None:
    one = mixed(THREE, out="a").folder
    names = "classify_query_product_relation: 40, task12: 20, write_query_for_product: 30"
    # Laid first, these tasks come before all others of the catalogue.
    other = mixed(f"tasks: {{{names}}}", out="b").folder
    assert (one / "train.jsonl").read_bytes() == (other / "train.jsonl").read_bytes()
    fewer = mixed("tasks: {write_query_for_product: 30, task12: 20}", out="c").folder
    kept = [s.id for s in samples(one) if s.task != "classify_query_product_relation"]
    assert [sample.id for sample in samples(fewer)] == kept


@pytest.mark.parametrize("stretch", [1, 3000, 10_000])
def test_the_mixed_file_is_the_same_however_its_tasks_files_are_parted(
    mixed, tmp_path: Path, monkeypatch, stretch: int
) -> None:
    whole = mixed(THREE, out="whole").folder / "train.jsonl"
    monkeypatch.setattr("factory.line.shuffle._STRETCH", stretch)
    with LocalEngine(workers=1) as engine:
        recipe = load_recipe(write(tmp_path, THREE))
        parted = run_mixture(recipe, "small", tmp_path / "parted", engine).folder / "train.jsonl"

    assert parted.read_bytes() == whole.read_bytes()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="says which files are open")
def test_no_file_of_a_task_stays_open_while_the_mixed_one_is_written(mixed, monkeypatch) -> None:
    """A process may hold 256 files on some systems, and a mixture may have more tasks."""
    held: set[str] = set()
    write = LineFile.write

    def looking(file: LineFile, line: bytes) -> None:
        for each in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                held.add(str(each.readlink()))
        write(file, line)

    monkeypatch.setattr(LineFile, "write", looking)
    result = mixed(THREE)

    tasks = [str(result.folder / name / "train.jsonl") for name in result.manifest["tasks"]]
    assert all(Path(path).is_file() for path in tasks)
    assert held
    assert not held.intersection(tasks)


def test_a_second_run_changes_nothing(mixed) -> None:
    def stands(folder: Path) -> dict[str, tuple[bytes, bool]]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and ".work" not in path.parts
        }

    first = mixed(THREE)
    before = stands(first.folder)
    assert mixed(THREE).manifest == first.manifest
    assert stands(first.folder) == before
    assert stands(mixed(THREE, fresh=True).folder) == before


def test_what_is_held_out_gives_only_test_samples_and_so_does_what_derives_from_it(mixed) -> None:
    result = mixed(
        "tasks: {recognize_title_entities: 30, detect_title_spans: 30, label_title_type: 40}",
        "held_out: [recognize_title_entities]",
        "test: 8",
    )
    tasks = result.manifest["tasks"]
    for held in ("recognize_title_entities", "detect_title_spans"):
        assert tasks[held]["held_out"]
        assert (tasks[held]["wanted"], tasks[held]["accepted"]) == (0, 0)
        assert (tasks[held]["test_wanted"], tasks[held]["test_accepted"]) == (8, 8)
    assert not tasks["label_title_type"]["held_out"]
    assert {s.task for s in samples(result.folder)} == {"label_title_type"}
    tested = samples(result.folder, "test")
    assert Counter(s.task for s in tested) == {
        "recognize_title_entities": 8,
        "detect_title_spans": 8,
    }
    assert not shown(samples(result.folder)) & shown(tested)


def test_a_held_out_source_holds_out_all_its_tasks(mixed) -> None:
    result = mixed(
        "tasks: {task12: 20, follow_instruction: 10, label_title_type: 10}",
        "held_out: [esci, alpaca]",
        "test: 3",
    )
    assert {s.task for s in samples(result.folder)} == {"label_title_type"}
    assert Counter(s.task for s in samples(result.folder, "test")) == {
        "task12": 3,
        "follow_instruction": 3,
    }


def test_what_any_test_sample_shows_is_in_no_training_sample_of_any_task(mixed) -> None:
    tasks = "  write_query_for_product: {test: 10}\n  judge_exact_match: {test: 10}"
    mixture = "tasks: {task12: 60, write_query_for_product: 40, judge_exact_match: 40}"
    with_tests = mixed(mixture, tasks=tasks)
    tested = samples(with_tests.folder, "test")
    assert Counter(s.task for s in tested) == {
        "write_query_for_product": 10,
        "judge_exact_match": 10,
    }
    train = samples(with_tests.folder)
    assert {s.task for s in train} == {"task12", "write_query_for_product", "judge_exact_match"}
    assert not shown(train) & shown(tested)
    assert not {s.split_group for s in train} & {s.split_group for s in tested}
    without = mixed(mixture, out="without")
    assert shown(samples(without.folder)) & shown(tested)


def same_rows(folder: Path) -> str:
    """Write two tasks that ask one question, and disagree where the query has an even length."""
    for name in ("views", "templates"):
        (folder / name).mkdir()
    (folder / "templates" / "ask.j2").write_text(
        '{% extends "generation.j2" %}{% block prompt_a %}Is it even?{% endblock %}'
        "{% block input %}{{ query }}{% endblock %}"
    )
    for name, answer in (
        ("even", "'yes'"),
        ("odd", "if(length(query) % 2 = 0, 'no', 'yes')"),
    ):
        (folder / "views" / f"{name}.sql").write_text(
            "-- needs judgements: query_id, query, locale\n"
            "-- keys\nSELECT DISTINCT locale || ':' || query_id AS key, key AS split_group, "
            "query, locale FROM judgements\n"
            f"-- facts\nSELECT key, locale, query, {answer} AS target, ['query:' || key] AS "
            "source_ids FROM chosen\n"
        )
    head = "title: Even, source: esci, type: generation, template: ask.j2, size: 5000"
    return "\n".join(
        f"  {name}: {{{head}, rows: {name}, track: user-behavior-alignment}}"
        for name in ("even", "odd")
    )


def test_a_conflict_of_tasks_is_dropped_from_both_and_a_repeat_stays_once(
    mixed, tmp_path: Path
) -> None:
    result = mixed("tasks: {even: 5000, odd: 5000}", tasks=same_rows(tmp_path))
    asked: dict[str, set[str]] = {}
    of_tasks = Counter[str]()
    for task in ("even", "odd"):
        for sample in samples(result.folder / task):
            asked.setdefault(sample.input_field, set()).add(sample.output_field)
            of_tasks[task] += 1
    mixed_samples = samples(result.folder)
    agreed = {question for question, answers in asked.items() if len(answers) == 1}
    assert len(agreed) < len(asked)
    assert agreed
    assert sorted(s.input_field for s in mixed_samples) == sorted(agreed)
    conflicts = len(asked) - len(agreed)
    told = Counter[str]()
    for task in ("even", "odd"):
        left_out = result.manifest["tasks"][task]["left_out"]
        assert left_out["train: conflict"] == conflicts
        told.update(left_out)
    assert told["train: duplicate"] == len(agreed)
    dropped = [
        json.loads(line)
        for line in (result.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert Counter(each["reason"] for each in dropped) == {
        "conflict": 2 * conflicts,
        "duplicate": len(agreed),
    }
    assert len(dropped) + len(mixed_samples) == of_tasks.total()


def test_a_shortfall_and_an_absent_set_are_told(mixed, tmp_path: Path) -> None:
    for name in ("views",):
        (tmp_path / name).mkdir()
    (tmp_path / "views" / "nothing.sql").write_text(
        "-- needs judgements: query_id, query, locale, label\n"
        "-- keys\nSELECT query_id AS key, query_id AS split_group, query, locale "
        "FROM judgements WHERE label = 'X'\n"
        "-- facts\nSELECT key, locale, query AS target, '' AS title, [''] AS bullets, "
        "['query:' || key] AS source_ids FROM chosen\n"
    )
    spec = (
        "  none: {title: N, source: esci, rows: nothing, type: generation, size: 5, "
        "template: write_query_for_product.j2, track: user-behavior-alignment}"
    )
    result = mixed("size: 99", "tasks: {none: 5, task12: 20}", "nvidia: {5: 30, 99: 7}", tasks=spec)
    tasks = result.manifest["tasks"]
    assert "tasks.none: the view nothing finds no row in bundled" in tasks["none"]["shortfall"]
    assert tasks["none"]["accepted"] == 0
    assert tasks["task12"]["shortfall"] == ""
    assert (tasks["task12"]["wanted"], tasks["task12"]["accepted"]) == (50, 50)
    assert result.manifest["absent"] == [{"paper": "nvidia", "number": 99, "size": 7}]
    assert len(samples(result.folder)) == 50


def test_what_is_held_out_and_tested_on_nothing_is_not_made(mixed) -> None:
    made = mixed("tasks: {task12: 20, label_title_type: 10}", "held_out: [label_title_type]")

    task = made.manifest["tasks"]["label_title_type"]
    assert (task["held_out"], task["wanted"], task["test_wanted"]) == (True, 0, 0)
    assert task["shortfall"] == ""
    assert not (made.folder / "label_title_type").exists()


@pytest.mark.parametrize("lent", ["tasks: {task12: -5}", "nvidia: {5: -1}", "eshop: {36: -1}"])
def test_no_task_lends_less_than_nothing(tmp_path: Path, lent: str) -> None:
    with pytest.raises(RecipeError, match="should be greater than or equal to 0"):
        load_recipe(write(tmp_path, lent))


def test_a_mixture_that_no_task_feeds_is_refused(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, "nvidia: {99: 7}"))
    with pytest.raises(UsageError, match=r"mixtures\.small: no task of this recipe makes any"):
        resolve_mixture(recipe, "small")
    recipe = load_recipe(write(tmp_path, "tasks: {task12: 7}", "held_out: [task12]", "test: 2"))
    with pytest.raises(UsageError, match="no task of this recipe"):
        resolve_mixture(recipe, "small")


def test_a_limit_caps_what_every_task_lends() -> None:
    limited = catalogue().with_changes(limit=9)
    shares = resolve_mixture(limited, "v7").shares
    assert {share.size for share in shares} == {9}


DERIVED = "tasks: {label_query_type: 12, check_query_type: 12}"
TESTED = "  label_query_type: {test: 4}\n  check_query_type: {test: 4}"


def test_a_mixture_without_derived_tasks_is_tested_on_what_it_would_have_been(mixed) -> None:
    whole = mixed(DERIVED, tasks=TESTED)
    without = mixed(DERIVED, "without: [derived]", tasks=TESTED, out="without")

    assert {each.task for each in samples(without.folder)} == {"label_query_type"}
    assert without.manifest["tasks"]["check_query_type"]["without"] == "derived"
    both = [
        {each.id: each.input_field for each in samples(made.folder, "test")}
        for made in (whole, without)
    ]
    assert both[0] == both[1]
    tested = {each.task for each in samples(without.folder, "test")}
    assert tested == {"label_query_type", "check_query_type"}
    seen = shown(samples(without.folder, "test"))
    assert seen.isdisjoint(shown(samples(without.folder)))


def test_what_is_left_out_without_test_samples_is_not_made(mixed) -> None:
    made = mixed(DERIVED, "without: [derived]")

    assert not (made.folder / "check_query_type").exists()
    assert made.manifest["tasks"]["check_query_type"]["accepted"] == 0


def test_weights_share_out_among_the_tasks_that_are_not_left_out(tmp_path: Path) -> None:
    weights = "weights: {label_query_type: 1, label_title_type: 1, check_query_type: 2}"

    assert shares(tmp_path, "size: 20", weights, "without: [derived]") == {
        "label_query_type": 10,
        "label_title_type": 10,
        "check_query_type": 0,
    }


def test_pseudo_labels_are_the_answers_that_a_model_gave_and_what_is_made_of_them() -> None:
    recipe = catalogue()
    spec = recipe.mixtures["ecominstruct"].model_copy(update={"without": ["pseudo_labels"]})
    without = recipe.model_copy(update={"mixtures": {"without": spec}})

    left = {share.task for share in resolve_mixture(without, "without").shares if share.without}

    assert left == {
        share.task
        for share in resolve_mixture(recipe, "ecominstruct").shares
        if recipe.asks(share.task)
    }
    assert left


def test_a_mixture_words_its_tasks_as_it_says(mixed) -> None:
    def asked(*mixture: str, out: str) -> dict[str, Sample]:
        made = mixed("tasks: {label_query_type: 12}", *mixture, out=out)
        return {each.id: each for each in samples(made.folder)}

    plain = asked(out="plain")
    described = asked("prompt: {description: true}", out="described")
    bare = asked("prompt: {constraint: false}", out="bare")
    narrow = asked("prompt: {wordings: 1}", out="narrow")

    assert plain.keys() == described.keys() == bare.keys() == narrow.keys()
    for name, sample in plain.items():
        assert described[name].input_field == f"{sample.description}\n{sample.input_field}"
        assert bare[name].input_field == sample.input_field.replace(f"{sample.constraint}\n", "")
        assert sample.constraint in sample.input_field
    assert len({each.provenance.wording for each in plain.values()}) > 1
    assert len({each.provenance.wording for each in narrow.values()}) == 1
    definitions = {
        each.provenance.definition
        for made in (plain, described, bare, narrow)
        for each in made.values()
    }
    assert len(definitions) == 4


def test_what_a_mixture_says_of_prompts_goes_over_what_its_tasks_say(mixed) -> None:
    task = "  label_query_type: {prompt: {description: true, wordings: 1}}"
    made = mixed("tasks: {label_query_type: 12}", "prompt: {wordings: 2}", tasks=task)

    found = samples(made.folder)

    assert all(each.input_field.startswith(each.description) for each in found)
    assert len({each.provenance.wording for each in found}) == 2
