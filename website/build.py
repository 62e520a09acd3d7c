"""The site: people's pages, generated ones, and what zensical makes of both."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from factory.recipe import Recipe, load_recipe
from website.catalogue_index import by_language, by_paper, by_source, by_type
from website.command_line import command_line_page
from website.folders import BUILD, DOCS, PROJECT
from website.loaded import loaded_from_elsewhere
from website.papers import papers_page
from website.recipe_keys import recipe_page
from website.samples import shown_samples
from website.task_page import Catalogue, task_page

#: The pages that are made and kept, so that they can be read without the site.
KEPT: Final[dict[str, Callable[[], str]]] = {
    "reference/command-line.md": command_line_page,
    "reference/recipe.md": recipe_page,
    "papers.md": papers_page,
}
#: The catalogue's lists of tasks.
_LISTS: Final[dict[str, Callable[[Catalogue], str]]] = {
    "catalogue/by-paper.md": by_paper,
    "catalogue/by-type.md": by_type,
    "catalogue/by-source.md": by_source,
    "catalogue/by-language.md": by_language,
}
#: Pages of other folders that the site shows as its own.
_TAKEN: Final = {"bundled-shop.md": "factory/sources/samples/README.md"}
#: The pages that only the site has, a page for each task apart.
MADE: Final = (*_LISTS, *_TAKEN)


class BuildError(Exception):
    """Pages that no site is made of."""


def write_kept() -> Iterator[Path]:
    """Write the generated pages that are kept in ``docs/``; yield those that have changed."""
    for name, written in KEPT.items():
        path, content = DOCS / name, written()
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            yield path


def stale() -> list[str]:
    """Return the kept pages that are not what the program says."""
    return [
        name
        for name, written in KEPT.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != written()
    ]


def write_pages(
    recipe: Recipe, tasks: tuple[str, ...], runs: Path | None, made: Path | None, folder: Path
) -> Catalogue:
    """Write every page of the site into ``folder``: ``docs/`` as it is, and the catalogue.

    ``tasks`` get a page each, with a sample that is made in ``runs`` or found in ``made``; without
    one where there is none and ``runs`` is None.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    for name, path in _TAKEN.items():
        shutil.copyfile(PROJECT / path, folder / name)
    catalogue = Catalogue(recipe, {}, shown_samples(recipe, tasks, runs, made))
    place = folder / "catalogue" / "tasks"
    place.mkdir()
    for name in tasks:
        (place / f"{name}.md").write_text(task_page(catalogue, name), encoding="utf-8")
    for name, listed in _LISTS.items():
        (folder / name).write_text(listed(catalogue), encoding="utf-8")
    return catalogue


def build(made: Path | None = None, *, as_found: bool = False) -> Path:
    """Build the whole site and return its folder.

    ``made`` is a folder with a run of each task, where there is one: then those are shown, and
    nothing of theirs is made; with ``as_found`` nothing at all, so that the other pages have no
    sample.

    Raises:
        BuildError: a link leads nowhere (zensical has said which), or a page loads something from
            elsewhere, so that it would not work without a network.
    """
    recipe = load_recipe(PROJECT / "recipes.yaml")
    runs = None if as_found else BUILD / "runs"
    write_pages(recipe, tuple(recipe.tasks), runs, made, BUILD / "pages")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if subprocess.run(command, cwd=PROJECT, check=False).returncode:
        raise BuildError("zensical has refused the pages: what it says stands above")
    if found := list(loaded_from_elsewhere(BUILD / "site")):
        raise BuildError("; ".join(found[:5]))
    return BUILD / "site"
