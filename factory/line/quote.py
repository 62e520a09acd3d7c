"""What a task would ask and cost, before anything is paid: the line, run dry over some rows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from factory.engines import LocalEngine
from factory.line.run import NothingMadeError, run_task
from factory.llm.quote import DryPool
from factory.recipe import Recipe

#: Samples that the line makes dry, of each task: what they ask stands for all.
SAMPLED: Final = 60


@dataclass(frozen=True, slots=True)
class Quote:
    """What one model is asked for one task.

    Attributes:
        task, model: which; several rows where a task asks several models.
        lane: direct or batch.
        samples: how many are wanted.
        requests: how many, of which ``known`` are in the ledger.
        prompt_tokens, completion_tokens: of the requests that are not known.
        cost: in US dollars; None where nobody knows the price.
        price: who says what a token costs.
        seconds: with as many in flight as the recipe allows; None before the first answer, and in
            a batch, which takes what it takes, a day at most.
        counted: how prompt tokens were counted.
    """

    task: str
    model: str
    lane: str
    samples: int
    requests: int
    known: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    price: str
    seconds: float | None
    counted: str


def quote(recipe: Recipe, tasks: Sequence[str], cache: Path) -> list[Quote]:
    """Return what ``tasks`` and the tables that they need would ask, none of it asked.

    Every sample is taken to be accepted: what the filters reject costs more.
    """
    names = list(dict.fromkeys(each for task in tasks for each in _with_needs(recipe, task)))
    sizes = {name: recipe.tasks[name].size + recipe.tasks[name].test for name in names}
    dry = recipe.with_changes(limit=SAMPLED)
    quotes = []
    with DryPool(recipe.models, cache) as pool, tempfile.TemporaryDirectory() as folder:
        for name in names:
            with suppress(NothingMadeError):
                run_task(dry, name, Path(folder), LocalEngine(), models=pool)
        for (task, *_), noted in pool.noted.items():
            asked = noted.asked
            # What is asked without a row, further wordings of a prompt, is asked once.
            scale = sizes[task] / asked.rows if asked.rows else 1.0
            tokens = asked.prompt_tokens * scale, asked.completion_tokens * scale
            price = noted.price.price
            asking = (asked.requests - asked.known) * scale
            quotes.append(
                Quote(
                    task=task,
                    model=noted.model,
                    lane=noted.lane,
                    samples=sizes[task],
                    requests=round(asked.requests * scale),
                    known=round(asked.known * scale),
                    prompt_tokens=round(tokens[0]),
                    completion_tokens=round(tokens[1]),
                    cost=None if price is None else price.cost(round(tokens[0]), round(tokens[1])),
                    price=noted.price.said_by,
                    seconds=(
                        None
                        if asked.seconds is None
                        else asked.seconds * asking / noted.concurrency
                    ),
                    counted=noted.counted,
                )
            )
    return quotes


def _with_needs(recipe: Recipe, task: str) -> list[str]:
    """Return the tables that ``task`` needs and itself, where they ask a model."""
    needs = [each for need in recipe.tasks[task].needs for each in _with_needs(recipe, need)]
    return [*needs, task] if recipe.asks(task) else needs
