"""The AE-110K adapter over the authors' triples and over ExtractGPT's files."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.errors import SourceError
from factory.sources.ae_110k import Ae110kOptions, Ae110kSource
from factory.sources.base import AttachedSource
from tests.conftest import SHARED

from .ae_110k_files import BUNDLED, TRIPLES, copy_bundled, write_triples
from .oa_mine_files import scored, write_lines

WHOLE = SHARED / "data" / "oa_mine_ae110k" / "extractgpt" / "ae-110k"


def attach(
    connection: duckdb.DuckDBPyConnection, path: Path | str, *, allow_test: bool = False
) -> AttachedSource:
    return Ae110kSource().attach(
        connection, "ae", str(path), Ae110kOptions(), allow_test=allow_test
    )


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def test_research_use_is_said_in_the_licence():
    assert Ae110kSource.licence == "LicenseRef-academic-research-only"


def test_triples_of_one_title_are_one_row(connection, tmp_path):
    title = "Summer Women Print Dress"
    triples = [(title, "Season", "Summer"), (title, "Material", "NULL"), (title, "Gender", "Women")]
    write_triples(tmp_path, triples)

    attached = attach(connection, tmp_path)

    assert (attached.rows, attached.test_rows, attached.quarantined) == (3, 0, ())
    ((text, category, split, entities),) = rows(
        connection, "SELECT text, category, split, entities FROM ae.spans"
    )
    assert (text, category, split) == (title, None, "train")
    assert [tuple(entity.values()) for entity in entities] == [
        ("Season", "Summer", 0, 6),
        ("Gender", "Women", 7, 12),
        ("Material", None, None, None),
    ]


def test_stray_blanks_in_the_name_of_an_attribute_are_normalised(connection, tmp_path):
    write_triples(tmp_path, [("A red cap", " Main  Color ", " red ")])

    attach(connection, tmp_path)

    found = rows(connection, "SELECT unnest(entities, recursive := true) FROM ae.spans")
    assert found == [("Main Color", "red", 2, 5)]


@pytest.mark.parametrize(
    ("triples", "category"),
    [
        ([("Type", "Cap"), ("Item Type", "Red Cap")], "Red Cap"),
        ([("Type", "Cap"), ("category", "A")], "A"),
        ([("Item Type", "NULL"), ("Type", "Cap")], "Cap"),
        ([("Color", "Red")], None),
    ],
)
def test_the_category_is_the_value_of_the_items_type(connection, tmp_path, triples, category):
    write_triples(tmp_path, [("A Red Cap", *triple) for triple in triples])

    attach(connection, tmp_path)

    assert rows(connection, "SELECT category FROM ae.spans") == [(category,)]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        (("A cap", "Color"), "not-three-fields"),
        (("A cap", "Color", "red", "x"), "not-three-fields"),
        (("A cap",), "not-three-fields"),
        ((" ", "Color", "red"), "value-missing"),
        (("A cap", " ", "red"), "value-missing"),
        (("A cap", "Color", ""), "value-missing"),
    ],
)
def test_a_line_that_is_no_triple_is_set_aside(connection, tmp_path, fields, cause):
    write_triples(tmp_path, [("A red cap", "Color", "red"), fields])

    attached = attach(connection, tmp_path)

    (fault,) = attached.quarantined
    assert (attached.rows, fault.cause, fault.rows) == (2, cause, 1)
    assert fault.examples[0].startswith(f"{TRIPLES}:2: ")


def test_lines_are_parted_by_line_feeds_alone(connection, tmp_path):
    write_triples(tmp_path, [("A red\u2028cap\x0b", "Color", "red")])

    assert attach(connection, tmp_path).rows == 1
    assert rows(connection, "SELECT text FROM ae.spans") == [("A red\u2028cap\x0b",)]


def test_several_values_of_an_attribute_are_several_entities(connection, tmp_path):
    write_lines(
        tmp_path / "train.jsonl", [scored("Carbon and metal rod", Material=["Carbon", "metal"])]
    )

    attach(connection, tmp_path)

    found = rows(connection, "SELECT unnest(entities, recursive := true) FROM ae.spans")
    assert found == [("Material", "Carbon", 0, 6), ("Material", "metal", 11, 16)]


def test_a_folder_without_either_form_is_refused(connection, tmp_path):
    write_lines(tmp_path / "dev.jsonl", [scored("A cap")])

    with pytest.raises(SourceError, match="looked for 'train") as caught:
        attach(connection, tmp_path)
    assert "\n" not in str(caught.value)


def test_the_bundled_titles_are_whole_in_both_forms(connection):
    attached = attach(connection, "bundled", allow_test=True)
    assert attached.quarantined == ()
    titles = rows(connection, "SELECT DISTINCT text FROM ae.spans ORDER BY text")
    absent = "FROM (SELECT unnest(entities, recursive := true) FROM ae.spans) WHERE value IS NULL"
    assert rows(connection, f"SELECT count(*) >= 200 {absent}") == [(True,)]

    attached = attach(connection, BUNDLED / TRIPLES)
    assert [(fault.cause, fault.rows) for fault in attached.quarantined] == [
        ("not-three-fields", 1)
    ]
    assert rows(connection, "SELECT DISTINCT text FROM ae.spans ORDER BY text") == titles
    assert len(titles) >= 300


@pytest.mark.parametrize("form", [".", TRIPLES])
def test_the_order_of_lines_changes_nothing(connection, tmp_path, form):
    tables = []
    for shuffled in (False, True):
        folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
        attach(connection, folder / form)
        tables.append(rows(connection, "SELECT * FROM ae.spans ORDER BY id"))
    assert tables[0] == tables[1]


@pytest.mark.skipif(not WHOLE.is_dir(), reason="the data set is not here")
def test_the_whole_of_extractgpts_part_is_read(connection):
    attached = attach(connection, WHOLE)
    assert (attached.rows, attached.test_rows, attached.quarantined) == (1568 + 524, 524, ())
    entities = "(SELECT unnest(entities, recursive := true) FROM ae.spans)"
    # Of 636 marks "n/a" six stand beside a value of the same attribute, which the title states.
    assert rows(connection, f"SELECT count(*) FROM {entities} WHERE value IS NULL") == [(630,)]
    # Every other value is a part of its title.
    unplaced = f"SELECT count(*) FROM {entities} WHERE value IS NOT NULL AND start IS NULL"
    assert rows(connection, unplaced) == [(0,)]
