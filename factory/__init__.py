"""Instruction data for shopping assistants, built from e-commerce data sets, every answer checked.

The public API: :func:`load_recipe` reads ``recipes.yaml``, :func:`run` makes a task's samples,
:func:`load` opens what it left, :func:`diff` compares two runs, :func:`export` writes one in
another format, and :func:`read_samples` does no more than read. Names are imported when they are
first used, so that ``import factory`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.api import export, load_recipe, read_samples, run
    from factory.runs.compare import diff
    from factory.runs.run import Run, load
    from factory.sample import Provenance, Sample, Verdict

__all__ = [
    "Provenance",
    "Run",
    "Sample",
    "Verdict",
    "diff",
    "export",
    "load",
    "load_recipe",
    "read_samples",
    "run",
]

_HOMES = {
    "export": "factory.api",
    "load_recipe": "factory.api",
    "read_samples": "factory.api",
    "run": "factory.api",
    "diff": "factory.runs.compare",
    "Run": "factory.runs.run",
    "load": "factory.runs.run",
    "Provenance": "factory.sample",
    "Sample": "factory.sample",
    "Verdict": "factory.sample",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'factory' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
