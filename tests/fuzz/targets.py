"""What is fuzzed: how bytes become an input, what is called with it, and what may come of it.

A target is called with bytes and returns; any error but one of :mod:`factory.errors` (or the one
that its own text names) is a finding, and so is a property that does not hold. ``seconds`` is the
most that one input may take, and is the target's own promise: a slow input is a finding too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz import recipes, stored, told
from tests.fuzz.adapters import attached


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that reads what others wrote.

    Attributes:
        name: as the command line gives it.
        title: what is read, for the table.
        run: called with the bytes, and a folder of its own to write in.
        seconds: the most that one input may take.
        dear: an input takes milliseconds: the long form gives it a hundredth of the inputs.
        writes: it needs an empty folder for each input.
        longest: bytes of an input.
    """

    name: str
    title: str
    run: Callable[[bytes, Path], None]
    seconds: float = 1.0
    dear: bool = False
    writes: bool = False
    longest: int = 160


TARGETS: Final[Mapping[str, Target]] = {
    each.name: each
    for each in (
        Target("answers", "an answer, by every task type's grammar", told.answers, 5.0),
        Target("structured", "a model's structured answer", told.structured),
        Target("endpoint", "an endpoint's replies, and results of a batch", told.endpoint),
        Target("replies", "what comes over a connection to an endpoint", told.replies),
        Target("grammar", "a prompt that is served: its kind, its grammar", told.grammar, 2.0),
        Target("fence", "source text in every packaged prompt", told.fence),
        Target("addresses", "addresses of sources, models, the Hub", told.addresses),
        Target("identifiers", "names and texts as SQL", told.identifiers),
        Target("hub", "what a Hub's repository says of itself", told.repository),
        Target("yaml", "the text of a recipe", recipes.texts, writes=True),
        Target("recipes", "a whole recipe, changed", recipes.whole, 2.0, dear=True, writes=True),
        Target(
            "templates",
            "a template, compiled and rendered",
            recipes.templates,
            2.0,
            dear=True,
            writes=True,
        ),
        Target("views", "a view, checked", recipes.views, 3.0, dear=True, writes=True),
        Target(
            "records",
            "a finished run that somebody edited",
            stored.runs,
            5.0,
            dear=True,
            writes=True,
        ),
        Target(
            "adapters",
            "the upstream files of every adapter",
            attached,
            20.0,
            dear=True,
            writes=True,
        ),
    )
}
