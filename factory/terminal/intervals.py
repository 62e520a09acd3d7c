"""A measured value with its interval, as everything that is printed says it."""

from __future__ import annotations

from collections.abc import Mapping


def with_interval(found: Mapping[str, float], *, signed: bool = False) -> str:
    """Return a value between its bounds, ``0.312 (0.125 to 0.562)``; ``signed`` of a difference.

    A bound may be negative, so that no dash can part them; zero has no sign that says so.
    """
    form = "+z.3f" if signed else "z.3f"
    return f"{found['value']:{form}} ({found['low']:{form}} to {found['high']:{form}})"
