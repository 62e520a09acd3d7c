"""Each change between two manifests is told in words, with what it can explain."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from factory.line import RunResult
from factory.runs.causes import CONTENT, EVERYTHING, MEMBERSHIP, Cause, Rank, causes_between
from factory.runs.pairs import Pair

ASKED = {"default": {"model": "small", "max_tokens": 512}}


@pytest.fixture
def manifest(made: Callable[[str], RunResult]) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(dict(made("task12").manifest))
    step = {"by": "cot", "model": "default", "with": {"votes": 3}}
    found["recipe"]["generate"] = [step]
    return found | {"models": copy.deepcopy(ASKED)}


def changed(manifest: Mapping[str, Any], at: str, value: Any) -> dict[str, Any]:
    """Return a copy of a manifest in which the value at a dotted path is another."""
    found: Any = copy.deepcopy(dict(manifest))
    inner = found
    *path, last = at.split(".")
    for name in path:
        inner = inner[int(name) if name.isdigit() else name]
    inner[int(last) if last.isdigit() else last] = value
    return dict(found)


@pytest.mark.parametrize(
    ("at", "value", "words", "kinds"),
    [
        ("seed", 9, "the seed is 9, it was 7", EVERYTHING),
        ("recipe.size", 99, "size: 99 training samples are wanted", {"added", "restored"}),
        ("recipe.size", 1, "size: 1 training samples are wanted", {"lost", "dropped"}),
        ("recipe.test", 99, "test: 99 test samples are wanted", MEMBERSHIP),
        ("recipe.with.candidates", 6, "with.candidates is 6, it was 5", EVERYTHING),
        ("recipe.generate.0.with.votes", 5, "generate.0.with.votes is 5, it was 3", EVERYTHING),
        ("recipe.generate", [], "generate is [], it was [{'by': 'cot'", EVERYTHING),
        ("recipe.patience", 9, "patience is 9, it was not given", MEMBERSHIP),
        ("recipe.metric", "hit rate@3", "metric is hit rate@3, it was not given", CONTENT),
        ("recipe.rows", "other", "the view is other, it was query_products", EVERYTHING),
        ("recipe.template", "other.j2", "the template is other.j2, it was rank_", EVERYTHING),
        ("parts.view.keys", "0", "the view query_products finds other rows", EVERYTHING),
        ("parts.view.facts", "0", "the view query_products says other things", EVERYTHING),
        ("parts.view.rows", "0", "the row mapper of query_products changed", EVERYTHING),
        ("parts.view.text", "0", "the view query_products changed in nothing", set()),
        ("parts.wordings.sort", "0", "the wording sort of rank_products", EVERYTHING),
        ("parts.wordings.mine", "0", "the wording mine of rank_products_for_", EVERYTHING),
        ("parts.template", "0", "rank_products_for_query.j2 changed in nothing", set()),
        ("parts.benchmarks", "0", "the benchmarks that it is kept clear of changed", EVERYTHING),
        ("filters.language", None, "the filter language is off", MEMBERSHIP | {"noted"}),
        ("filters.near_duplicates", {"similarity": 0.9}, "the filter near_duplicates is on", None),
        ("filters.options.max_similarity", 0.7, "filters.options.max_similarity is 0.7", None),
        ("source.address", "/data/esci", "the source is read from /data/esci", set()),
        ("source.files.0.fingerprint", "0", "files of the source esci are others: ", EVERYTHING),
        ("source.allow_test", True, "rows of the source's test part are let in", EVERYTHING),
        ("models.default.model", "large", "models.default.model is large, it was small", None),
        ("versions.duckdb", "0.1", "version of duckdb is 0.1, it was ", None),
        ("banned", "0", "other tasks are tested on other things", MEMBERSHIP),
    ],
)
def test_a_change_is_told_in_words(
    manifest: dict[str, Any], at: str, value: Any, words: str, kinds: set[str] | None
) -> None:
    (cause,) = causes_between({"task12": manifest}, {"task12": changed(manifest, at, value)})

    assert cause.what.startswith(words)
    assert cause.tasks == {"task12"}
    assert kinds is None or cause.kinds == kinds


@pytest.mark.parametrize(
    ("at", "value"), [("recipe.title", "x"), ("recipe.nvidia", 3), ("keys", 1)]
)
def test_what_decides_nothing_is_no_cause(manifest: dict[str, Any], at: str, value: Any) -> None:
    assert causes_between({"task12": manifest}, {"task12": changed(manifest, at, value)}) == []


def test_one_change_of_many_tasks_is_one_cause(manifest: dict[str, Any]) -> None:
    before = {"task12": manifest, "another": manifest}
    after = {name: changed(manifest, "seed", 9) for name in before}
    (cause,) = causes_between(before, after)

    assert cause.tasks == {"task12", "another"}


def test_a_task_that_is_new_in_a_mixture_explains_its_own_samples(manifest: dict[str, Any]) -> None:
    (cause,) = causes_between({"a": manifest}, {"a": manifest, "b": manifest})

    assert cause.what == "the task b is new in the mixture"
    assert cause.explains(Pair("added", "0", "b", None, {})) == Rank.DIRECTLY
    assert cause.explains(Pair("added", "0", "a", None, {})) == Rank.NOT


def pair(kind: str, wording: str = "sort", dropped_by: str = "") -> Pair:
    record = {"provenance": {"wording": wording}}
    return Pair(kind, "0", "t", record, record if kind == "changed" else None, (), dropped_by)


@pytest.mark.parametrize(
    ("cause", "what", "rank"),
    [
        ({"wordings": {"sort"}}, pair("changed"), Rank.DIRECTLY),
        ({"wordings": {"sort"}}, pair("changed", "order"), Rank.NOT),
        ({"wordings": {"sort"}}, pair("dropped", dropped_by="length"), Rank.DIRECTLY),
        ({"wordings": {"sort"}}, pair("dropped", "order", "length"), Rank.NOT),
        ({"wordings": {"sort"}}, pair("dropped", "order", "fold"), Rank.FOLLOWS),
        ({"wordings": {"sort"}}, pair("lost"), Rank.FOLLOWS),
        ({"filters": {"length"}}, pair("dropped", dropped_by="length"), Rank.DIRECTLY),
        ({"filters": {"length"}}, pair("dropped", dropped_by="options"), Rank.NOT),
        ({"filters": {"length"}}, pair("lost"), Rank.FOLLOWS),
        ({"may": True}, pair("changed"), Rank.MAYBE),
        ({}, pair("changed"), Rank.DIRECTLY),
    ],
)
def test_how_well_a_cause_explains(cause: dict[str, Any], what: Pair, rank: Rank) -> None:
    made = {name: frozenset(each) if each is not True else each for name, each in cause.items()}

    assert Cause("", frozenset({"t"}), **made).explains(what) == rank
