"""A shop's own data: mapped, cast, checked, whatever it is kept in; and the bundled shop."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from factory.errors import SourceError
from factory.sources.base import TABLES, AttachedSource
from factory.sources.tables import TablesSource
from factory.sources.tables_database import database_shown
from factory.sources.tables_options import TablesOptions
from tests.sources.tables_files import (
    MAPPING,
    PRODUCTS,
    copy_bundled,
    write_csv,
    write_lines,
    write_sqlite,
)

EXPECTED = [
    ("L-1", "us", "Desk lamp", ["bright", "small"], ["Home", "Lighting", "Desk lamp"], 19.9, "EUR",
     {"Power": "9 W"}, None),
    ("L-2", "us", "Floor lamp", [], ["Home", "Lighting", "Floor lamp"], 89.0, "EUR", None, None),
]  # fmt: skip
READ = (
    "SELECT product_id, locale, title, coalesce(bullets, []), category, price, currency, "
    "attributes, description FROM shop.products ORDER BY product_id"
)


def attach(
    connection: duckdb.DuckDBPyConnection,
    path: Path | str,
    tables: Mapping[str, Any] | None = None,
    *,
    allow_test: bool = False,
) -> AttachedSource:
    options = TablesOptions.model_validate({"tables": tables or {}})
    return TablesSource().attach(connection, "shop", str(path), options, allow_test=allow_test)


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


@pytest.fixture
def connection() -> Any:
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    "file", ["p.csv", "p.tsv", "p.jsonl", "p.jsonl.gz", "p.parquet", "semicolons.csv"]
)
def test_the_same_products_come_out_of_every_format(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, file: str
) -> None:
    path = tmp_path / file
    if ".jsonl" in file:
        write_lines(path, PRODUCTS)
    elif file.endswith("parquet"):
        write_lines(tmp_path / "p.jsonl", PRODUCTS)
        connection.execute(f"COPY (FROM '{tmp_path}/p.jsonl') TO '{path}'")
    else:
        mark = {"p.tsv": "\t", "p.csv": ",", "semicolons.csv": ";"}[file]
        write_csv(path, PRODUCTS, mark)
    source = attach(connection, tmp_path, {"products": {"file": file, **MAPPING}})
    found = rows(connection, READ)
    assert [(*row[:3], row[3], *row[4:]) for row in found] == EXPECTED
    assert (source.rows, source.quarantined, source.tables) == (2, (), ("products",))
    assert [each.path for each in source.files] == [path]
    described = rows(connection, "DESCRIBE shop.products")
    assert {name: kind for name, kind, *_ in described} == dict(TABLES["products"])


def test_the_same_products_come_out_of_a_database(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_sqlite(tmp_path / "shop.db", "items", PRODUCTS)
    place = {"database": "sqlite:///shop.db"}
    by_table = attach(connection, tmp_path, {"products": {**place, "table": "items", **MAPPING}})
    assert rows(connection, READ) == EXPECTED
    query = "SELECT * FROM items ORDER BY sku DESC"
    by_query = attach(connection, tmp_path, {"products": {**place, "query": query, **MAPPING}})
    assert rows(connection, READ) == EXPECTED
    (one,), (two,) = by_table.files, by_query.files
    assert one.fingerprint == two.fingerprint, "the order of the rows is chance"
    assert str(one.path).endswith("shop.db#items")


def test_a_database_column_may_hold_any_type_in_any_row(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    many = [{**PRODUCTS[0], "sku": str(n), "price": 5} for n in range(3000)]
    many += [{**PRODUCTS[0], "sku": "x", "price": "5,90 EUR"}, {**PRODUCTS[0], "sku": None}]
    write_sqlite(tmp_path / "shop.db", "items", many)
    mapping = {"database": "sqlite:///shop.db", "table": "items", **MAPPING}
    source = attach(connection, tmp_path, {"products": mapping})
    assert source.rows == 3002
    assert {q.cause: q.rows for q in source.quarantined} == {
        "price-malformed": 1,
        "value-missing": 1,
    }
    assert rows(connection, "SELECT count(*) FROM shop.products") == [(3000,)]


def test_a_changed_row_changes_the_fingerprint_of_a_database(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    prints = []
    for number, price in enumerate(("19.90", "19.91")):
        write_sqlite(tmp_path / f"{number}.db", "items", [{**PRODUCTS[0], "price": price}])
        mapping = {"database": f"sqlite:///{number}.db", "table": "items", **MAPPING}
        prints.append(attach(connection, tmp_path, {"products": mapping}).files[0].fingerprint)
    assert prints[0] != prints[1]


def test_unusable_rows_are_set_aside_by_cause_and_counted(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    head = "product_id,locale,title,price\n"
    body = (
        "1,us,Lamp,5\n,us,No id,5\n2,xx,Unknown shop,5\n3,US,Loud locale,\n4,us,Bad price,five\n"
        "5,us,Too,many,columns\n6,us\n7,us,Not a number,nan\n"
    )
    (tmp_path / "products.csv").write_text(head + body, encoding="utf-8")
    source = attach(connection, tmp_path)
    causes = {q.cause: q for q in source.quarantined}
    assert {cause: q.rows for cause, q in causes.items()} == {
        "value-missing": 1,
        "locale-unknown": 1,
        "price-malformed": 2,
        "line-malformed": 2,
    }
    assert "xx" in causes["locale-unknown"].examples[0]
    assert causes["line-malformed"].examples[0].startswith("products: 5,us,Too")
    usable = rows(connection, "SELECT product_id, locale, price FROM shop.products ORDER BY 1")
    assert usable == [("1", "us", 5.0), ("3", "us", None)]
    assert source.rows == len(usable) + sum(q.rows for q in source.quarantined)


def test_lines_that_are_no_objects_are_set_aside(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    good = json.dumps({"product_id": "1", "locale": "de", "bullets": ["a", "b"]})
    (tmp_path / "products.jsonl").write_text(f'{good}\n[1]\n{{"cut\n', encoding="utf-8")
    source = attach(connection, tmp_path)
    assert [(q.cause, q.rows) for q in source.quarantined] == [("line-malformed", 2)]
    assert source.rows == 3
    assert rows(connection, "SELECT bullets FROM shop.products") == [(["a", "b"],)]


def test_labels_splits_and_times_are_spelled_as_the_house_spells_them(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    judged = [
        {
            "query_id": 1,
            "query": "lamp",
            "product_id": 5,
            "locale": "US",
            "label": label,
            "split": s,
        }
        for label, s in (("Exact", "TRAIN"), ("s", "test"), ("c", ""), ("maybe", "train"))
    ]
    write_csv(tmp_path / "judgements.csv", judged)
    said = [
        {"review_id": n, "product_id": 5, "locale": "us", "rating": "4", "timestamp": when}
        for n, when in enumerate(("1714557600000", "2024-05-01 10:00:00", "2024-05-01T10:00:00Z"))
    ]
    write_csv(tmp_path / "reviews.csv", said)
    source = attach(connection, tmp_path)
    assert [(q.cause, q.rows) for q in source.quarantined] == [("label-unknown", 1)]
    assert source.test_rows == 1
    found = rows(connection, "SELECT label, locale, split FROM shop.judgements ORDER BY label")
    assert found == [("C", "us", "train"), ("E", "us", "train")]
    times = rows(connection, "SELECT DISTINCT timestamp FROM shop.reviews")
    assert times == [(1714557600000,)]
    attach(connection, tmp_path, allow_test=True)
    assert rows(connection, "SELECT count(*) FROM shop.judgements") == [(3,)]


def test_without_a_split_every_row_is_for_training(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    pair = {"pair_id": 1, "locale": "us", "left_id": "a", "right_id": "b", "relation": "Same"}
    write_csv(tmp_path / "pairs.csv", [pair])
    attach(connection, tmp_path)
    assert rows(connection, "SELECT relation, split FROM shop.pairs") == [("same", "train")]


def test_a_table_may_be_for_testing_as_a_whole(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    pair = {"pair_id": 1, "locale": "us", "left_id": "a", "right_id": "b", "relation": "same"}
    write_csv(tmp_path / "mine.csv", [pair])
    columns = {name: name for name in pair}
    mapping = {"file": "mine.csv", "columns": columns, "constants": {"split": "test"}}
    with pytest.raises(SourceError, match="have the split 'test'"):
        attach(connection, tmp_path, {"pairs": mapping})
    source = attach(connection, tmp_path, {"pairs": mapping}, allow_test=True)
    assert (source.rows, source.test_rows) == (1, 0)


def test_a_query_is_one_select_and_nothing_else(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_sqlite(tmp_path / "shop.db", "items", PRODUCTS)
    place = {"database": "sqlite:///shop.db", **MAPPING}
    attach(connection, tmp_path, {"products": {**place, "query": "SELECT * FROM items;"}})
    assert rows(connection, READ) == EXPECTED
    for query in ("SELECT 1; DROP TABLE items", "DROP TABLE items", "SELECT * FROM items) --"):
        with pytest.raises(SourceError, match="cannot be read"):
            attach(connection, tmp_path, {"products": {**place, "query": query}})
    inserted = "INSERT INTO items VALUES (1, 2, 3, 4, 5, 6) RETURNING *"
    with pytest.raises(SourceError, match="cannot be read"):
        attach(connection, tmp_path, {"products": {**place, "query": inserted}})
    attach(connection, tmp_path, {"products": {**place, "table": "items"}})
    assert rows(connection, READ) == EXPECTED


def test_a_pattern_takes_files_whose_columns_stand_in_another_order(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_csv(tmp_path / "p1.csv", [{"product_id": "1", "locale": "us", "title": "One"}])
    write_csv(tmp_path / "p2.csv", [{"title": "Two", "locale": "us", "product_id": "2"}])
    attach(connection, tmp_path, {"products": {"file": "p*.csv"}})
    found = rows(connection, "SELECT product_id, title FROM shop.products ORDER BY 1")
    assert found == [("1", "One"), ("2", "Two")]


def test_hostile_names_are_quoted(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    nasty = "x\"; DROP TABLE t; --'"
    row = {nasty: "1", "where": "Lamp"}
    mapping = {"columns": {"product_id": nasty, "title": "where"}, "constants": {"locale": "us"}}
    write_lines(tmp_path / "a.jsonl", [row])
    attach(connection, tmp_path, {"products": {"file": "a.jsonl", **mapping}})
    assert rows(connection, "SELECT product_id, title FROM shop.products") == [("1", "Lamp")]
    constant = {"constants": {"locale": "us", "currency": "x' OR '1"}}
    mapping = {"columns": {"product_id": "where"}, **constant}
    attach(connection, tmp_path, {"products": {"file": "a.jsonl", **mapping}})
    assert rows(connection, "SELECT currency FROM shop.products") == [("x' OR '1",)]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"prodcts": {"file": "a"}}, "did you mean 'products'"),
        ({"products": {"file": "a", "columns": {"titel": "x"}}}, "did you mean 'title'"),
        ({"products": {"file": "a", "columns": {"product_id": "x"}}}, "'locale' is part of"),
        ({"products": {"file": "../a", **MAPPING}}, "must lie in the source's own folder"),
        ({"products": {"file": "/etc/a", **MAPPING}}, "must lie in the source's own folder"),
        ({"products": {**MAPPING}}, "either 'file' or 'database'"),
        ({"products": {"database": "sqlite:///a", **MAPPING}}, "'table' or 'query'"),
        (
            {"products": {"file": "a", "columns": {"title": {"column": "b", "split": ","}},
                          "constants": {"product_id": "1", "locale": "us"}}},
            "is no list",
        ),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_an_error_of_the_recipe(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TablesOptions.model_validate({"tables": tables})


def test_a_missing_column_or_file_names_the_nearest(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_csv(tmp_path / "products.csv", PRODUCTS)
    columns = {**MAPPING["columns"], "product_id": "skus"}
    mapping = {"columns": columns, "constants": MAPPING["constants"]}
    with pytest.raises(SourceError, match="no column 'skus': did you mean 'sku'"):
        attach(connection, tmp_path, {"products": {"file": "products.csv", **mapping}})
    with pytest.raises(SourceError, match=r"did you mean 'products\.csv'"):
        attach(connection, tmp_path, {"products": {"file": "product.csv", **MAPPING}})
    with pytest.raises(SourceError, match="no column 'product_id', which is part of the key"):
        attach(connection, tmp_path)
    write_sqlite(tmp_path / "shop.db", "items", PRODUCTS)
    place = {"database": "sqlite:///shop.db", "table": "items"}
    with pytest.raises(SourceError, match="no column 'skus': did you mean 'sku'"):
        attach(connection, tmp_path, {"products": {**place, **mapping}})


def test_a_damaged_file_is_one_clear_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "products.parquet").write_bytes(b"no parquet")
    with pytest.raises(SourceError, match="not a Parquet file") as error:
        attach(connection, tmp_path)
    assert "\n" not in str(error.value)
    (tmp_path / "products.parquet").unlink()
    with pytest.raises(SourceError, match="no file named as a table is"):
        attach(connection, tmp_path)
    (tmp_path / "products.csv").write_text("product_id,locale\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no usable row"):
        attach(connection, tmp_path)


def test_only_what_is_mapped_is_offered() -> None:
    options = TablesOptions.model_validate({"tables": {"products": {"file": "a.csv", **MAPPING}}})
    offered = TablesSource().offers(options)
    assert list(offered) == ["products"]
    assert set(offered["products"]) == {*MAPPING["columns"], *MAPPING["constants"]}
    assert set(TablesSource().offers(TablesOptions())) == set(TABLES)


def test_a_password_is_never_shown() -> None:
    address = "postgresql://me:secret@db.example/shop?password=secret"
    assert database_shown(address) == "postgresql://db.example/shop"
    mapping = {"database": address, "table": "items", **MAPPING}
    options = TablesOptions.model_validate({"tables": {"products": mapping}})
    assert "secret" not in json.dumps(options.model_dump(mode="json"))


def test_a_variable_that_is_not_set_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sqlite(tmp_path / "shop.db", "items", PRODUCTS)
    mapping = {"database": "sqlite:///${SHOP_NAME}.db", "table": "items", **MAPPING}
    monkeypatch.delenv("SHOP_NAME", raising=False)
    with pytest.raises(SourceError, match="needs the environment variable SHOP_NAME"):
        attach(connection, tmp_path, {"products": mapping})
    monkeypatch.setenv("SHOP_NAME", "shop")
    attach(connection, tmp_path, {"products": mapping})
    assert rows(connection, READ) == EXPECTED


@pytest.mark.skipif("FACTORY_TEST_POSTGRES" not in os.environ, reason="no PostgreSQL to test with")
def test_the_same_products_come_out_of_postgresql(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    import adbc_driver_postgresql.dbapi as postgresql

    with (
        postgresql.connect(os.environ["FACTORY_TEST_POSTGRES"]) as database,
        database.cursor() as cursor,
    ):
        cursor.execute("DROP TABLE IF EXISTS factory_items")
        cursor.execute(
            "CREATE TABLE factory_items (sku text, name text, features text[], path text, "
            "price numeric(9, 2), specs jsonb)"
        )
        cursor.execute(
            "INSERT INTO factory_items VALUES ('L-1', 'Desk lamp', '{bright,small}', "
            "'Home > Lighting > Desk lamp', 19.90, '{\"Power\": \"9 W\"}'), ('L-2', 'Floor lamp', "
            "'{}', 'Home > Lighting > Floor lamp', 89, NULL)"
        )
        database.commit()
    columns = {**MAPPING["columns"], "bullets": "features"}
    mapping = {"columns": columns, "constants": MAPPING["constants"]}
    place = {"database": "${FACTORY_TEST_POSTGRES}", "table": "public.factory_items"}
    attach(connection, tmp_path, {"products": {**place, **mapping}})
    assert rows(connection, READ) == EXPECTED


def test_the_bundled_shop_has_every_table_in_four_languages(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    source = attach(connection, "bundled", allow_test=True)
    assert set(source.tables) == set(TABLES) - {"instructions"}
    assert source.quarantined == ()
    for table in source.tables:
        found = rows(connection, f"SELECT DISTINCT locale FROM shop.{table} ORDER BY 1")
        assert found == [("cn",), ("es",), ("jp",), ("us",)], table


def test_attaching_shuffled_copies_gives_the_same_tables(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    copy = copy_bundled(tmp_path / "copy", shuffled=True)
    for table in attach(connection, copy).tables:
        connection.execute(f"CREATE TABLE seen_{table} AS FROM shop.{table}")
    with duckdb.connect() as other:
        for table in attach(other, "bundled").tables:
            sql = f"SELECT count(*), bit_xor(md5_number(to_json(t)::VARCHAR)) FROM {{}}{table} AS t"
            assert rows(other, sql.format("shop.")) == rows(connection, sql.format("seen_"))


SKUS = {"columns": {"product_id": "sku", "title": "name", "price": "price"}}


def parquet(connection: duckdb.DuckDBPyConnection, path: Path, select: str) -> None:
    connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


def test_a_number_that_is_none_is_no_price(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    prices = "(VALUES ('a', 1.5::DOUBLE), ('b', 'nan'::DOUBLE), ('c', 'inf'::DOUBLE))"
    parquet(connection, tmp_path / "p.parquet", f"SELECT * FROM {prices} AS t(sku, price)")
    mapping = {
        "file": "p.parquet",
        "columns": {"product_id": "sku", "price": "price"},
        "constants": {"locale": "us"},
    }
    source = attach(connection, tmp_path, {"products": mapping})
    found = rows(connection, "SELECT product_id, price FROM shop.products ORDER BY ALL")
    assert found == [("a", 1.5), ("b", None)]
    assert {q.cause: q.rows for q in source.quarantined} == {"price-malformed": 1}


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT"])
def test_a_whole_number_that_pandas_made_a_float_is_an_id_without_a_fraction(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, kind: str
) -> None:
    parquet(
        connection,
        tmp_path / "products.parquet",
        f"SELECT product_id::{kind} AS product_id, parent_id::{kind} AS parent_id, 'us' AS locale, "
        "price, 7.0::DOUBLE AS title FROM (VALUES ('123', '7', 1.5), ('124', 'nan', 2), "
        "('125', '7.5', 3), (NULL, '8', 4), ('nan', '9', 5), ('-1', '1e20', 6)) "
        "AS t(product_id, parent_id, price)",
    )
    parquet(
        connection,
        tmp_path / "sessions.parquet",
        f"SELECT 1 AS session_id, 'us' AS locale, ['123', '124.5', NULL, 'nan']::{kind}[] AS items",
    )
    source = attach(connection, tmp_path)
    found = rows(
        connection, "SELECT product_id, parent_id, title FROM shop.products ORDER BY price"
    )
    assert found[:-1] == [("123", "7", "7.0"), ("124", None, "7.0"), ("125", "7.5", "7.0")]
    # What a float no longer holds to the digit stays as it is printed.
    assert found[-1] == ("-1", "1e+20", "7.0")
    assert {q.cause: q.rows for q in source.quarantined} == {"value-missing": 2}
    assert rows(connection, "SELECT items FROM shop.sessions") == [(["123", "124.5"],)]


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT"])
def test_so_is_the_product_of_an_event(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, kind: str
) -> None:
    events = (
        "[{'kind': 'view', 'product_id': '123'::KIND, 'time': 5}, {'kind': 'search', "
        "'product_id': 'nan'::KIND, 'time': NULL}, NULL, {'kind': 'buy', 'product_id': "
        "'124.5'::KIND, 'time': 7}, {'kind': 'search', 'product_id': NULL, 'time': 8}]"
    ).replace("KIND", kind)
    parquet(
        connection,
        tmp_path / "sessions.parquet",
        f"SELECT 1 AS session_id, 'us' AS locale, {events} AS events "
        "UNION ALL SELECT 2, 'us', [] UNION ALL SELECT 3, 'us', NULL",
    )
    source = attach(connection, tmp_path)
    found = rows(connection, "SELECT events FROM shop.sessions ORDER BY session_id")
    assert found[0][0] == [
        {"kind": "view", "product_id": "123", "query": None, "time": 5},
        {"kind": "search", "product_id": None, "query": None, "time": None},
        None,
        {"kind": "buy", "product_id": "124.5", "query": None, "time": 7},
        {"kind": "search", "product_id": None, "query": None, "time": 8},
    ]
    assert found[1:] == [([],), (None,)]
    assert not source.quarantined


def test_an_event_of_a_text_has_the_product_that_stands_there(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    events = "[{'time': 1.0::DOUBLE, 'product_id': '123.0', 'kind': 'view'}]"
    parquet(
        connection,
        tmp_path / "sessions.parquet",
        f"SELECT 1 AS session_id, 'us' AS locale, {events} AS events",
    )
    attach(connection, tmp_path)
    event = {"kind": "view", "product_id": "123.0", "query": None, "time": 1}
    assert rows(connection, "SELECT events FROM shop.sessions") == [([event],)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_time_with_a_zone_is_one_instant_on_every_machine(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, zone: str
) -> None:
    connection.execute(f"SET TimeZone = '{zone}'")
    parquet(
        connection,
        tmp_path / "reviews.parquet",
        "SELECT 'r' AS review_id, 'p' AS product_id, 'us' AS locale, "
        "TIMESTAMPTZ '2024-01-01 00:00:00+00' AS timestamp",
    )
    attach(connection, tmp_path)
    assert rows(connection, "SELECT timestamp FROM shop.reviews") == [(1_704_067_200_000,)]


def test_an_empty_text_is_no_value_in_parquet_either(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    parquet(
        connection,
        tmp_path / "judgements.parquet",
        "SELECT * FROM (VALUES ('1', 'lamp', 'p', 'us', 'E', ''), "
        "('2', 'lamp', 'p', 'us', 'E', 'test')) "
        "AS t(query_id, query, product_id, locale, label, split)",
    )
    parquet(
        connection,
        tmp_path / "products.parquet",
        "SELECT 'p' AS product_id, 'us' AS locale, 'Lamp' AS title, '' AS brand",
    )
    source = attach(connection, tmp_path)
    assert rows(connection, "SELECT title, brand FROM shop.products") == [("Lamp", None)]
    assert rows(connection, "SELECT query_id, split FROM shop.judgements") == [("1", "train")]
    assert (source.rows, source.test_rows, source.quarantined) == (3, 1, ())


def test_files_of_other_types_are_read_as_what_fits_both(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name, price in (("p1", "'19.90'"), ("p2", "5.0::DOUBLE")):
        select = f"SELECT '{name}' AS sku, 'Lamp' AS name, {price} AS price"
        parquet(connection, tmp_path / f"{name}.parquet", select)
    mapping = {"file": "p*.parquet", **SKUS, "constants": {"locale": "us"}}
    attach(connection, tmp_path, {"products": mapping})
    found = rows(connection, "SELECT product_id, price FROM shop.products ORDER BY ALL")
    assert found == [("p1", 19.9), ("p2", 5.0)]
    described = rows(connection, "DESCRIBE shop.products")
    assert {name: kind for name, kind, *_ in described} == dict(TABLES["products"])


def test_the_index_that_pandas_writes_is_a_column(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text(",sku,name,price\n0,a,Lamp,1.5\n", encoding="utf-8")
    mapping = {"file": "p.csv", **SKUS, "constants": {"locale": "us"}}
    attach(connection, tmp_path, {"products": mapping})
    assert rows(connection, "SELECT product_id, price FROM shop.products") == [("a", 1.5)]


def test_what_is_no_name_or_pattern_of_a_file_is_told(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        TablesOptions.model_validate({"tables": {"products": {"file": "", **SKUS}}})
    mapping = {"file": "**.csv", **SKUS, "constants": {"locale": "us"}}
    with pytest.raises(SourceError, match=r"'\*\*\.csv' is no pattern of files|holds no"):
        attach(connection, tmp_path, {"products": mapping})


def test_a_table_that_a_folder_does_not_hold_has_no_rows(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "products.csv").write_text("product_id,locale,title\np,us,Lamp\n")
    assert attach(connection, tmp_path).tables == ("products",)
    for table, columns in TABLES.items():
        described = rows(connection, f"DESCRIBE shop.{table}")
        assert [name for name, *_ in described] == [*columns]
        ((count,),) = rows(connection, f"SELECT count(*) FROM shop.{table}")
        assert count == (table == "products")


@pytest.mark.parametrize("file", ["products.parquet", "products.jsonl"])
def test_a_part_of_a_list_that_says_nothing_is_none(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, file: str
) -> None:
    select = (
        "SELECT 'p' AS product_id, 'us' AS locale, 'Lamp' AS title, "
        "['bright', NULL, '', 'small'] AS bullets, [NULL, 'Home']::VARCHAR[] AS category"
    )
    form = "json" if file.endswith("jsonl") else "parquet"
    connection.execute(f"COPY ({select}) TO '{tmp_path / file}' (FORMAT {form})")
    attach(connection, tmp_path)
    found = rows(connection, "SELECT bullets, category FROM shop.products")
    assert found == [(["bright", "small"], ["Home"])]
