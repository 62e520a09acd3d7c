"""The Amazon-M2 adapter over files in the upstream schema: what the tables then hold."""

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.errors import SourceError
from factory.sources import TABLES, AttachedSource
from factory.sources import store as stores
from factory.sources.amazon_m2 import AmazonM2Options, AmazonM2Source
from shop.amazon_m2 import printed
from tests.conftest import SHARED

from .amazon_m2_files import (
    BUNDLED,
    COLUMNS,
    PRODUCTS,
    SESSIONS,
    copy_bundled,
    product,
    session,
    write_csv,
    write_parquet,
    write_upstream,
)

UPSTREAM = SHARED / "data" / "amazon_m2"
ID = st.from_regex(r"[A-Z0-9]{9}[0-9X]", fullmatch=True)


def attach(
    connection: duckdb.DuckDBPyConnection,
    path: Path | str,
    *,
    allow_test: bool = False,
    **keys: Any,
) -> AttachedSource:
    return AmazonM2Source().attach(
        connection, "m2", str(path), AmazonM2Options(**keys), allow_test=allow_test
    )


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        yield opened


def upstream(name: str) -> Path:
    file = UPSTREAM / name
    if not file.exists():
        pytest.skip(f"the real excerpt {name} is not here")
    return file


def test_tables_have_the_columns_of_the_house(connection, tmp_path):
    attach(connection, write_upstream(tmp_path, [product("B01")], [session("B01", "B02")]))
    for table in ("products", "sessions"):
        wanted = ", ".join(f'"{name}" {kind}' for name, kind in TABLES[table].items())
        connection.execute(f"CREATE OR REPLACE TABLE wanted ({wanted})")
        assert rows(connection, f"DESCRIBE m2.{table}") == rows(connection, "DESCRIBE wanted")


@pytest.mark.parametrize("price", ["40000000.07", "nan", "0.0", "", "-1"])
def test_price_that_upstream_does_not_know_is_null(connection, tmp_path, price):
    attach(connection, write_upstream(tmp_path, [product("B01", price=price)], [session("a", "b")]))
    assert rows(connection, "SELECT price FROM m2.products") == [(None,)]


def test_product_keeps_its_texts_and_leading_zeros(connection, tmp_path):
    row = product(
        "0804185328",
        locale="JP",
        desc='長い,\n説明 "文"',
        size="8",
        model="007",
        author="佐伯",
        price=980.0,
    )
    attach(connection, write_upstream(tmp_path, [row], [session("a", "b")]))
    assert rows(
        connection,
        "SELECT product_id, parent_id, locale, description, currency, price, attributes "
        "FROM m2.products",
    ) == [
        (
            "0804185328",
            None,
            "jp",
            '長い,\n説明 "文"',
            "JPY",
            980.0,
            {"size": "8", "model": "007", "author": "佐伯"},
        )
    ]


def test_missing_title_is_no_fault(connection, tmp_path):
    source = attach(
        connection, write_upstream(tmp_path, [product("B01", title="")], [session("a", "b")])
    )
    assert source.quarantined == ()
    assert rows(connection, "SELECT title FROM m2.products") == [(None,)]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walks=st.lists(st.lists(ID, min_size=2, max_size=40), min_size=1, max_size=5))
def test_session_as_numpy_prints_it_is_read_back(connection, tmp_path, walks):
    attach(connection, write_upstream(tmp_path, [product("B01")], [session(*w) for w in walks]))
    found = rows(connection, "SELECT items FROM m2.sessions ORDER BY ALL")
    assert found == sorted((walk,) for walk in walks)


@given(items=st.lists(ID, min_size=1, max_size=60))
def test_bundled_sessions_are_printed_as_numpy_prints(items):
    assert printed(items) == str(np.array(items))


@pytest.mark.parametrize("text", ["[ 'A01'\n  'B02' ]", "['A01'  'B02']", "['A01'\r\n 'B02']"])
def test_list_with_other_spaces_is_read_too(connection, tmp_path, text):
    folder = write_upstream(tmp_path, [product("B01")], [])
    sessions = [{"prev_items": text, "next_item": "C03", "locale": "DE"}, session("X1", "Y2")]
    write_csv(folder / SESSIONS, sessions, ["prev_items", "next_item", "locale"])
    assert attach(connection, folder).quarantined == ()
    assert rows(connection, "SELECT items FROM m2.sessions WHERE locale = 'de'") == [
        (["A01", "B02", "C03"],)
    ]


def test_events_are_views_without_a_time(connection, tmp_path):
    attach(connection, write_upstream(tmp_path, [product("B01")], [session("A1", "A1", "B2")]))
    ((events, user, split),) = rows(connection, "SELECT events, user_id, split FROM m2.sessions")
    assert [event["product_id"] for event in events] == ["A1", "A1", "B2"]
    assert {(event["kind"], event["query"], event["time"]) for event in events} == {
        ("view", None, None)
    }
    assert (user, split) == (None, "train")


