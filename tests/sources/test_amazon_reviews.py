import json
import os
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from factory.errors import SourceError
from factory.sources import store as stores
from factory.sources.amazon_reviews import AmazonReviewsOptions, AmazonReviewsSource
from factory.sources.base import TABLES
from tests.conftest import SHARED
from tests.sources.amazon_reviews_files import (
    copy_bundled,
    item,
    review,
    write_lines,
    write_parquet,
    write_raw,
)

EXCERPTS = SHARED / "data" / "amazon_reviews_2023"


@pytest.fixture
def attach(connection):
    def attach(path, **options: Any):
        return AmazonReviewsSource().attach(
            connection, "reviews_2023", str(path), AmazonReviewsOptions(**options), allow_test=False
        )

    return attach


@pytest.fixture
def table(connection):
    def table(name: str, columns: str = "*") -> list[Any]:
        rows = connection.execute(
            f"SELECT {columns} FROM reviews_2023.{name} ORDER BY ALL"
        ).fetchall()
        return [row[0] for row in rows] if len(rows[0]) == 1 else rows

    return table


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["products", "reviews", "sessions"])
def test_every_table_has_exactly_the_columns_of_the_house(attach, connection, name):
    source = attach("bundled")

    described = connection.execute(f"DESCRIBE reviews_2023.{name}").fetchall()
    wanted = duckdb.connect()
    columns = ", ".join(f'"{column}" {kind}' for column, kind in TABLES[name].items())
    wanted.execute(f"CREATE TABLE wanted ({columns})")
    assert {row[0]: row[1] for row in described} == {
        row[0]: row[1] for row in wanted.execute("DESCRIBE wanted").fetchall()
    }
    assert set(AmazonReviewsSource().offers(AmazonReviewsOptions())[name]) == set(TABLES[name])
    assert name in source.tables


def test_the_bundled_files_have_the_faults_of_the_published_ones(attach, table):
    source = attach("bundled")

    assert [(fault.cause, fault.rows) for fault in source.quarantined] == [
        ("rating-out-of-range", 4)
    ]
    shown = len(table("reviews", "review_id")) + len(table("products", "product_id"))
    repeated = source.rows - 4 - shown
    assert 10 <= repeated <= 40
    assert len(source.files) == 4


def test_ids_are_unique_and_say_nothing_of_where_a_row_stood(attach, table, tmp_path):
    attach(copy_bundled(tmp_path / "plain", shuffled=False))
    tables = ("products", "reviews", "sessions")
    plain = [table(name) for name in tables]
    attach(copy_bundled(tmp_path / "other", shuffled=True))

    assert [table(name) for name in tables] == plain
    ids = table("reviews", "review_id")
    assert len(set(ids)) == len(ids)


def test_a_line_that_is_no_record_costs_one_line(attach, table, tmp_path):
    attached = attach(
        write_raw(
            tmp_path,
            [
                review(1),
                b'{"rating": 3, "text": "cut off',
                b"[1, 2]",
                b'{"rating": 2.0, "text": "caf\xe9"}',
                b"",
                review(2, parent_asin=None),
                review(3, timestamp="soon"),
                review(4, rating=0.0),
                review(5, rating="six"),
                review(6, rating="4.0"),
            ],
            [item(), b"{}", item("", title="Nameless")],
        )
    )

    assert table("reviews", "user_id") == ["U1", "U6"]
    causes = {fault.cause: fault.rows for fault in attached.quarantined}
    assert causes == {"record-malformed": 4, "value-missing": 3, "rating-out-of-range": 2}
    assert attached.rows == len(table("reviews")) + len(table("products")) + sum(causes.values())
    examples = {fault.cause: fault.examples for fault in attached.quarantined}
    assert "U4" in " ".join(examples["rating-out-of-range"])
    assert "reviews: user_id=U2, product_id=NULL" in " ".join(examples["value-missing"])


def test_a_review_that_repeats_another_stands_there_once(attach, table, tmp_path):
    same = review(1, asin="B9", text="Same words.")
    attach(
        write_raw(
            tmp_path,
            [
                same,
                same,
                same | {"timestamp": same["timestamp"] + 5, "helpful_vote": 3},
                same | {"text": "Other words."},
                review(2, text=None),
                review(3, text=""),
            ],
        )
    )

    rows = table("reviews", "user_id, timestamp, text")
    assert [row for row in rows if row[0] == "U1"] == [
        ("U1", same["timestamp"], "Other words."),
        ("U1", same["timestamp"], "Same words."),
    ]
    assert [row[2] for row in rows if row[0] != "U1"] == [None, ""]
    assert len(set(table("reviews", "review_id"))) == 4


@pytest.mark.parametrize(
    ("written", "price"),
    [
        (12.5, 12.5),
        (None, None),
        ("None", None),
        ("—", None),
        ("from 12.99", 12.99),
        ("$1,299.00", 1299.0),
        ("", None),
        (0.0, None),
    ],
)
def test_a_price_is_a_number_whatever_it_was(attach, table, tmp_path, written, price):
    attach(write_raw(tmp_path, [review(1)], [item(price=written)]))

    assert table("products", "price, currency") == [(price, "USD" if price else None)]


