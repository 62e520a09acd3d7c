from pathlib import Path

import duckdb
import pytest

from factory.errors import SourceError
from factory.sources import TABLES, source_rows
from factory.sources.esci import EsciOptions, EsciSource
from factory.sources.lookup import behind
from factory.sources.tables import TablesSource
from factory.sources.tables_options import TablesOptions

from .esci_files import judgement, product, write_upstream

HOSTILE = "B'); DROP SCHEMA esci; --:x"


@pytest.fixture
def attached(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    judged = [
        judgement(1, product_id="A", esci_label="S"),
        judgement(2, product_id="B"),
        judgement(3, product_id=HOSTILE, query_id=8),
        judgement(4, product_id="T", split="test"),
    ]
    sold = [product("A"), product("A", product_locale="jp"), product(HOSTILE)]
    write_upstream(tmp_path, judged, sold)
    EsciSource().attach(connection, "my esci", str(tmp_path), EsciOptions(), allow_test=False)
    return connection


def test_rows_come_in_the_order_of_their_ids_with_their_table(
    attached: duckdb.DuckDBPyConnection,
) -> None:
    ids = ["product:jp:A", "judgement:7:us:A", "query:us:7", "product:jp:A"]
    found = source_rows(attached, "my esci", ids)
    assert [(row["source_id"], row["table"], row["product_id"]) for row in found] == [
        ("product:jp:A", "products", "A"),
        ("judgement:7:us:A", "judgements", "A"),
        ("query:us:7", "judgements", "A"),
        ("query:us:7", "judgements", "B"),
    ]
    assert found[0]["locale"] == "jp"
    assert found[1]["label"] == "S"
    assert list(found[0]) == ["source_id", "table", *TABLES["products"]]


def test_hostile_ids_are_values(attached: duckdb.DuckDBPyConnection) -> None:
    found = source_rows(attached, "my esci", [f"product:us:{HOSTILE}", f"judgement:8:us:{HOSTILE}"])
    assert [row["product_id"] for row in found] == [HOSTILE, HOSTILE]


def test_ids_without_a_visible_row_yield_none(attached: duckdb.DuckDBPyConnection) -> None:
    assert (
        source_rows(attached, "my esci", ["product:us:Z", "judgement:7:us:T", "query:us:99"]) == []
    )


@pytest.mark.parametrize("bad", ["", "A", "product:A", "product::A", "review:1", "judgement:7:us"])
def test_ids_of_another_form_are_refused(attached: duckdb.DuckDBPyConnection, bad: str) -> None:
    with pytest.raises(SourceError, match="is no source id"):
        source_rows(attached, "my esci", [bad])


def test_a_source_that_is_not_attached_is_named(attached: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SourceError, match="no table 'products' of the source 'other'"):
        source_rows(attached, "other", ["product:us:A"])


def test_ids_of_a_shops_own_may_hold_colons(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    product_id, query_id = "gid://shop/Product/1:us:b", "web:7"
    (tmp_path / "products.csv").write_text(f"product_id,locale,title\n{product_id},us,Lamp\n")
    (tmp_path / "judgements.csv").write_text(
        f"query_id,query,product_id,locale,label\n{query_id},lamp,{product_id},us,E\n"
    )
    TablesSource().attach(connection, "shop", str(tmp_path), TablesOptions(), allow_test=False)
    source_id = f"judgement:{query_id}:us:{product_id}"
    found = source_rows(connection, "shop", [source_id, *behind(source_id)])
    assert [(row["table"], row["product_id"]) for row in found] == [
        ("judgements", product_id),
        ("judgements", product_id),
        ("products", product_id),
    ]
    assert behind(source_id) == (f"query:us:{query_id}", f"product:us:{product_id}")
