from collections import Counter
from itertools import permutations

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factory.draw import Draw, draw, sql_macro

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
SEEDS = st.integers(-(2**70), 2**70)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        yield connection


@settings(max_examples=150)
@given(SEEDS, TEXT, TEXT, TEXT)
@example(7, "it's", "o''k", 'say "so"')
@example(7, "t", "a\x1fb", "c\x1fd")
@example(0, "t%s{}\\", "鍋 ｶﾞ\u0301", "ñ'; DROP TABLE keys; --")
@example(-1, "", "", "")
def test_python_and_duckdb_draw_the_same_number(connection, seed, task, key, purpose):
    connection.execute(sql_macro(seed, task))

    (drawn,) = connection.execute(
        "SELECT draw($key, $purpose)", {"key": key, "purpose": purpose}
    ).fetchone()

    assert drawn == draw(seed, task, key, purpose) == Draw(seed, task, key).integer(purpose)
    assert 0 <= drawn < 2**64


def test_an_integer_key_draws_as_its_digits(connection):
    connection.execute(sql_macro(7, "t"))

    assert connection.execute("SELECT draw(12345, 'x')").fetchone() == (draw(7, "t", "12345", "x"),)


def test_draws_stay_what_they_were():
    # A change here changes every sample that was ever made: it needs a new format number.
    assert draw(7, "task12", "us:1", "order") == 10413029251358315538


def test_seed_task_key_and_purpose_each_change_the_draw():
    drawn = {
        draw(7, "task12", "us:1", "order"),
        draw(8, "task12", "us:1", "order"),
        draw(7, "task13", "us:1", "order"),
        draw(7, "task12", "us:2", "order"),
        draw(7, "task12", "us:1", "wording"),
        draw(71, "2", "us:1", "order"),
        draw(7, "12", "us:1", "order"),
    }
    assert len(drawn) == 7


def test_a_key_meets_another_rows_draw_only_through_the_separator():
    # Parts are joined by U+001F, which cleaning strips and no upstream id holds.
    assert draw(7, "t", "a", "b\x1fc") == draw(7, "t", "a\x1fb", "c")
    assert draw(7, "t", "ab", "c") != draw(7, "t", "a", "bc")


def test_draws_below_a_bound_are_near_uniform():
    counts = Counter(Draw(7, "t", str(n)).below(4, "position") for n in range(8000))

    assert sorted(counts) == [0, 1, 2, 3]
    assert all(abs(count - 2000) < 200 for count in counts.values())  # five standard deviations


def test_purposes_are_not_correlated():
    rows = [Draw(7, "t", str(n)) for n in range(4000)]
    early = sorted(rows, key=lambda row: row.integer("order"))[:1000]

    counts = Counter(row.below(5, "position") for row in early)

    assert all(abs(count - 200) < 65 for count in counts.values())


@given(st.integers(0, 150), TEXT)
def test_a_permutation_holds_every_place_once(length, key):
    order = Draw(7, "t", key).permutation(length, "display")

    assert sorted(order) == list(range(length))
    assert order == Draw(7, "t", key).permutation(length, "display")


def test_every_permutation_is_reached_about_equally_often():
    counts = Counter(tuple(Draw(7, "t", str(n)).permutation(4, "display")) for n in range(12000))

    assert set(counts) == set(permutations(range(4)))
    assert all(abs(count - 500) < 110 for count in counts.values())


@pytest.mark.parametrize("length", [20, 21, 40, 100, 300])
def test_every_item_reaches_every_place_about_equally_often(length):
    rounds = 60 * length
    if length > 40:
        rounds = 3000
    places: list[list[int]] = [[0] * length for _ in range(length)]
    for number in range(rounds):
        for place, item in enumerate(Draw(3, "t", str(number)).permutation(length, "display")):
            places[place][item] += 1
    expected = rounds / length

    for place, counts in enumerate(places):
        # Pearson's statistic has mean length - 1 and variance 2 * (length - 1); eight of its
        # standard deviations leave no room for chance, and a wrong digit is far beyond.
        statistic = sum((count - expected) ** 2 for count in counts) / expected
        assert abs(statistic - (length - 1)) < 8 * (2 * length) ** 0.5, place


@given(st.lists(TEXT, min_size=1, max_size=6, unique=True), TEXT, st.integers(0, 200))
def test_a_new_name_changes_only_the_rows_that_it_wins(names, new, key):
    row = Draw(7, "t", str(key))

    before = row.largest(names, "wording")

    assert row.largest([*names, new], "wording") in (before, new)
    assert row.largest(sorted(names, reverse=True), "wording") == before


def test_names_win_about_equally_often():
    names = ["keyword", "assistant", "search"]
    counts = Counter(Draw(7, "t", str(n)).largest(names, "wording") for n in range(3000))

    assert all(abs(counts[name] - 1000) < 130 for name in names)
