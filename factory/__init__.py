"""Instruction data for shopping assistants, built from e-commerce data sets, every answer checked.

The public API: :func:`load_recipe` reads ``recipes.yaml``, :func:`run` makes a task's samples,
:func:`read_samples` reads them back. Names are imported when they are first used, so that
``import factory`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.api import load_recipe, read_samples, run
    from factory.sample import Provenance, Sample, Verdict

__all__ = ["Provenance", "Sample", "Verdict", "load_recipe", "read_samples", "run"]

_HOMES = {
    "load_recipe": "factory.api",
    "read_samples": "factory.api",
    "run": "factory.api",
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
