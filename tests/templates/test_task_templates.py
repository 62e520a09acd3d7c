"""The wordings of every task of the catalogue, over a real sample of it."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.filters import LANGUAGE_NAMES
from factory.line import RunResult
from factory.sample import PARTS, Sample
from factory.tasktypes import TASK_TYPES
from factory.templates import Template, TemplateFolder
from factory.templates.compiler import PACKAGED
from tests.catalogue import TASKS, catalogue

Made = Callable[[str], RunResult]

DEVELOPMENT_SET = (
    Path(__file__).parents[2] / "../shared/data/kddcup2024_devset/development.json"
).resolve()
BASES = {each.base for each in TASK_TYPES.values()}
TASK_TEMPLATES = sorted(path.name for path in PACKAGED.glob("*.j2") if path.name not in BASES)
#: Templates that show a data set unchanged, as NVIDIA's sets 37 and 38: its own wording is the one.
AS_UPSTREAM = {"follow_instruction.j2", "follow_ecinstruct.j2", "answer_question.j2"}
#: The cue that asks for the answer, as ShopBench writes it.
CUE = re.compile(r"((Output|Answer|Response)( \([a-z ]+\))?:\s*)+")
#: Templates of the first tasks, that were given five wordings.
FIVE = {
    "rank_products_for_query.j2",
    "classify_query_product_relation.j2",
    "select_product_bullets.j2",
    "write_query_for_product.j2",
}


@cache
def load(name: str) -> Template:
    source = (PACKAGED / name).read_text(encoding="utf-8")
    base = re.search(r'{% extends "(\w+\.j2)" %}', source)
    assert base is not None
    assert base.group(1) in BASES
    return TemplateFolder().load(name, base.group(1))


def row_of(sample: Sample) -> dict[str, Any]:
    """Return what the line hands to the template of a sample."""
    return {
        **catalogue().tasks[sample.task].words,
        **sample.slots,
        "locale": sample.locale,
        "candidates": sample.options,
        "golds": len(sample.gold) if isinstance(sample.gold, list) else 1,
        "language": LANGUAGE_NAMES[sample.lang],
    }


def some(run: RunResult) -> list[Sample]:
    """Return a few samples of a run, of other locales too where it has them."""
    samples = [
        s for split in run.manifest["splits"] for s in factory.read_samples(run.folder, split)
    ]
    by_locale = {sample.locale: sample for sample in reversed(samples)}
    return [*samples[:3], *by_locale.values()]


@pytest.mark.parametrize("task_type", TASK_TYPES.values(), ids=list(TASK_TYPES))
def test_every_task_type_has_its_base(task_type):
    assert (PACKAGED / task_type.base).is_file()


def test_every_template_is_some_tasks_own():
    used = {task.template for task in catalogue().tasks.values()}
    assert used == set(TASK_TEMPLATES)


@pytest.mark.parametrize("task", TASKS)
def test_a_sample_is_what_its_wording_makes_of_its_row(made: Made, task: str) -> None:
    template = load(catalogue().tasks[task].template)
    for sample in some(made(task)):
        rendered = template.wordings[sample.provenance.wording].render(row_of(sample))
        assert rendered.input_field == sample.input_field
        assert rendered.parts == tuple(getattr(sample, part) for part in PARTS)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_worded_in_several_ways_that_all_differ(made: Made, task: str) -> None:
    name = catalogue().tasks[task].template
    template = load(name)
    for sample in some(made(task)):
        row = row_of(sample)
        fields = {each.render(row).input_field for each in template.wordings.values()}
        assert len(fields) == len(template.wordings)
    least = 1 if name in AS_UPSTREAM else 5 if name in FIVE else 4
    assert len(template.wordings) >= least


@pytest.mark.parametrize("task", TASKS)
def test_every_wording_fills_what_a_model_and_ecominstruct_need(made: Made, task: str) -> None:
    spec = catalogue().tasks[task]
    for sample in some(made(task)):
        row = row_of(sample)
        for wording in load(spec.template).wordings.values():
            rendered = wording.render(row)
            parts = dict(zip(PARTS, rendered.parts, strict=True))
            assert parts["description"]
            assert parts["prompt"].strip()
            if spec.template not in AS_UPSTREAM:
                assert parts["constraint"]
                assert CUE.fullmatch(parts["output"])
            assert rendered.input_field.endswith(parts["output"])
            for option in sample.options:
                assert option in rendered.input_field


@pytest.mark.parametrize("task", TASKS)
def test_every_wording_says_what_the_row_is_about(made: Made, task: str) -> None:
    """What the sample's own wording says of the row, every other says too."""
    template = load(catalogue().tasks[task].template)
    for sample in some(made(task)):
        row = row_of(sample)
        # A word of the template's own, such as a label, may stand in one wording alone.
        own = [text for text in texts(sample.slots) if text not in template.source]
        said = [text for text in own if text in sample.input_field]
        assert said or sample.options, sample.slots
        for wording in template.wordings.values():
            field = wording.render(row).input_field
            assert all(text in field for text in said), wording.name


def texts(value: Any) -> list[str]:
    """Return the texts of a row that are long enough to be recognized in a prompt.

    A text of four letters, or of two in Chinese or Japanese, is no accident.
    """
    if isinstance(value, str):
        return [value] if len(value.encode()) > 3 else []
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    return []


@pytest.mark.parametrize("task", TASKS)
def test_no_line_ends_in_blanks_but_where_shopbench_has_them(made: Made, task: str) -> None:
    for sample in some(made(task)):
        row = row_of(sample)
        for wording in load(catalogue().tasks[task].template).wordings.values():
            lines = wording.render(row).input_field.split("\n")
            for line in lines[:-1]:
                assert len(line) - len(line.rstrip()) <= 1, line
            assert "" not in lines[:1]


def test_a_product_without_bullets_has_no_line_for_them():
    row = {"title": "A lamp", "bullets": ["It is bright."], "language": "English", "query": "lamp"}
    wording = load("write_query_for_product.j2").wordings["find"]

    assert "Product features" in wording.render(row).input_field
    assert "Product features" not in wording.render({**row, "bullets": []}).input_field


def test_the_language_of_a_query_to_write_is_asked_for():
    row = {"title": "A lamp", "bullets": [], "language": "Japanese", "query": "lamp"}
    for wording in load("write_query_for_product.j2").wordings.values():
        assert "in Japanese." in wording.render(row).input_field


def development_rows() -> list[str]:
    if not DEVELOPMENT_SET.is_file():
        return []
    rows = map(json.loads, DEVELOPMENT_SET.read_text(encoding="utf-8").splitlines())
    return [row["input_field"] for row in rows if row["task_name"] == "task12"]


@pytest.mark.skipif(not DEVELOPMENT_SET.is_file(), reason="ShopBench's development set is not here")
def test_task12_is_worded_as_in_shopbench_to_the_byte():
    template = load("rank_products_for_query.j2")
    rows = development_rows()
    used = set()
    for field in rows:
        query = re.search(r"with keyword '(.*)'\. Given|with the query '(.*)'\. \n", field)
        wording = "keyword" if query.group(1) else "assistant"
        titles = re.findall(r"^\d\. (.*)$", field, re.MULTILINE)
        assert len(titles) == 5

        rendered = template.wordings[wording].render(
            {"query": query.group(1) or query.group(2), "candidates": titles}
        )

        assert rendered.input_field.encode() == field.encode()
        used.add(wording)
    assert len(rows) == 4
    assert used == {"keyword", "assistant"}
