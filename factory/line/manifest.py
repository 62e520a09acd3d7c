"""What a run says of itself: its identity before it starts, its manifest when it is done.

Neither holds a clock time or a path of this machine but the one that the user wrote, so that two
runs are the same to the byte.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from factory.line.fold import Fold
from factory.line.parts import parts_of
from factory.line.plan import KeyWalk, Plan
from factory.line.tally import Tally
from factory.line.task import Task
from factory.outputs.files import LineFile
from factory.outputs.run_folder import FORMAT
from factory.recipe import Recipe
from factory.sources import AttachedSource
from factory.sources.address import shown

_PACKAGES: Final = ("eshop-factory", "duckdb", "jinja2", "pydantic", "pydantic_core")
_DETECTORS: Final = {"langdetect": ("langdetect",), "lingua": ("lingua-language-detector",)}
_JAPANESE: Final = ("mecab-python3", "ipadic")


def identity(recipe: Recipe, task: Task, source: AttachedSource) -> dict[str, Any]:
    """Return what makes a run this run: two runs of one identity write the same bytes."""
    return {
        "format": FORMAT,
        "task": task.name,
        "definition": task.definition,
        "seed": recipe.seed,
        "size": task.spec.size,
        "test": task.spec.test,
        "balance": task.spec.model_dump(mode="json")["balance"],
        "tolerance": task.spec.tolerance,
        "patience": task.patience,
        "allow_test": task.source_spec.allow_test,
        "source": [file.fingerprint for file in source.files],
        "versions": versions(task),
    }


def manifest(
    recipe: Recipe,
    task: Task,
    source: AttachedSource,
    plan: Plan,
    splits: Mapping[str, Any],
    files: Mapping[str, LineFile],
) -> dict[str, Any]:
    """Return the manifest of a run whose files are complete."""
    return {
        "format": FORMAT,
        "task": task.name,
        "definition": task.definition,
        "parts": parts_of(task),
        "seed": recipe.seed,
        "given": given(recipe, [task.spec.source]),
        "recipe": task.spec.model_dump(mode="json", by_alias=True, exclude={"formats"}),
        "filters": (task.spec.filters or recipe.filters).model_dump(mode="json"),
        "source": _source_record(task, source),
        "versions": versions(task),
        "keys": plan.keys,
        "splits": dict(splits),
        "files": {name: file.describe() for name, file in files.items()},
    }


def given(recipe: Recipe, sources: Collection[str]) -> dict[str, Any]:
    """Return what was given beside the recipe, as far as it concerns these sources.

    Addresses are without what could be a key; of classifiers, those that code can be found for.
    """
    changes = recipe.changes.describe()
    return changes | {
        "sources": {
            name: shown(path) for name, path in changes["sources"].items() if name in sources
        },
        "allow_test": [name for name in changes["allow_test"] if name in sources],
        "classifiers": {
            name: code for name, code in sorted(recipe.classifiers.items()) if isinstance(code, str)
        },
    }


def also_decided_by(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a run's identity only some tasks have: the models, the tables, what is banned.

    Not where a model was asked: that is an address of this machine, or of somebody's network.
    """
    also = {name: identity[name] for name in ("banned", "tables") if name in identity}
    if "models" in identity:
        also["models"] = {
            name: {key: value for key, value in asked.items() if key != "endpoint"}
            for name, asked in identity["models"].items()
        }
    return also


def split_record(wanted: int, walk: KeyWalk, fold: Fold, tally: Tally) -> dict[str, Any]:
    """Return the counts of one split: accepted, rejected by reason, and each stratum's fill.

    What the tally counted of the accepted samples stands beside them.

    A stratum that was given up says what it lacked then.
    """
    strata = {
        " ".join(stratum) or "all": {
            "keys": walk.available.get(stratum, 0),
            "quota": quota,
            "accepted": fold.accepted[stratum],
            **({"given_up": fold.given_up[stratum]} if stratum in fold.given_up else {}),
        }
        for stratum, quota in sorted(walk.quotas.items())
    }
    return {
        "wanted": wanted,
        "accepted": fold.accepted.total(),
        "rejected": dict(sorted(fold.rejected.items())),
        "empty": fold.empty,
        "strata": strata,
        **tally.describe(),
    }


def _source_record(task: Task, source: AttachedSource) -> dict[str, Any]:
    adapter = task.source_spec.source
    return {
        "name": task.spec.source,
        "adapter": adapter.name,
        "homepage": adapter.homepage,
        "citation": adapter.citation,
        "licence": task.source_spec.licence,
        "address": source.address,
        "options": task.source_spec.options.model_dump(mode="json"),
        "allow_test": task.source_spec.allow_test,
        "rows": source.rows,
        "test_rows_hidden": source.test_rows,
        "files": [
            {"name": file.path.name, "bytes": file.size, "fingerprint": file.fingerprint}
            for file in source.files
        ],
        "quarantined": [
            {"cause": each.cause, "rows": each.rows, "examples": list(each.examples)}
            for each in source.quarantined
        ],
    }


def versions(task: Task) -> dict[str, str]:
    """Return the versions of everything that may decide a byte of the task's output."""
    packages = [*_PACKAGES, *_DETECTORS.get(_detector(task), ())]
    if task.metric == "jp-bleu":
        packages += _JAPANESE
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def _detector(task: Task) -> str:
    return next((str(each.detector) for each in task.filters if hasattr(each, "detector")), "")


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
