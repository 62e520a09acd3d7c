"""The language models that a run asks, opened with the ledger of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from factory.recipe import Recipe

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool


@contextmanager
def opened_models(
    recipe: Recipe, tasks: Sequence[str], *, budget: float | None = None, fresh: bool = False
) -> Iterator[ModelPool | None]:
    """Give the models of a recipe where one of ``tasks`` asks some; else None.

    ``budget`` is in US dollars; ``fresh`` asks again what has been answered.
    """
    if not any(map(recipe.asks, tasks)):
        yield None
        return
    from factory.llm.pool import ModelPool
    from factory.sources.download import cache_folder

    with ModelPool(recipe.models, cache_folder(), budget=budget, fresh=fresh) as pool:
        yield pool