@pytest.mark.parametrize(
    "details",
    [
        {"Color": "Red", "Pages": 12, "Rank": {"Lamps": 3}, "None": None},
        '{"Color": "Red", "Pages": 12, "Rank": {"Lamps": 3}, "None": null}',
    ],
)
def test_details_may_be_an_object_or_its_text(attach, table, tmp_path, details):
    attach(write_raw(tmp_path, [review(1)], [item(details=details)]))

    assert table("products", "attributes, color") == [({"Color": "Red", "Pages": "12"}, "Red")]


@pytest.mark.parametrize("details", [None, "no json {", "[1]", 7])
def test_details_that_are_no_object_give_no_attributes(attach, table, tmp_path, details):
    attach(write_raw(tmp_path, [review(1)], [item(details=details)]))

    assert table("products", "attributes") == [{}]


@pytest.mark.parametrize(
    ("values", "brand"),
    [
        ({"details": {"Brand": "Zeta"}}, "Zeta"),
        ({"details": {"Manufacturer": "Zeta GmbH"}}, "Zeta GmbH"),
        ({"store": "lumo"}, "lumo"),
        ({"store": "Harbor Deals"}, None),
        ({"store": None}, None),
        ({"store": ""}, None),
    ],
)
def test_a_store_is_the_brand_only_where_the_title_has_it(attach, table, tmp_path, values, brand):
    attach(write_raw(tmp_path, [review(1)], [item(**values)]))

    assert table("products", "brand") == [brand]


def test_an_item_without_a_path_is_in_its_department(attach, table, tmp_path):
    items = [
        item("B1", categories=[]),
        item("B2", categories=None, main_category=None),
        item("B3", description=["One.", "", "Two."], features=None),
    ]
    attach(write_raw(tmp_path, [review(1)], items))

    assert table("products", "product_id, category, description, bullets") == [
        ("B1", ["Amazon Home"], None, ["bright"]),
        ("B2", [], None, ["bright"]),
        ("B3", ["Home & Kitchen", "Lamps"], "One.\n\nTwo.", []),
    ]


def test_an_item_that_is_listed_twice_stands_there_once(attach, table, tmp_path):
    attach(write_raw(tmp_path, [review(1)], [item(title="B"), item(title="A"), item("B1")]))

    assert table("products", "product_id, title") == [("B000", "A"), ("B1", "Lumo Desk Lamp B1")]


def test_the_keys_of_the_first_release_are_read(attach, table, tmp_path):
    old = review(1, images=[{"smallImageUrl": "x"}])
    for new, name in (("timestamp", "sortTimestamp"), ("helpful_vote", "helpfulVotes")):
        old[name] = old.pop(new) + 3
    attach(write_raw(tmp_path, [old]))

    assert table("reviews", "timestamp, helpful_votes") == [(1_600_000_000_004, 3)]


def test_a_history_is_in_the_order_of_time(attach, table, tmp_path):
    attach(
        write_raw(
            tmp_path,
            [review(n, user_id="U", parent_asin=f"P{n}", timestamp=1000 - n) for n in range(3)],
        )
    )

    ((items, events, split),) = table("sessions", "items, events, split")
    assert items == ["P2", "P1", "P0"]
    assert [(event["kind"], event["time"]) for event in events] == [
        ("review", 998),
        ("review", 999),
        ("review", 1000),
    ]
    assert split == "train"


def test_both_forms_of_the_dataset_give_the_same_tables(attach, table, tmp_path):
    reviews = [review(n, rating=1.0 + n) for n in range(6)]
    items = [
        item("B1", price=9.5, details={"Brand": "Zeta", "Size": "M"}),
        item("B2", details={"Rank": {"x": 1}}),
    ]
    attach(write_raw(tmp_path / "raw", reviews, items))
    tables = ("products", "reviews", "sessions")
    raw = [table(name) for name in tables]
    found = attach(write_parquet(tmp_path / "hub", reviews, items))

    assert [table(name) for name in tables] == raw
    assert [(fault.cause, fault.rows) for fault in found.quarantined] == [
        ("rating-out-of-range", 1)
    ]


def test_files_may_stand_in_one_folder_and_be_gzipped(attach, table, tmp_path):
    write_lines(tmp_path / "Toys_and_Games.jsonl.gz", [review(1)])
    write_lines(tmp_path / "meta_Toys_and_Games.jsonl.gz", [item()])
    attach(tmp_path)

    assert table("reviews", "user_id") == ["U1"]
    assert table("products", "product_id") == ["B000"]


