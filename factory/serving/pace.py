"""Whether a served model would have been in time: its pace against KDD Cup 2024's minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Track:
    """One track of KDD Cup 2024, phase 2: so many questions in so many minutes."""

    number: int
    questions: int
    minutes: int


#: Deotte et al., KDD Cup 2024, section 4.6.
TRACKS: Final = (
    Track(1, 6102, 70),
    Track(2, 1896, 20),
    Track(3, 2373, 30),
    Track(4, 1349, 20),
    Track(5, 11720, 140),
)


@dataclass(slots=True)
class Pace:
    """How fast questions were answered.

    Attributes:
        answered: how many were.
        began, ended: when the first came and when the last was answered, in seconds of one clock.
    """

    answered: int = 0
    began: float | None = None
    ended: float = 0.0

    def came(self, now: float) -> None:
        """A question came."""
        if self.began is None:
            self.began = now

    def was_answered(self, now: float) -> None:
        """A question was answered."""
        self.answered += 1
        self.ended = now

    @property
    def seconds(self) -> float:
        """From the first question to the last answer; 0 where nothing was answered."""
        return self.ended - self.began if self.answered and self.began is not None else 0.0

    def minutes_for(self, track: Track) -> float:
        """Return the minutes that a track's questions would take; 0 where nothing was answered."""
        return self.seconds / self.answered * track.questions / 60 if self.answered else 0.0
