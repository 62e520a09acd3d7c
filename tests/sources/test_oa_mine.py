"""The OA-Mine adapter over small files in both upstream forms, and over the whole data set."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.errors import SourceError
from factory.sources.base import TABLES, AttachedSource
from factory.sources.oa_mine import OaMineOptions, OaMineSource
from tests.conftest import SHARED

from .oa_mine_files import BUNDLED, annotated, copy_bundled, scored, write_lines

WHOLE = SHARED / "data" / "oa_mine_ae110k" / "extractgpt" / "oa-mine"
TITLE = "Crocs Women's Jayna Ballet Flat, Nautical Navy, 4 M US"


def attach(
    connection: duckdb.DuckDBPyConnection, path: Path | str, *, allow_test: bool = False
) -> AttachedSource:
    return OaMineSource().attach(
        connection, "oa_mine", str(path), OaMineOptions(), allow_test=allow_test
    )


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def spans(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    return rows(connection, "SELECT * FROM oa_mine.spans ORDER BY id")


def test_the_table_has_the_columns_and_types_of_the_house(connection, tmp_path):
    write_lines(tmp_path / "train.jsonl", [scored(TITLE, Brand="Crocs")])

    attached = attach(connection, tmp_path)

    assert attached.tables == ("spans",)
    described = rows(connection, "DESCRIBE oa_mine.spans")
    plain = {name: kind.replace('"', "") for name, kind in TABLES["spans"].items()}
    assert {row[0]: row[1].replace('"', "") for row in described} == plain


def test_a_value_is_placed_where_it_stands_in_the_title(connection, tmp_path):
    write_lines(tmp_path / "train.jsonl", [scored(TITLE, Color="Nautical Navy", Brand="Crocs")])

    attach(connection, tmp_path)

    found = rows(connection, "SELECT text, unnest(entities, recursive := true) FROM oa_mine.spans")
    assert [row[1:] for row in found] == [
        ("Brand", "Crocs", 0, 5),
        ("Color", "Nautical Navy", 33, 46),
    ]
    assert all(text[start:end] == value for text, _, value, start, end in found)


def test_not_available_is_an_entity_without_a_value(connection, tmp_path):
    write_lines(tmp_path / "train.jsonl", [scored(TITLE, Material="n/a")])

    attach(connection, tmp_path)

    entities = "SELECT unnest(entities, recursive := true) FROM oa_mine.spans"
    assert rows(connection, entities) == [("Material", None, None, None)]


def test_a_line_in_the_test_part_is_seen_only_where_allowed(connection, tmp_path):
    write_lines(tmp_path / "train.jsonl", [scored("A red shoe", Color="red"), scored("A b c")])
    # A title of the test part stays of it, however it is written again.
    write_lines(tmp_path / "test.jsonl", [scored("a  RED shoe", Color="RED")])

    attached = attach(connection, tmp_path)
    assert (attached.rows, attached.test_rows) == (3, 2)
    assert rows(connection, "SELECT text, split FROM oa_mine.spans") == [("A b c", "train")]

    attached = attach(connection, tmp_path, allow_test=True)
    assert (attached.rows, attached.test_rows) == (3, 0)
    splits = rows(connection, "SELECT text, split FROM oa_mine.spans ORDER BY text")
    assert splits == [("A b c", "train"), ("A red shoe", "test"), ("a  RED shoe", "test")]


def test_lines_of_one_title_are_one_row(connection, tmp_path):
    write_lines(
        tmp_path / "train.jsonl",
        [scored(TITLE, Brand="Crocs", Size="n/a"), scored(TITLE, Brand="Crocs", Size="4 M US")],
    )

    assert attach(connection, tmp_path).rows == 2
    ((found,),) = rows(connection, "SELECT entities FROM oa_mine.spans")
    assert [(entity["type"], entity["value"]) for entity in found] == [
        ("Brand", "Crocs"),
        ("Size", "4 M US"),
    ]


def test_an_excerpt_beside_the_whole_is_not_read(connection, tmp_path):
    write_lines(tmp_path / "train.jsonl", [scored(TITLE, Brand="Crocs")])
    write_lines(tmp_path / "train_0.2.jsonl", [scored(TITLE, Brand="Crocs")])

    assert attach(connection, tmp_path).rows == 1
    assert attach(connection, tmp_path / "train_0.2.jsonl").rows == 1


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("{", "line-malformed"),
        ("[1]", "line-malformed"),
        ('{"input": "\\ud800", "category": "a", "target_scores": {}}', "line-malformed"),
        ('{"category": "Shoes", "target_scores": {}}', "value-missing"),
        ('{"input": " ", "category": "Shoes", "target_scores": {}}', "value-missing"),
        ('{"input": "A shoe", "category": "Shoes"}', "value-missing"),
        ('{"input": "A shoe", "target_scores": {"Color": "red"}}', "scores-malformed"),
    ],
)
def test_an_unusable_line_is_set_aside_with_its_place(connection, tmp_path, line, cause):
    write_lines(tmp_path / "train.jsonl", [scored(TITLE, Brand="Crocs"), line])

    attached = attach(connection, tmp_path)

    (fault,) = attached.quarantined
    assert (attached.rows, fault.cause, fault.rows) == (2, cause, 1)
    assert fault.examples[0].startswith("train.jsonl:2: ")
    assert len(spans(connection)) == 1


def test_a_line_that_is_not_utf_8_is_set_aside(connection, tmp_path):
    file = write_lines(tmp_path / "train.jsonl", [scored(TITLE, Brand="Crocs")])
    file.write_bytes(file.read_bytes() + b'{"input": "caf\xe9"}\n\n')

    attached = attach(connection, tmp_path)

    assert attached.rows == 2
    assert [fault.cause for fault in attached.quarantined] == ["line-not-utf-8"]


def test_annotations_name_their_category_by_the_file(connection, tmp_path):
    write_lines(
        tmp_path / "annotations" / "laundry_detergent.jsonl",
        [annotated("Tide Pods, 32 Count", ("Brand", "Tide", 0, 4), ("Net content", "32", 11, 13))],
    )
    write_lines(tmp_path / "raw" / "laundry_detergent.jsonl", [{"asin": "B0", "title": "Tide"}])

    attached = attach(connection, tmp_path)

    assert (attached.rows, attached.quarantined) == (1, ())
    category, entities = rows(connection, "SELECT category, entities FROM oa_mine.spans")[0]
    assert category == "Laundry Detergent"
    assert [tuple(entity.values()) for entity in entities] == [
        ("Brand", "Tide", 0, 4),
        ("Net content", "32", 11, 13),
    ]


def test_an_offset_that_is_wrong_is_found_again_or_left_out(connection, tmp_path):
    title = "Tide Pods, 32 Count"
    entities = [("Brand", "Tide", 3, 9), ("Scent", "Lavender", 0, 8)]
    write_lines(tmp_path / "annotations" / "detergent.jsonl", [annotated(title, *entities)])

    attach(connection, tmp_path)

    found = rows(connection, "SELECT unnest(entities, recursive := true) FROM oa_mine.spans")
    assert found == [("Brand", "Tide", 0, 4), ("Scent", "Lavender", None, None)]


def test_files_of_two_data_sets_are_refused(connection, tmp_path):
    for name in ("oa-mine", "ae-110k"):
        write_lines(tmp_path / name / "train.jsonl", [scored(TITLE, Brand="Crocs")])

    with pytest.raises(SourceError, match="the folder of one data set") as caught:
        attach(connection, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"train.jsonl": ["{"]}, "1 lines line-malformed"),
        ({"train.jsonl": []}, "is empty"),
        ({"train.jsonl": [scored("A b")], "test.jsonl": [scored("A b")]}, "--allow-test oa_mine"),
        ({"train.csv": ["a,b"]}, "looked for"),
    ],
)
def test_files_without_a_usable_line_are_refused_in_one_line(connection, tmp_path, files, said):
    for name, lines in files.items():
        write_lines(tmp_path / name, lines)

    with pytest.raises(SourceError, match=said) as caught:
        attach(connection, tmp_path)
    assert "\n" not in str(caught.value)


def test_the_bundled_titles_are_whole_in_both_forms(connection):
    query = "SELECT text, category, [(e.type, e.value) FOR e IN entities] FROM oa_mine.spans"
    forms = []
    for path in ("bundled", BUNDLED / "annotations"):
        assert attach(connection, path, allow_test=True).quarantined == ()
        forms.append({text: (kind, sorted(said)) for text, kind, said in rows(connection, query)})
        misplaced = 'text["start" + 1 : "end"] IS DISTINCT FROM value'
        found = "(SELECT text, unnest(entities, recursive := true) FROM oa_mine.spans)"
        assert rows(connection, f"SELECT text, value FROM {found} WHERE {misplaced}") == []
    assert forms[0] == forms[1]
    assert len(forms[0]) >= 300


@pytest.mark.parametrize("allow_test", [False, True])
def test_the_order_of_lines_changes_nothing(connection, tmp_path, allow_test):
    tables = []
    for shuffled in (False, True):
        folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
        attach(connection, folder, allow_test=allow_test)
        tables.append(spans(connection))
    assert tables[0] == tables[1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    titles=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), min_size=1
    )
)
def test_any_title_comes_through_as_it_is(tmp_path, titles):
    write_lines(tmp_path / "train.jsonl", [scored(title, Brand=title.strip()) for title in titles])
    with duckdb.connect() as connection:
        attached = attach(connection, tmp_path)
        assert (attached.rows, attached.quarantined) == (len(titles), ())
        assert {row[2] for row in spans(connection)} == set(titles)


@pytest.mark.skipif(not WHOLE.is_dir(), reason="the data set is not here")
def test_the_whole_data_set_is_read(connection):
    attached = attach(connection, WHOLE)
    assert (attached.rows, attached.quarantined) == (1452 + 491, ())
    visible = rows(connection, "SELECT count(*), count(DISTINCT id) FROM oa_mine.spans")
    # Two lines are repeated, and three titles also stand in the test part.
    assert visible == [(1447, 1447)]
    assert attached.test_rows == 494
    absent = "SELECT count(*) FROM (SELECT unnest(entities, recursive := true) FROM oa_mine.spans)"
    assert rows(connection, f"{absent} WHERE start IS NULL") == [(0,)]
