"""The ECInstruct adapter over small files, the bundled one, and real excerpts."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import SourceError
from factory.sources import TABLES, AttachedSource
from factory.sources.ecinstruct import SETTINGS, EcInstructOptions, EcInstructSource
from factory.sources.ecinstruct_fields import (
    TASKS,
    FieldsError,
    chosen,
    ranked,
    read_list,
    read_object,
    read_values,
    said_yes,
    without_letter,
    without_ordinal,
)
from tests.conftest import SHARED

from .ecinstruct_files import BUNDLED, copy_bundled, row, write

EXCERPTS = SHARED / "data" / "ecinstruct"


def attach(
    connection: duckdb.DuckDBPyConnection,
    path: Path | str,
    *,
    allow_test: bool = False,
    **options: Any,
) -> AttachedSource:
    return EcInstructSource().attach(
        connection, "eci", str(path), EcInstructOptions(**options), allow_test=allow_test
    )


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def visible(connection: duckdb.DuckDBPyConnection) -> int:
    return int(rows(connection, "SELECT count(*) FROM eci.instructions")[0][0])


@pytest.mark.parametrize("bad", [{"setting": "IND"}, {"setting": None}, {"x": 1}])
def test_options_that_do_not_exist_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        EcInstructOptions.model_validate(bad)


@pytest.mark.parametrize("lines", [False, True])
def test_the_table_has_the_columns_and_types_of_the_house(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, lines: bool
) -> None:
    attached = attach(connection, write(tmp_path, [row()], lines=lines))
    assert attached.tables == ("instructions",)
    described = rows(connection, "DESCRIBE eci.instructions")
    assert {name: kind for name, kind, *_ in described} == dict(TABLES["instructions"])
    assert list(EcInstructSource().offers(EcInstructOptions())["instructions"]) == [
        name for name, *_ in described
    ]


def test_every_bundled_row_is_visible_or_counted(connection: duckdb.DuckDBPyConnection) -> None:
    upstream = json.loads(BUNDLED.read_text(encoding="utf-8"))
    attached = attach(connection, "bundled")
    of_setting = [each for each in upstream if each["setting"] == "IND_Diverse_Instruction"]
    assert attached.quarantined == ()
    assert attached.rows == len(of_setting) < len(upstream)
    assert attached.rows == visible(connection) + attached.test_rows
    assert attached.test_rows == sum(each["split"] != "train" for each in of_setting) > 0
    tasks = {task for (task,) in rows(connection, "SELECT DISTINCT task FROM eci.instructions")}
    assert tasks == set(TASKS.values())


def test_a_sample_is_taken_once_however_many_settings_it_stands_in(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = write(tmp_path, [row(setting=setting) for setting in SETTINGS])
    attach(connection, folder)
    assert rows(connection, "SELECT setting FROM eci.instructions") == [
        ("IND_Diverse_Instruction",)
    ]
    attach(connection, folder, setting="IND_Single_Instruction")
    assert rows(connection, "SELECT setting FROM eci.instructions") == [("IND_Single_Instruction",)]


@pytest.mark.parametrize("split", ["val", "test"])
def test_validation_and_test_rows_are_seen_only_when_asked_for(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, split: str
) -> None:
    folder = write(tmp_path, [row(), row(split=split, input='{"query": "b", "product": "c"}')])
    assert attach(connection, folder).test_rows == 1
    assert rows(connection, "SELECT split FROM eci.instructions") == [("train",)]
    assert attach(connection, folder, allow_test=True).test_rows == 0
    assert rows(connection, "SELECT split FROM eci.instructions ORDER BY 1") == [
        ("test",),
        ("train",),
    ]


def test_a_setting_out_of_domain_is_test_data_whatever_its_split(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = write(tmp_path, [row(setting="OOD_Diverse_Instruction")])
    with pytest.raises(SourceError, match="--allow-test eci"):
        attach(connection, folder, setting="OOD_Diverse_Instruction")
    attach(connection, folder, setting="OOD_Diverse_Instruction", allow_test=True)
    assert rows(connection, "SELECT split FROM eci.instructions") == [("test",)]


def test_both_spellings_of_a_task_are_one_task(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    attach(connection, write(tmp_path, [row(task=name) for name in TASKS]))
    found = rows(connection, "SELECT task, count(DISTINCT id) FROM eci.instructions GROUP BY 1")
    assert dict(found) == dict.fromkeys(TASKS.values(), 1)


def test_a_file_without_settings_is_noted_and_its_repeated_rows_are_taken_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    plain = [
        {name: row()[name] for name in ("task", "input", "output")} | {"instruction": wording}
        for wording in ("One way.", "Another way.")
    ]
    other = plain[0] | {"output": "no"}
    attached = attach(connection, write(tmp_path, [*plain, other]))
    assert [(each.cause, each.rows) for each in attached.quarantined] == [
        ("setting-column-missing", 0),
        ("split-column-missing", 0),
    ]
    assert attached.rows == visible(connection) == 2
    # Contradicting rows share their id, so that a view can drop both.
    assert rows(connection, "SELECT count(DISTINCT id) FROM eci.instructions") == [(1,)]


def test_without_settings_a_sample_that_is_also_a_test_row_is_a_test_row(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    plain = {name: value for name, value in row().items() if name != "setting"}
    other = plain | {"input": '{"query": "b", "product": "c"}'}
    attached = attach(connection, write(tmp_path, [plain, plain | {"split": "test"}, other]))
    assert (attached.rows, attached.test_rows, visible(connection)) == (2, 1, 1)


def test_unusable_rows_are_set_aside_by_cause(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = write(
        tmp_path,
        [
            row(),
            row(output=None),
            row(input=""),
            row(task="Poetry"),
            row(setting="IND_Other"),
            row(split="dev"),
            row(setting=None),
        ],
        lines=True,
    )
    with (folder / "dataset.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"task": \n')
    attached = attach(connection, folder)
    assert {each.cause: each.rows for each in attached.quarantined} == {
        "json-malformed": 1,
        "setting-unknown": 1,
        "split-unknown": 1,
        "task-unknown": 1,
        "value-missing": 3,
    }
    assert attached.rows == visible(connection) + 7
    assert all(each.examples for each in attached.quarantined)


@pytest.mark.parametrize(
    "content",
    ["", "version https://git-lfs.github.com/spec/v1\n", '[{"task": "x",', "[]", '[{"a": 1}]'],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: str
) -> None:
    (tmp_path / "dataset.json").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        attach(connection, tmp_path)
    assert "\n" not in str(refused.value)
    assert "fetch" in str(refused.value) or "git lfs" in str(refused.value)


@pytest.mark.parametrize("nothing", [None, "", "None", "null"])
def test_options_that_are_nothing_are_null(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, nothing: str | None
) -> None:
    attach(connection, write(tmp_path, [row(options=nothing)]))
    assert rows(connection, "SELECT options FROM eci.instructions") == [(None,)]


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"])
    | st.sampled_from(" '\"\\,[]"),
    max_size=12,
)


@settings(max_examples=30)
@given(st.lists(st.lists(TEXT, min_size=1, max_size=5), min_size=1, max_size=8))
def test_options_are_read_as_json_and_as_python_prints_them(
    tmp_path_factory: pytest.TempPathFactory, lists: list[list[str]]
) -> None:
    folder = write(
        tmp_path_factory.mktemp("options"),
        [
            row(input=f'{{"query": "{number}"}}', options=form(each))
            for number, each in enumerate(lists)
            for form in (json.dumps, repr)
            if not (form is repr and any(re.search(r"\\[xuU]", repr(t)) for t in each))
        ],
    )
    with duckdb.connect() as connection:
        attach(connection, folder)
        found = rows(connection, "SELECT input, options FROM eci.instructions")
    for text, options in found:
        assert options == lists[int(json.loads(text)["query"])]


def test_fields_are_strict_json_or_null(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    record = {"title": "a: NaN, b", "description": float("nan"), "price": "nan"}
    pair = {"Product 1:": "Pan &quot;XL&quot;", "Product 2:": "Lid"}
    upstream = [
        row(task="Product_Matching", input=json.dumps({"product 1": record})),
        row(task="Product_Relation_Prediction", input=json.dumps(pair), options='["A: buy"]'),
        row(task="Sentiment_Analysis", input="It is fine.\n{really}"),
        row(task="Answer_Generation", input='{"question": "cut off'),
        row(task="Sequential_Recommendation", input="['1st: A', \"2nd: B's\"]"),
    ]
    attach(connection, write(tmp_path, upstream))
    found = dict(rows(connection, "SELECT task, fields FROM eci.instructions"))
    strict = {
        task: text and json.loads(text, parse_constant=pytest.fail) for task, text in found.items()
    }
    assert strict == {
        "Product_Matching": {"product 1": record | {"description": None}},
        "Product_Relation_Prediction": {"Product 1": "Pan &quot;XL&quot;", "Product 2": "Lid"},
        "Sentiment_Analysis": None,
        "Answer_Generation": None,
        "Sequential_Recommendation": None,
    }


def test_ids_and_rows_are_the_same_over_a_file_in_another_order(tmp_path: Path) -> None:
    digests = []
    for shuffled, threads in ((False, 1), (True, 4)):
        with duckdb.connect(config={"threads": threads}) as connection:
            attach(connection, copy_bundled(tmp_path / str(shuffled), shuffled=shuffled))
            digests.append(rows(connection, "FROM eci.instructions ORDER BY ALL"))
    assert digests[0] == digests[1]


def test_objects_are_read_with_their_missing_values() -> None:
    text = '{"product 1": {"title": "x", "description": NaN, "price": "nan"}, "Product 2:": "y"}'
    assert read_object(text) == {
        "product 1": {"title": "x", "description": None, "price": None},
        "Product 2": "y",
    }
    for bad in ("plain text", "[1]", '{"a": '):
        with pytest.raises(FieldsError):
            read_object(bad)


@given(st.lists(TEXT, max_size=6))
def test_printed_lists_are_read_back(items: list[str]) -> None:
    assert read_list(repr(items)) == read_list(json.dumps(items)) == items


@pytest.mark.parametrize("bad", ["", "a, b", "[1, 2]", "__import__('os')", "['a'"])
def test_what_is_no_list_of_texts_is_refused(bad: str) -> None:
    with pytest.raises(FieldsError):
        read_list(bad)


def test_letters_and_places_before_texts_are_taken_away() -> None:
    assert without_letter("A: very positive") == "very positive"
    assert without_ordinal("22nd: Pan: 3rd Edition") == "Pan: 3rd Edition"


@pytest.mark.parametrize(
    ("output", "place"),
    [("B", 1), ("b.", 1), ("(C)", 2), ("C: a lid", 2), ("a lid", 2), (" A: a pan ", 0)],
)
def test_an_answer_names_its_option_by_letter_or_by_text(output: str, place: int) -> None:
    assert chosen(output, ["A: a pan", "B: a pot", "C: a lid"]) == place


@pytest.mark.parametrize("output", ["", "D", "Because", "none of them"])
def test_an_answer_that_names_no_option_is_refused(output: str) -> None:
    with pytest.raises(FieldsError):
        chosen(output, ["A: a pan", "B: a pot"])


def test_orders_and_yes_and_no_are_read_or_refused() -> None:
    assert ranked("B,A,C", ["A: x", "B: y", "C: z"]) == [1, 0, 2]
    assert (said_yes(" Yes. "), said_yes("no")) == (True, False)
    for bad in ("A", "A,A", "A,B,D", ""):
        with pytest.raises(FieldsError):
            ranked(bad, ["A: x", "B: y", "C: z"])
    with pytest.raises(FieldsError):
        said_yes("maybe")


def test_values_that_are_absent_are_left_out() -> None:
    output = (
        '[{"attribute": "Color", "value": "black", "source": "product title"}, '
        '{"attribute": "Type", "value": "None", "source": "None"}]'
    )
    assert read_values(output) == [("Color", "black", "product title")]
    with pytest.raises(FieldsError):
        read_values("Color: black")


def _excerpt(name: str) -> list[dict[str, Any]]:
    path = EXCERPTS / name
    if not path.is_file():
        pytest.skip(f"the real excerpt {path} is not here")
    text = path.read_text(encoding="utf-8")
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    loaded: list[dict[str, Any]] = json.loads(text)
    return loaded


def test_real_gold_rows_are_read_whole(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    upstream = _excerpt("ecinstruct_150_gold_rows.jsonl")
    attached = attach(connection, write(tmp_path, upstream, lines=True))
    assert attached.rows == visible(connection) == len(upstream)
    assert {each.cause for each in attached.quarantined} == {
        "setting-column-missing",
        "split-column-missing",
    }
    for task, text, options, output in rows(
        connection, "SELECT task, input, options, output FROM eci.instructions"
    ):
        if task == "Query_Product_Rank":
            items = read_object(text)["product list"]
            assert sorted(ranked(output, items)) == list(range(len(items)))
        elif options is not None:
            assert options[chosen(output, options)] == output
    # Four rows of the excerpt are 1-shot prompts, whose options could not be parted from the text.
    found = rows(connection, "SELECT count(options) FROM eci.instructions WHERE task NOT LIKE 'Q%'")
    assert found == [(96,)]


@pytest.mark.parametrize(
    "task",
    [
        "Multiclass_Product_Classification",
        "Product_Matching",
        "Product_Relation_Prediction",
        "Product_Substitute_Identification",
    ],
)
def test_real_inputs_are_read_whole(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, task: str
) -> None:
    upstream = []
    for each in _excerpt(f"unicommerce_{task}.first300.RELABELLED_OUTPUTS.json"):
        text, _, options = each["input"].partition("\noptions: ")
        upstream.append(each | {"task": task, "input": text, "options": options or None})
    attached = attach(connection, write(tmp_path, upstream))
    distinct = {(each["input"], each["options"], each["output"]) for each in upstream}
    assert attached.rows == visible(connection) == len(distinct)
    for text, fields, options in rows(
        connection, "SELECT input, fields, options FROM eci.instructions"
    ):
        assert read_object(fields) == read_object(text)
        assert (options is None) == (
            task in ("Product_Matching", "Product_Substitute_Identification")
        )
