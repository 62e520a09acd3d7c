"""Before the line: a model rewords the prompt of a task, once, and the task goes on with that."""

from __future__ import annotations

import asyncio
from typing import Final

from factory.generators.rewrite import Rewrite, Written
from factory.line.task import Task
from factory.llm.driving import addressed
from factory.llm.pool import ModelPool
from factory.recipe import Recipe

#: What its questions are asked for.
WORDINGS: Final = "wordings"


def with_wordings(recipe: Recipe, task: Task, pool: ModelPool) -> Recipe:
    """Return the recipe with what a model wrote for ``task``: from the ledger, where it did before.

    Raises what :meth:`factory.llm.pool.ModelPool.asker` and its ``ask`` raise.
    """
    spec = task.spec.wordings
    if spec is None:
        return recipe
    rewrite = Rewrite(spec, task.template, recipe.folder / "prompts")
    return recipe.with_written(task.name, asyncio.run(_asked(rewrite, pool, spec.model, task.name)))


async def _asked(rewrite: Rewrite, pool: ModelPool, model: str, task: str) -> Written:
    # A few questions, one after another: a batch would take a day for each.
    async with pool.asker(model, task, "direct") as asker:
        asking = rewrite.ask(asker.spec.model)
        put = addressed(model, asking, [], WORDINGS)
        return await pool.once(task, put, {model: asker})
