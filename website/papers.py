"""The page that sets the papers' printed sizes beside what was built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from factory.recipe import Recipe, load_recipe, resolve_mixture
from website.folders import DOCS, PROJECT
from website.markdown import code, table, text
from website.task_page import numbers

#: What runs at full scale have made: by mixture, the samples of each task.
BUILT: Final = Path(__file__).parent / "built_sizes.yaml"
_BEFORE, _AFTER = "<!-- tables: ", " -->"
_PAGE: Final = DOCS / "papers.md"


def papers_page() -> str:
    """Return ``docs/papers.md`` with its tables as the recipe and the measured runs have them.

    The words are people's: what stands between two marks of a table is replaced.
    """
    recipe = load_recipe(PROJECT / "recipes.yaml")
    built = yaml.safe_load(BUILT.read_text(encoding="utf-8"))
    tables = {
        "mixtures": _mixtures(recipe),
        "nvidia": _sets(recipe, "nvidia_all", "nvidia", built),
        "eshop": _sets(recipe, "eshopinstruct", "eshop", built),
    }
    lines: list[str] = []
    skipping = False
    for line in _PAGE.read_text(encoding="utf-8").splitlines():
        if line == "<!-- end -->":
            skipping = False
        if not skipping:
            lines.append(line)
        if line.startswith(_BEFORE):
            lines += ["", tables[line.removeprefix(_BEFORE).removesuffix(_AFTER)], ""]
            skipping = True
    return "\n".join(lines) + "\n"


def record_built(folder: Path) -> None:
    """Add the samples of each task of a mixture's run to :data:`BUILT`.

    ``benchmarks/mixtures.py`` names a mixture without its tasks that ask a model ``NAME_by_rules``.
    """
    manifest: Mapping[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    built = yaml.safe_load(BUILT.read_text(encoding="utf-8")) if BUILT.is_file() else {}
    built[str(manifest["mixture"]).removesuffix("_by_rules")] = {
        name: task["accepted"] for name, task in sorted(manifest["tasks"].items())
    }
    BUILT.write_text(yaml.safe_dump(built, sort_keys=True), encoding="utf-8")


def _mixtures(recipe: Recipe) -> str:
    def rows() -> Iterator[list[str]]:
        for name in recipe.mixtures:
            mixture = resolve_mixture(recipe, name)
            lent = sum(share.size for share in mixture.shares)
            asking = sum(share.size for share in mixture.shares if recipe.asks(share.task))
            printed = mixture.spec.size
            yield [
                code(name),
                text(mixture.spec.title),
                f"{printed:,}" if printed else "",
                f"{lent:,}",
                str(len(mixture.shares)),
                f"{asking:,}" if asking else "",
            ]

    return table(
        ["mixture", "", "printed", "of our tasks", "tasks", "of them with a model"], rows()
    )


def _sets(recipe: Recipe, mixture: str, paper: str, built: Mapping[str, Any]) -> str:
    shares = {share.task: share.size for share in resolve_mixture(recipe, mixture).shares}
    made: Mapping[str, int] = built.get(mixture, {})

    def rows() -> Iterator[list[str]]:
        printed: Mapping[int, int] = getattr(recipe.mixtures[mixture], paper)
        for number, size in sorted(printed.items()):
            makers = [name for name in shares if number in numbers(recipe.tasks[name], paper)]
            yield [
                str(number),
                ", ".join(map(code, makers)),
                text("; ".join(recipe.tasks[name].title for name in makers)),
                f"{size:,}",
                _said(recipe, makers, made),
            ]

    return table(["number", "task", "what the model does", "printed", "built"], rows())


def _said(recipe: Recipe, makers: list[str], made: Mapping[str, int]) -> str:
    if all(name in made for name in makers):
        return f"{sum(made[name] for name in makers):,}"
    if any(recipe.asks(name) for name in makers):
        return "asks a model"
    return "not measured"
