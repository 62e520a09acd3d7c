"""Rankings made choices: what stands beside the answer, and which rows are left out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.generators import RECORD_MAPS, Derived, Record
from factory.sources.view import RowRejectedError

QUERY = "red steel mug"
#: Titles, by how many words of the query they have.
TITLES = ("garden hose", "red garden hose", "red steel garden hose", "red steel mug", "mug cup")


def ranking(*grades: float, titles: tuple[str, ...] = TITLES) -> Record:
    return Record(
        key="k",
        locale="us",
        group="k",
        source_ids=(),
        row={},
        input=f"Query: {QUERY}",
        options=titles[: len(grades)],
        gold=list(grades),
        output="",
    )


def made(name: str, record: Record, key: str) -> Derived:
    each = RECORD_MAPS["simplify", name]
    [row] = each.rows([record], Draw(7, "task", key), each.options())
    return row


@given(key=st.text(min_size=1), grades=st.lists(st.sampled_from([0, 0.01, 0.1, 1.0]), min_size=2,
                                                max_size=5))  # fmt: skip
def test_of_two_items_the_better_graded_one_is_right(key, grades):
    record = ranking(*grades)
    if len(set(grades)) == 1:
        with pytest.raises(RowRejectedError):
            made("pairwise_preference", record, key)
        return
    columns = made("pairwise_preference", record, key).columns
    graded = dict(zip(record.options, grades, strict=True))
    [worse] = columns["negatives"]
    assert graded[columns["positive"]] > graded[worse]


def test_two_items_are_those_that_the_words_of_the_query_tell_apart_least():
    # The third is better than the fourth, which has all words of the query.
    columns = made("pairwise_preference", ranking(0, 0, 1.0, 0.1), "k").columns
    assert (columns["positive"], columns["negatives"]) == (TITLES[2], [TITLES[3]])


def test_beside_the_best_stand_the_others_with_most_words_of_the_query():
    columns = made("best_of", ranking(0, 0.1, 1.0, 0.1, 0), "k").columns
    assert columns["positive"] == TITLES[2]
    assert columns["negatives"][0] == TITLES[3]
    assert TITLES[0] not in columns["negatives"]


def test_beside_the_worst_stand_the_others_with_fewest_words_of_the_query():
    columns = made("worst_of", ranking(1.0, 0.1, 0, 0.1, 1.0), "k").columns
    assert columns["positive"] == TITLES[2]
    assert columns["negatives"][0] == TITLES[0]
    assert TITLES[3] not in columns["negatives"]


@pytest.mark.parametrize(("name", "grades"), [("best_of", (0, 0, 0.1, 1.0, 0.1)),
                                              ("worst_of", (0, 0.1, 0.1, 1.0, 0.1))])  # fmt: skip
def test_an_answer_that_its_words_tell_is_kept_as_often_as_a_blind_answer_is_right(name, grades):
    kept = 0
    for key in map(str, range(400)):
        with suppress(RowRejectedError):
            made(name, ranking(*grades), key)
            kept += 1
    assert 70 < kept < 130


def test_two_best_items_are_no_question():
    with pytest.raises(RowRejectedError, match="share"):
        made("best_of", ranking(1.0, 1.0, 0, 0.1), "k")
