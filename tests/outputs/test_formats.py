import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from factory.cli import completion
from factory.errors import UsageError
from factory.outputs.formats import BLANK, FORMATS, find_format
from factory.outputs.formats.llama_factory import dataset_info
from factory.recipe.formats import FORMAT_NAMES
from factory.sample import Sample
from factory.tasktypes.reasoned import taken_apart, with_reasoning
from factory.tasktypes.system_prompt import TOLD, system_prompt
from tests.conftest import SHARED
from tests.filters.samples import choice, sample, written
from tests.outputs.hostile import TEXT, TYPES, samples

DEVELOPMENT = SHARED / "data" / "kddcup2024_devset" / "development.json"
SHOPBENCH = ("multiple-choice", "ranking", "retrieval", "named_entity_recognition", "generation")
#: What the readers of these formats cannot tell of EcomInstruct's own forms of answer.
FORM = {"eshop": {"task_type", "metric", "gold"}}


def through_a_file(record):
    """Return a record as it comes back from a line of JSON."""
    line = to_json(record)
    assert b"\n" not in line
    return from_json(line)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60)
@given(said=samples(), reasoning=st.booleans())
def test_a_reader_gives_back_what_its_format_carries(name, said, reasoning):
    form = FORMATS[name]
    reasoning = reasoning and form.reasons
    record = through_a_file(form.write(said, reasoning=reasoning))

    back = form.read(record, reasoning=reasoning)

    carried = set(form.carries) - (
        FORM.get(name, set()) if said.task_type not in SHOPBENCH else set()
    )
    if form.reasons and not reasoning:
        carried.discard("reasoning")
        assert back.reasoning == ""
    for field in carried:
        expected = getattr(said, field)
        if field == "reasoning" and form.reasons:
            expected = expected.replace("</think>", "</ think>")
        assert getattr(back, field) == expected
        assert type(getattr(back, field)) is type(expected)


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_does_not_carry_is_blank_and_not_made_up(name):
    form = FORMATS[name]
    back = form.read(form.write(sample()))

    for field in fields(Sample):
        if field.name not in form.carries:
            assert getattr(back, field.name) == getattr(BLANK, field.name)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=20)
@given(said=samples())
def test_a_record_has_the_columns_that_its_features_say(name, said):
    form = FORMATS[name]

    assert list(form.write(said)) == list(form.features({said.task_type}))


@settings(max_examples=100)
@given(samples())
def test_alpacas_parts_joined_as_llama_factory_joins_them_are_the_prompt(said):
    record = FORMATS["alpaca"].write(said)
    joined = "\n".join(filter(None, (record["instruction"], record["input"])))

    assert joined == said.input_field


def test_alpaca_parts_the_instruction_from_what_it_is_about():
    said = sample(prompt="Rank these.", input_field="Rank these.\n1. a\n2. b\nOutput: ")
    record = FORMATS["alpaca"].write(said)

    assert (record["instruction"], record["input"]) == ("Rank these.", "1. a\n2. b\nOutput: ")


def test_a_cue_alone_is_no_input():
    said = sample(prompt="Name it.", output="Output: ", input_field="Name it.\nOutput: ")
    record = FORMATS["alpaca"].write(said)

    assert (record["instruction"], record["input"]) == ("Name it.\nOutput: ", "")


def test_messages_state_the_task_type_as_nvidias_listing_does():
    record = FORMATS["messages"].write(choice(("a", "b")))

    assert record["messages"] == [
        {
            "role": "system",
            "content": "You are a helpful online shopping assistant. Your task is "
            "multiple-choice question answering.",
        },
        {"role": "user", "content": sample().input_field},
        {"role": "assistant", "content": "0"},
    ]


def test_every_task_type_has_a_system_prompt():
    assert set(TOLD) == set(TYPES)
    with pytest.raises(KeyError):
        system_prompt("ranting")


def test_a_file_for_openai_has_no_key_but_messages():
    record = FORMATS["openai"].write(sample())

    assert list(record) == ["messages"]
    assert [list(message) for message in record["messages"]] == [["role", "content"]] * 3


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.reasons])
def test_the_answer_is_bare_unless_reasoning_is_asked_for(name):
    said = written("It fits.", reasoning="It is 30 cm wide.\nThe shelf is 40 cm.")
    form = FORMATS[name]

    assert "30 cm wide" not in json.dumps(form.write(said))
    assert "30 cm wide" in json.dumps(form.write(said, reasoning=True))
    back = form.read(form.write(said, reasoning=True), reasoning=True)
    assert (back.output_field, back.reasoning) == (said.output_field, said.reasoning)


def test_reasoning_stands_between_marks_and_the_answer_after_them():
    assert with_reasoning("Step one.", "2") == "<think>\nStep one.\n</think>\n\n2"
    assert with_reasoning("", "2") == "2"
    assert taken_apart("<think>\nnever ends 2") == ("", "<think>\nnever ends 2")