def test_forms_and_orders_of_the_files_give_the_same_tables(connection, tmp_path):
    products = [product("B01"), product("B02", locale="DE", size="1 l", price=float("nan"))]
    sessions = [session("B01", "B02", "B03"), session("B02", "B02", "B01", locale="DE")]
    tests = [session("B07", "B08", "B09")]
    tables = []
    for folder in (
        write_upstream(tmp_path / "csv", products, sessions, tests),
        write_upstream(tmp_path / "turned", products[::-1], sessions[::-1], tests),
        write_parquet(tmp_path / "parquet", products, sessions, tests),
    ):
        source = attach(connection, folder, allow_test=True)
        assert source.rows == 5
        tables.append(
            [
                rows(connection, f"FROM m2.{table} ORDER BY ALL")
                for table in ("products", "sessions")
            ]
        )
    assert tables[0] == tables[1] == tables[2]


def test_test_part_is_seen_only_when_allowed(connection, tmp_path):
    folder = write_upstream(
        tmp_path, [product("B01")], [session("A1", "B2")], [session("C1", "C2", "D3")]
    )
    query = "SELECT items, split FROM m2.sessions ORDER BY split"
    source = attach(connection, folder)
    assert (source.rows, source.test_rows) == (3, 1)
    assert rows(connection, query) == [(["A1", "B2"], "train")]
    source = attach(connection, folder, allow_test=True)
    assert source.test_rows == 0
    assert rows(connection, query) == [(["C1", "C2"], "test"), (["A1", "B2"], "train")]


def test_unusable_rows_are_counted_by_cause(connection, tmp_path):
    products = [product("B01"), product("", locale="DE"), product("B02", locale="US")]
    folder = write_upstream(tmp_path, products, [])
    bad = [
        session("A1", "B2"),
        session("A1", "", locale="DE"),
        {"prev_items": "[]", "next_item": "B2", "locale": "DE"},
        {"prev_items": "[A1 B2]", "next_item": "B2", "locale": "DE"},
        session("A1", "B2", locale="GB"),
    ]
    write_csv(folder / SESSIONS, bad, ["prev_items", "next_item", "locale"])
    source = attach(connection, folder)
    assert {each.cause: each.rows for each in source.quarantined} == {
        "value-missing": 2,
        "locale-unknown": 2,
        "items-malformed": 2,
    }
    assert source.rows == 8
    assert rows(connection, "SELECT count(*) FROM m2.products") == [(1,)]
    assert rows(connection, "SELECT items FROM m2.sessions") == [(["A1", "B2"],)]
    assert any("GB" in example for each in source.quarantined for example in each.examples)


def test_broken_line_costs_itself_alone(connection, tmp_path):
    folder = write_upstream(tmp_path, [product("B01")], [session("A1", "B2")])
    with (folder / PRODUCTS).open("a", encoding="utf-8") as file:
        file.write("B02,UK,too short\n")
        file.write("B03,UK,Lamp,1.0,,,,,,,\n")
    source = attach(connection, folder)
    assert [(each.cause, each.rows) for each in source.quarantined] == [("line-malformed", 1)]
    assert "B02,UK,too short" in source.quarantined[0].examples[0]
    assert rows(connection, "SELECT product_id FROM m2.products ORDER BY 1") == [("B01",), ("B03",)]
    assert source.rows == 4


def test_locales_choose_shops(connection, tmp_path):
    products = [product("B01"), product("B01", locale="DE")]
    sessions = [session("A1", "B2"), session("A1", "B3", locale="DE")]
    source = attach(connection, write_upstream(tmp_path, products, sessions), locales=["de"])
    assert source.rows == 2
    assert rows(connection, "SELECT locale FROM m2.products") == [("de",)]
    assert rows(connection, "SELECT items FROM m2.sessions") == [(["A1", "B3"],)]


def test_session_id_follows_from_its_items_and_shop(connection, tmp_path):
    sessions = [session("A1", "B2"), session("A1", "B2"), session("A1", "B2", locale="DE")]
    attach(connection, write_upstream(tmp_path, [product("B01")], sessions))
    found = rows(connection, "SELECT locale, session_id FROM m2.sessions ORDER BY locale")
    assert found[1] == found[2]
    assert found[0][1] != found[1][1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 588533540\n", "LFS"),
        (b"\x1f\x8b\x08\x00", "UTF-8"),
        (b"id,locale,titel\n", "has no column 'title'; the nearest it has is 'titel'"),
        ((",".join(COLUMNS) + "\n").encode(), "no usable row"),
    ],
)
def test_file_that_cannot_be_used_is_named_in_one_line(connection, tmp_path, content, said):
    folder = write_upstream(tmp_path, [], [session("A1", "B2")])
    (folder / PRODUCTS).write_bytes(content)
    with pytest.raises(SourceError, match=r"products_train\.csv") as raised:
        attach(connection, folder)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_file_is_named(connection, tmp_path):
    write_csv(tmp_path / PRODUCTS, [product("B01")], COLUMNS)
    with pytest.raises(SourceError, match=r"looked for 'sessions_train\*\.csv'"):
        attach(connection, tmp_path)


