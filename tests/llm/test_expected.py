"""What wanted samples ask: by rows that went on, by the ledger's share, unknown where unseen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.llm.expected import DryRow, Expected, Part, expected

STEPS = [Part("write", ("m",)), Part("confirm", ("m",)), Part("judge", ("a", "b"))]
WRITTEN, CONFIRMED, JUDGED = 1, 2, 3


def row(parts: int, *, samples: int = 0, known: bool = False, asked: int = 1) -> DryRow:
    """Return a row that came as far as ``parts`` parts, ``asked`` requests to each model of one."""
    made = DryRow(samples=samples)
    for part in STEPS[:parts]:
        for model in part.models:
            put = made.put_to(part.name, model)
            put.requests = asked
            put.known = asked if known else 0
            put.prompt_tokens = 100 * asked
            put.known_completion = 7 * put.known
            put.bound = 0 if known else 50 * asked
    return made


def of(rows: list[DryRow], wanted: int = 100) -> dict[tuple[str, str], Expected]:
    return {(each.part, each.model): each for each in expected(rows, wanted, STEPS, {})}


def test_every_wanted_sample_has_been_through_all_parts_however_few_dry_rows_were() -> None:
    quoted = of([row(WRITTEN)] * 57 + [row(CONFIRMED)] * 2 + [row(JUDGED, samples=1)])
    assert {each.requests for each in quoted.values()} == {100}
    assert quoted["judge", "b"].prompt_tokens == 100
    assert quoted["judge", "b"].completion_tokens == pytest.approx(20)
    assert quoted["judge", "b"].share is None


def test_a_part_is_counted_by_the_rows_that_went_on_from_it() -> None:
    passed = row(JUDGED, samples=1)
    passed.put_to("confirm", "m").requests = 2
    assert of([row(CONFIRMED)] * 9 + [passed])["confirm", "m"].requests == 200


def test_what_no_dry_row_came_to_is_asked_at_least_once_and_its_tokens_are_unknown() -> None:
    quoted = of([row(WRITTEN)] * 60)
    assert quoted["write", "m"].prompt_tokens == 100
    for part in (("confirm", "m"), ("judge", "a"), ("judge", "b")):
        assert quoted[part].requests == 100
        assert quoted[part].prompt_tokens is None
        assert quoted[part].completion_tokens is None


def test_what_the_ledger_answers_says_how_many_rows_each_part_drops() -> None:
    rows = [row(WRITTEN, known=True)] * 10 + [row(JUDGED, known=True)] * 5
    rows += [row(JUDGED, samples=1, known=True)] * 5
    quoted = of(rows)
    assert quoted["judge", "a"].share == 0.5
    assert quoted["judge", "a"].requests == 200
    assert quoted["confirm", "m"].share == 1
    assert quoted["write", "m"].share == 0.5
    assert quoted["write", "m"].requests == 400
    assert quoted["write", "m"].completion_tokens == 7


def test_no_more_rows_are_asked_for_than_there_are() -> None:
    rows = [row(WRITTEN, known=True)] * 95 + [row(JUDGED, samples=1, known=True)] * 5
    quoted = expected(rows, 100, STEPS, {}, most_rows=100)
    assert [each.requests for each in quoted] == [100, 100, 100, 100]


def test_scripted_answers_say_nothing_of_how_many_are_dropped() -> None:
    rows = [row(WRITTEN)] * 50 + [row(WRITTEN, known=True)] * 4 + [row(JUDGED, samples=1)]
    assert of(rows)["write", "m"].requests == 100


def test_a_row_that_gives_several_samples_is_needed_less_often() -> None:
    assert of([row(JUDGED, samples=4, asked=4)] * 3)["judge", "a"].requests == 100
    assert of([row(JUDGED, samples=4)] * 3)["write", "m"].requests == 25


def test_what_neighbours_share_is_counted_over_all_rows() -> None:
    shared = [Part("parent: write", ("m",), shared=True)]
    rows = [DryRow(samples=1) for _ in range(10)]
    rows[0].put_to("parent: write", "m").requests = 41
    rows[0].put_to("parent: write", "m").bound = 410
    (quoted,) = expected(rows, 100, shared, {"m": 12.0})
    assert quoted.requests == pytest.approx(410)
    assert quoted.completion_tokens == 12


@given(
    st.lists(
        st.builds(row, st.integers(0, 3), samples=st.integers(0, 2), known=st.booleans()),
        max_size=30,
    ),
    st.integers(1, 10_000),
)
def test_no_part_is_asked_less_than_the_next_one_and_no_more_is_known_than_asked(
    rows: list[DryRow], wanted: int
) -> None:
    quoted = list(expected(rows, wanted, STEPS, {}))
    assert [each.part for each in quoted] == ["write", "confirm", "judge", "judge"]
    for earlier, later in pairwise(quoted):
        assert earlier.requests >= later.requests * 0.999
    for each in quoted:
        assert 0 <= each.known <= each.requests * 1.001