def test_categories_choose_the_files(attach, table, tmp_path):
    write_raw(tmp_path, [review(1)])
    write_raw(tmp_path, [review(2)], category="Toys_and_Games")

    attach(tmp_path, categories=["Toys_and_Games"])
    assert table("reviews", "user_id") == ["U2"]
    attach(tmp_path)
    assert table("reviews", "user_id") == ["U1", "U2"]
    with pytest.raises(SourceError) as error:
        attach(tmp_path, categories=["Books"])
    assert "'Books.jsonl*'" in one_line(error)
    with pytest.raises(ValidationError):
        AmazonReviewsOptions(categories=["../Books"])


def test_the_whole_dataset_is_not_fetched_by_accident(attach):
    with pytest.raises(SourceError) as error:
        attach(AmazonReviewsSource.published)
    assert "categories: [Pet_Supplies]" in one_line(error)


def test_files_that_cannot_be_used_are_named(attach, tmp_path):
    write_lines(tmp_path / "a" / "Toys.jsonl", [review(1)])
    with pytest.raises(SourceError) as error:
        attach(tmp_path / "a")
    assert "meta_[A-Z]*.jsonl*" in one_line(error)

    write_raw(tmp_path / "b", [review(1)])
    (tmp_path / "b/raw/review_categories/Home_and_Kitchen.jsonl").write_bytes(b"")
    with pytest.raises(SourceError) as error:
        attach(tmp_path / "b")
    assert "is empty" in one_line(error)

    with pytest.raises(SourceError) as error:
        attach(write_raw(tmp_path / "c", [review(1, rating=0.0)]))
    assert "no usable reviews" in one_line(error)
    assert "1 rows rating-out-of-range" in one_line(error)

    write_lines(tmp_path / "d/meta_Toys.jsonl.gz", [item()])
    whole = write_lines(
        tmp_path / "d/Toys.jsonl.gz", [review(n, text=os.urandom(60).hex()) for n in range(400)]
    )
    whole.write_bytes(whole.read_bytes()[:-4000])
    with pytest.raises(SourceError) as error:
        attach(tmp_path / "d")
    assert "fetch it again" in one_line(error)


class TestStore:
    @pytest.fixture(autouse=True)
    def large(self, monkeypatch, tmp_path):
        monkeypatch.setattr(stores, "_IN_MEMORY_UP_TO", 0)
        monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))

    @staticmethod
    def stores(tmp_path):
        return sorted((tmp_path / "cache").rglob("*.*"))

    def test_is_made_once_for_files_of_one_content(self, attach, table, tmp_path):
        folder = write_raw(tmp_path / "files", [review(1), review(2, rating=0.0)])
        first, rows = attach(folder), table("reviews")
        (store,) = self.stores(tmp_path)
        made = store.stat().st_mtime_ns

        assert attach(folder) == first
        assert table("reviews") == rows
        assert store.stat().st_mtime_ns == made
        write_raw(folder, [review(3)])
        attach(folder)
        assert table("reviews", "user_id") == ["U3"]
        assert len(self.stores(tmp_path)) == 2

    def test_is_read_without_access_to_files(self, attach, table, connection, tmp_path):
        attach(write_raw(tmp_path / "files", [review(1)]))
        connection.execute("SET enable_external_access = false")

        assert table("reviews", "user_id") == ["U1"]
        assert table("products", "product_id") == ["B000"]

    def test_that_is_damaged_is_made_again(self, attach, table, tmp_path, connection):
        folder = write_raw(tmp_path / "files", [review(1)])
        attach(folder)
        connection.execute("DETACH reviews_2023_store")
        (store,) = self.stores(tmp_path)
        store.write_bytes(b"no database")
        attach(folder)

        assert table("reviews", "user_id") == ["U1"]

    def test_leaves_nothing_behind_where_a_file_cannot_be_read(self, attach, tmp_path):
        folder = write_raw(tmp_path / "files", [review(1)])
        lines = folder / "raw/review_categories/Home_and_Kitchen.jsonl"
        whole = write_lines(lines.with_suffix(".jsonl.gz"), [review(n) for n in range(2000)])
        lines.unlink()
        whole.write_bytes(whole.read_bytes()[:-500])

        with pytest.raises(SourceError):
            attach(folder)
        assert self.stores(tmp_path) == []


@pytest.mark.skipif(not EXCERPTS.is_dir(), reason="the excerpts of the dataset are not here")
def test_the_published_rows_are_read_whole(attach, table):
    source = attach(EXCERPTS)

    assert source.rows == 2016
    assert source.quarantined == ()
    reviews = [
        json.loads(line)
        for line in (EXCERPTS / "Amazon_Fashion.recovered.jsonl").read_text().splitlines()
    ]
    items = [
        json.loads(line)
        for line in (EXCERPTS / "meta_Amazon_Fashion.recovered.jsonl").read_text().splitlines()
    ]
    assert table("reviews", "user_id, product_id, rating, text") == sorted(
        (row["user_id"], row["parent_asin"], row["rating"], row["text"]) for row in reviews
    )
    assert table("products", "product_id, price") == sorted(
        (row["parent_asin"], row["price"]) for row in items
    )