def test_store_is_made_once_for_files_and_locales(connection, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "_IN_MEMORY_UP_TO", 0)
    monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))
    products = [product("B01"), product("B01", locale="DE"), product("")]
    folder = write_upstream(
        tmp_path / "files", products, [session("A1", "B2"), session("A1", "B3", locale="DE")]
    )
    source = attach(connection, folder)
    sold = rows(connection, "FROM m2.products ORDER BY ALL")
    (made,) = (tmp_path / "cache").rglob("*.duckdb")
    written = made.stat().st_mtime_ns
    assert source.quarantined[0].cause == "value-missing"
    assert attach(connection, folder) == source
    assert rows(connection, "FROM m2.products ORDER BY ALL") == sold
    assert made.stat().st_mtime_ns == written
    attach(connection, folder, locales=["de"])
    assert rows(connection, "SELECT locale FROM m2.products") == [("de",)]
    assert len([*(tmp_path / "cache").rglob("*.duckdb")]) == 2


def test_bundled_files_are_read_without_a_fault(connection, tmp_path):
    source = attach(connection, "bundled")
    assert source.quarantined == ()
    assert rows(connection, "SELECT count(DISTINCT locale) FROM m2.products") == [(3,)]
    shops = "SELECT product_id FROM m2.products GROUP BY 1 HAVING count(DISTINCT locale) > 1"
    assert len(rows(connection, shops)) > 500
    expected = [rows(connection, f"FROM m2.{t} ORDER BY ALL") for t in ("products", "sessions")]
    attach(connection, copy_bundled(tmp_path, shuffled=True))
    found = [rows(connection, f"FROM m2.{t} ORDER BY ALL") for t in ("products", "sessions")]
    assert found == expected
    assert (tmp_path / PRODUCTS).read_bytes() != (BUNDLED / PRODUCTS).read_bytes()


def test_real_sessions_in_either_form_agree(connection, tmp_path):
    printed_sessions = upstream("sessions_test_task2.first500_rendered_as_train_csv.csv")
    lists = upstream("task2_phase1_sessions_test.parquet")
    folder = write_upstream(tmp_path, [product("B01")], [])
    shutil.copy(printed_sessions, folder / SESSIONS)
    shutil.copy(lists, folder / lists.name)
    source = attach(connection, folder, allow_test=True)
    assert source.rows == 1 + 500 + 34_688
    assert source.quarantined == ()
    held_back = rows(
        connection,
        "SELECT count(*) FROM m2.sessions AS train WHERE split = 'train' AND EXISTS ("
        "SELECT 1 FROM m2.sessions WHERE split = 'test' AND items = train.items[:-2])",
    )
    assert held_back == [(500,)]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("products_train.head20_desc_cut_at_50.csv", 20),
        ("products_train.excerpt_display_truncated.csv", 70),
    ],
)
def test_real_products_are_read(connection, tmp_path, name, count):
    excerpt = upstream(name)
    folder = write_upstream(tmp_path, [], [session("A1", "B2")])
    shutil.copy(excerpt, folder / "products_train.excerpt.csv")
    (folder / PRODUCTS).unlink()
    source = attach(connection, folder)
    assert source.quarantined == ()
    with excerpt.open(encoding="utf-8", newline="") as file:
        titles = {(row["id"], row["title"] or None) for row in csv.DictReader(file)}
    assert source.rows == count + 1
    assert set(rows(connection, "SELECT product_id, title FROM m2.products")) == titles


def test_real_prices_without_a_price_are_null(connection, tmp_path):
    excerpt = upstream("products_train.partial_5cols_full_titles.csv")
    with excerpt.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    attach(connection, write_upstream(tmp_path, found, [session("A1", "B2")]))
    assert rows(connection, "SELECT count(*) FROM m2.products WHERE price > 1e7") == [(0,)]
    assert rows(connection, "SELECT count(*) FROM m2.products WHERE price IS NULL")[0][0] >= 18


def test_real_parquet_sessions_of_every_shop_are_read(connection, tmp_path):
    file = upstream("task3_phase1_sessions_test.first800_per_locale.parquet")
    folder = write_upstream(tmp_path, [product("B01")], [session("A1", "B2")])
    shutil.copy(file, folder / "sessions_test_task3_phase1.parquet")
    source = attach(connection, folder, allow_test=True)
    assert source.rows == 2 + 4_800
    assert source.quarantined == ()
