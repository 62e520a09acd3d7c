"""The catalogue's lists of tasks: by paper, by type, by source and by language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from factory.filters import LANGUAGE_NAMES
from factory.sources import SOURCES
from website.markdown import code, page, slug, table, text
from website.task_page import PAPERS, Catalogue, link, numbers

_TITLES = {
    "nvidia": "NVIDIA's 38 training sets (KDD Cup 2024)",
    "eshop": "LLaSA's EshopInstruct (37 sub-tasks)",
    "dev": "ShopBench's 18 development tasks",
}


def by_paper(catalogue: Catalogue) -> str:
    """Return the page of tasks by the numbers that papers give them, and by EcomInstruct's ids."""
    recipe = catalogue.recipe
    parts = []
    for paper in PAPERS:
        rows = sorted(
            (number, name) for name, spec in recipe.tasks.items() for number in numbers(spec, paper)
        )
        parts += [
            f"## {_TITLES[paper]}",
            table(
                ["number", *_HEADER],
                ([str(number), *_row(catalogue, name)] for number, name in rows),
            ),
        ]
    named = {name: spec.ecom for name, spec in recipe.tasks.items() if spec.ecom}
    return page(
        "# Tasks by paper",
        "What each paper numbers, and the task that makes it. "
        "[How large they were printed and built](../papers.md).",
        *parts,
        "## EcomGPT's EcomInstruct",
        f"{len(named)} tasks in the manner of EcomInstruct's atomic tasks, by an id of its form: "
        "data set, type, name.",
        table(["id", *_HEADER], ([code(named[each]), *_row(catalogue, each)] for each in named)),
    )


def by_type(catalogue: Catalogue) -> str:
    """Return the page of tasks by what an answer looks like."""
    return _grouped(
        catalogue, "Tasks by type", lambda name: [code(catalogue.recipe.tasks[name].type)]
    )


def by_source(catalogue: Catalogue) -> str:
    """Return the page of tasks by the data set that they read."""

    def source(name: str) -> list[str]:
        return [code(catalogue.recipe.tasks[name].source)]

    notes = {}
    for name, spec in catalogue.recipe.sources.items():
        adapter = SOURCES[spec.adapter]
        where = f", <{adapter.homepage}>" if "://" in adapter.homepage else ""
        notes[code(name)] = f"Adapter {code(spec.adapter)}, licence {text(adapter.licence)}{where}."
    return _grouped(catalogue, "Tasks by source", source, notes)


def by_language(catalogue: Catalogue) -> str:
    """Return the page of tasks by the languages of their samples."""

    def languages(name: str) -> list[str]:
        shown = catalogue.shown.get(name)
        if shown is None:
            return ["Not known without a model"]
        return [LANGUAGE_NAMES.get(each, each) for each in shown.languages]

    return _grouped(
        catalogue,
        "Tasks by language",
        languages,
        what="The languages of twenty samples of each task, made of the bundled shop; a data set "
        "may have more of them, or fewer.",
    )


_HEADER = ("task", "what the model does", "type", "size", "model")


def _row(catalogue: Catalogue, name: str) -> Sequence[str]:
    spec = catalogue.recipe.tasks[name]
    return (
        link(name, "tasks/"),
        text(spec.title),
        code(spec.type),
        f"{spec.size:,}",
        "yes" if catalogue.recipe.asks(name) else "",
    )


def _grouped(
    catalogue: Catalogue,
    title: str,
    groups_of: Callable[[str], Iterable[str]],
    notes: dict[str, str] | None = None,
    what: str = "",
) -> str:
    groups: dict[str, list[str]] = {}
    for name in catalogue.recipe.tasks:
        for group in groups_of(name):
            groups.setdefault(group, []).append(name)
    ordered = sorted(groups, key=lambda group: (-len(groups[group]), group))

    def sections() -> Iterator[str]:
        for group in ordered:
            yield f"## {group}"
            yield (notes or {}).get(group, "")
            yield table(_HEADER, (_row(catalogue, name) for name in groups[group]))

    counted = table(
        ["", "tasks"],
        ([f"[{group}](#{slug(group)})", str(len(groups[group]))] for group in ordered),
    )
    return page(f"# {title}", what, counted, *sections())
