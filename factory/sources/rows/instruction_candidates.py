"""Which seeds a model is shown when it writes an instruction, and which it may not repeat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError

OFFERS: Final = ("shown", "known")

#: As many as a prompt may hold before anything has been accepted: later fewer are taken.
_SHOWN: Final = 8
_OF_THE_LANGUAGE: Final = 4


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: eight seeds in drawn order (``shown``), and all of them (``known``).

    Up to four of those shown are in the language that is asked for.

    Raises :class:`RowRejectedError` where there are fewer than eight seeds.
    """
    seeds = facts["seeds"]
    if len(seeds) < _SHOWN:
        raise RowRejectedError("too-few-seeds", f"{len(seeds)}, at least {_SHOWN}")
    order = [seeds[place] for place in draw.permutation(len(seeds), "seeds")]
    own = [seed for seed in order if seed["locale"] == facts["locale"]][:_OF_THE_LANGUAGE]
    shown = [*own, *(seed for seed in order if seed not in own)][:_SHOWN]
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "shown": [shown[place]["instruction"] for place in draw.permutation(_SHOWN, "shown")],
        "known": [seed["instruction"] for seed in seeds],
        "source_ids": [f"seed:{seed['id']}" for seed in shown],
    }
