from __future__ import annotations

import pytest

from factory.filters import gold_positions, longest_gold_share

from .samples import choice, sample, written


def test_positions_of_gold_are_counted_from_zero_in_order() -> None:
    rows = [
        choice(("a", "b", "c"), gold=2),
        choice(("a", "b", "c"), gold=0),
        sample(task_type="retrieval", options=("a", "b", "c"), gold=[1, 3]),
        written("no options here"),
    ]
    assert list(gold_positions(rows).items()) == [(0, 2), (2, 2)]


def test_a_set_whose_longest_option_is_always_right_does_not_hold() -> None:
    report = longest_gold_share([choice(("longest", "b", "c", "d"), gold=0)] * 20)
    assert (report.rows, report.share, report.chance) == (20, 1.0, 0.25)
    assert not report.holds


def test_a_set_whose_longest_option_is_right_by_chance_holds() -> None:
    report = longest_gold_share([choice(("longest", "b", "c", "d"), gold=g) for g in range(4)])
    assert (report.share, report.holds) == (0.25, True)


def test_options_of_one_length_give_nothing_away() -> None:
    report = longest_gold_share([choice(("a", "b", "c"), gold=0)] * 5)
    assert report.share == pytest.approx(1 / 3)
    assert report.holds


def test_a_set_without_options_has_nothing_to_report() -> None:
    assert longest_gold_share([written("no options here")]).rows == 0
