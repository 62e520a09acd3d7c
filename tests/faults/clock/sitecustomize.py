"""A wall clock that steps: imported by every interpreter that has this folder on its path.

Each step is up to a year, either way, and comes after a few looks at the clock. What counts
seconds (``time.monotonic``) is left alone, as the operating system leaves it.
"""

import os
import random
import time
from collections.abc import Callable

_YEAR = 366 * 86_400
_LOOKS = 5
_now = time.time


def _stepping(draw: random.Random) -> Callable[[], float]:
    looks, ahead = 0, 0.0

    def now() -> float:
        nonlocal looks, ahead
        if looks % _LOOKS == 0:
            ahead = draw.uniform(-_YEAR, _YEAR)
        looks += 1
        return _now() + ahead

    return now


if "FAULTS_CLOCK" in os.environ:
    stepped = _stepping(random.Random(os.environ["FAULTS_CLOCK"]))  # noqa: S311
    time.time = stepped
    time.time_ns = lambda: int(stepped() * 1e9)
