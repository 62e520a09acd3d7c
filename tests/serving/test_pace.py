"""The pace of a served model, and what KDD Cup 2024's tracks would have taken at it."""

from __future__ import annotations

import pytest

from factory.serving.pace import TRACKS, Pace


def test_a_track_takes_its_questions_times_the_pace() -> None:
    pace = Pace()
    for now in (100.0, 101.0, 102.0):
        pace.came(now)
        pace.was_answered(now + 1)

    assert (pace.answered, pace.seconds) == (3, 3.0)
    assert [pace.minutes_for(track) for track in TRACKS] == pytest.approx(
        [101.7, 31.6, 39.55, 22.483, 195.333], abs=0.01
    )


def test_nothing_answered_has_no_pace() -> None:
    pace = Pace()
    pace.came(5.0)

    assert pace.seconds == 0
    assert pace.minutes_for(TRACKS[0]) == 0
