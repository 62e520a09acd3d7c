"""Instruction data for shopping assistants, built from e-commerce data sets, every answer checked.

The public API has the verbs of the command line. :func:`load_recipe` reads ``recipes.yaml``,
:func:`plan` says what its language models would cost, and :func:`run` makes the samples of a task
or a mixture and returns a :class:`Run`, which :func:`load` opens again. :func:`diff` compares two;
:func:`write_report`, :func:`export` and :func:`push` hand one on; :func:`evaluate` scores models on
one; :func:`read_samples` and :func:`read_export` do no more than read. Names are imported when they
are first used, so that ``import factory`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.api import (
        evaluate,
        export,
        load_recipe,
        plan,
        push,
        read_export,
        read_samples,
        run,
        write_report,
    )
    from factory.recipe import Recipe
    from factory.runs.compare import diff
    from factory.runs.run import Run, load
    from factory.sample import Provenance, Sample, Verdict

__all__ = [
    "Provenance",
    "Recipe",
    "Run",
    "Sample",
    "Verdict",
    "diff",
    "evaluate",
    "export",
    "load",
    "load_recipe",
    "plan",
    "push",
    "read_export",
    "read_samples",
    "run",
    "write_report",
]

#: Where names are that are not functions of :mod:`factory.api`.
_HOMES = {
    "diff": "factory.runs.compare",
    "Run": "factory.runs.run",
    "load": "factory.runs.run",
    "Recipe": "factory.recipe",
    "Provenance": "factory.sample",
    "Sample": "factory.sample",
    "Verdict": "factory.sample",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'factory' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "factory.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