@given(TEXT, TEXT)
def test_no_reasoning_can_pass_for_the_answer(reasoning, answer):
    assert taken_apart(with_reasoning(reasoning, answer)).answer == answer


@pytest.mark.skipif(not DEVELOPMENT.is_file(), reason="needs the real development set")
def test_rows_of_the_development_set_are_read_and_written_as_they_are():
    form = FORMATS["eshop"]
    rows = [json.loads(line) for line in DEVELOPMENT.read_text(encoding="utf-8").splitlines()]

    assert len(rows) == 96
    for row in rows:
        if isinstance(row["output_field"], str):
            # The grammar takes outer spaces off a text.
            row["output_field"] = row["output_field"].strip()
        assert form.write(form.read(row)) == row
        assert list(form.write(form.read(row))) == list(row)


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ({"multiple-choice"}, "int64"),
        ({"ranking"}, ["float64"]),
        ({"generation", "text"}, "string"),
        ({"classification"}, "string"),
        ({"multiple-choice", "ranking"}, "json"),
        (set(), "json"),
    ],
)
def test_the_gold_of_shopbench_is_typed_where_all_are_of_one_kind(types, kind):
    assert FORMATS["eshop"].features(types)["output_field"] == kind


@pytest.mark.parametrize(
    ("lang", "metric"),
    [("en", "rougel"), ("es", "rougel"), ("ja", "multilingual-sent-transformer")],
)
def test_a_form_of_answer_that_shopbench_does_not_know_is_a_text_to_print(lang, metric):
    said = sample(
        task_type="classification",
        metric="label f1",
        gold=["good", "cheap"],
        output_field="good, cheap",
        lang=lang,
    )
    row = FORMATS["eshop"].write(said)

    assert (row["task_type"], row["metric"]) == ("generation", metric)
    assert row["output_field"] == "good, cheap"
    assert not row["is_multiple_choice"]


@pytest.mark.parametrize(("given", "near"), [("mesages", "messages"), ("Alpaca", "alpaca")])
def test_a_typo_is_told_the_nearest_format(given, near):
    with pytest.raises(UsageError, match=f"there is no format '{given}': did you mean '{near}'"):
        find_format(given)


def test_recipes_and_shells_know_the_formats_that_there_are():
    assert tuple(FORMATS) == FORMAT_NAMES
    assert {name: form.title for name, form in FORMATS.items()} == completion.FORMATS


def test_llama_factory_is_told_one_file_an_entry():
    files = {"train": ["train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl"], "test": ["t"]}

    info = dataset_info("alpaca", "task12", files)

    assert {name: entry["file_name"] for name, entry in info.items()} == {
        "task12_00000": "train-00000-of-00002.jsonl",
        "task12_00001": "train-00001-of-00002.jsonl",
        "task12_test": "t",
    }
    assert dataset_info("eshop", "task12", files) == {}


@pytest.mark.parametrize("name", ["alpaca", "sharegpt", "messages", "openai"])
def test_llama_factory_finds_its_columns_and_tags_in_the_records(name):
    """As its parser and converters do: columns by name, roles by tag, prompt and answer in turn."""
    form = FORMATS[name]
    record = form.write(written("blue"))
    entry = dataset_info(name, "t", {"train": ["train.jsonl"]})["t"]
    columns = entry["columns"]
    if entry["formatting"] == "alpaca":
        query = [record[columns["prompt"]], record[columns["query"]]]
        asked, answer = "\n".join(filter(None, query)), record[columns["response"]]
        system = record[columns["system"]]
    else:
        tags = entry["tags"]
        turns = record[columns["messages"]]
        roles = [turn[tags["role_tag"]] for turn in turns]
        system = record[columns["system"]] if "system" in columns else None
        if roles[0] == tags.get("system_tag", "system"):
            system = turns.pop(0)[tags["content_tag"]]
            roles.pop(0)
        assert roles == [tags["user_tag"], tags["assistant_tag"]]
        asked, answer = (turn[tags["content_tag"]] for turn in turns)
    assert (asked, answer) == (sample().input_field, "blue")
    assert system == system_prompt("generation")


def test_reading_does_not_need_the_names():
    record = FORMATS["messages"].write(replace(sample(), id="x"))
    del record["id"], record["task"], record["task_type"]

    back = FORMATS["messages"].read(record)

    assert (back.id, back.output_field) == ("", "1,2,3,4,5")


def test_the_docs_table_says_what_each_format_carries():
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    for name, form in FORMATS.items():
        assert f"| `{name}` |" in text
        for field in form.carries if name != "samples" else ():
            row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
            assert field in row, f"{name}: {field}"
