import json
import re
from pathlib import Path
from typing import Any

import pytest

from factory.tasktypes import TASK_TYPES
from factory.templates import Template, TemplateFolder
from factory.templates.compiler import PACKAGED

DEVELOPMENT_SET = (
    Path(__file__).parents[2] / "../shared/data/kddcup2024_devset/development.json"
).resolve()
BASES = {each.base for each in TASK_TYPES.values()}
TASK_TEMPLATES = sorted(path.name for path in PACKAGED.glob("*.j2") if path.name not in BASES)

ROW: dict[str, Any] = {
    "query": "desk lamp",
    "title": "A lamp for the desk",
    "bullets": ["It is bright.", "It is small."],
    "language": "English",
    "candidates": tuple(f"Candidate {n}" for n in range(4)),
    "golds": 3,
}


def load(name: str) -> Template:
    source = (PACKAGED / name).read_text(encoding="utf-8")
    base = re.search(r'{% extends "(\w+\.j2)" %}', source)
    assert base is not None
    assert base.group(1) in BASES
    return TemplateFolder().load(name, base.group(1))


@pytest.mark.parametrize("task_type", TASK_TYPES.values(), ids=list(TASK_TYPES))
def test_every_task_type_has_its_base(task_type):
    assert (PACKAGED / task_type.base).is_file()


@pytest.mark.parametrize("name", TASK_TEMPLATES)
def test_a_task_is_worded_in_five_ways_that_all_differ(name):
    template = load(name)
    template.check_names(ROW)

    prompts = {each.render(ROW).parts[1] for each in template.wordings.values()}

    assert len(template.wordings) >= 5
    assert len(prompts) == len(template.wordings)


@pytest.mark.parametrize("name", TASK_TEMPLATES)
def test_every_wording_fills_what_a_model_and_ecominstruct_need(name):
    for wording in load(name).wordings.values():
        rendered = wording.render(ROW)
        description, prompt, input_, candidates, constraint, output = rendered.parts

        assert description
        assert prompt.strip()
        assert input_
        assert constraint
        assert output in ("Output: ", "Answer: ")
        assert rendered.input_field.startswith(prompt)
        assert rendered.input_field.endswith(f"\n{output}")
        assert "\n\n" not in rendered.input_field
        shown = [text in rendered.input_field for text in ROW["candidates"]]
        assert len(set(shown)) == 1
        assert shown[0] == bool(candidates)


@pytest.mark.parametrize("name", TASK_TEMPLATES)
def test_every_wording_says_what_the_row_is_about(name):
    for wording in load(name).wordings.values():
        field = wording.render(ROW).input_field
        assert "desk lamp" in field or "A lamp for the desk" in field


@pytest.mark.parametrize("name", TASK_TEMPLATES)
def test_no_line_ends_in_blanks_but_where_shopbench_has_them(name):
    for wording in load(name).wordings.values():
        for line in wording.render(ROW).input_field.split("\n")[:-1]:
            assert not line.startswith((" ", "\t"))
            assert len(line) - len(line.rstrip()) <= 1


def test_a_product_without_bullets_has_no_line_for_them():
    wording = load("write_query_for_product.j2").wordings["find"]

    assert "Product features" in wording.render(ROW).input_field
    assert "Product features" not in wording.render({**ROW, "bullets": []}).input_field


def test_the_language_of_a_query_to_write_is_asked_for():
    for wording in load("write_query_for_product.j2").wordings.values():
        assert "in Japanese." in wording.render({**ROW, "language": "Japanese"}).input_field


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
