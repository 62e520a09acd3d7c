"""The SQL that finds keys whose answer is known by the words of the query alone."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TOLD = files("factory.sources") / "views" / "shared" / "told_by_words.sql"
WORDS = ("red", "shoe", "shoes", "men", "Blue", "waterproof")

#: Label and title of a product shown for a query.
Shown = tuple[str, str | None]


def told(query: str, shown: list[Shown]) -> bool:
    """Return whether the one key of these products is told."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE shown (key VARCHAR, locale VARCHAR, query_id VARCHAR, query VARCHAR, "
            "label VARCHAR, place BIGINT, product_id VARCHAR)"
        )
        connection.execute(
            "CREATE TABLE products (locale VARCHAR, product_id VARCHAR, title VARCHAR)"
        )
        for place, (label, title) in enumerate(shown):
            name = f"p{place}"
            connection.execute(
                "INSERT INTO shown VALUES ('k', 'us', 'q', ?, ?, ?, ?)", (query, label, place, name)
            )
            connection.execute("INSERT INTO products VALUES ('us', ?, ?)", (name, title))
        sql = f"WITH {TOLD.read_text(encoding='utf-8')} SELECT key FROM told"
        return bool(connection.execute(sql).fetchall())


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([("E", "Red shoe for men"), ("S", "Blue shoe"), ("I", "Blue hat")], True),
        ([("E", "Red shoe for men"), ("S", "RED SHOE of leather, men")], False),
        ([("E", "Red shoe for men"), ("E", "Sandal"), ("S", "Blue shoe")], False),
        ([("E", "Red shoe for men")], False),
        ([("S", "Blue shoe")], False),
    ],
)
def test_told_are_keys_whose_exact_matches_all_have_more_words_of_the_query(
    shown: list[Shown], expected: bool
) -> None:
    assert told("red shoe men", shown) is expected


titles = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.lists(st.tuples(st.sampled_from("ESCI"), titles), min_size=1, max_size=6),
)
def test_words_are_counted_once_in_any_case_and_within_longer_ones(
    query: str, shown: list[tuple[str, str]]
) -> None:
    asked = set(query.lower().split())
    counts = [(label, sum(word in title.lower() for word in asked)) for label, title in shown]
    exact = [count for label, count in counts if label == "E"]
    others = [count for label, count in counts if label != "E"]

    assert told(query, list(shown)) is bool(exact and others and min(exact) > max(others))
