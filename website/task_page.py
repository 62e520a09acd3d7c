"""The page of one task: what it asks, of which rows, in which words, and one of its samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from factory.filters import LANGUAGE_NAMES, FilterOptions
from factory.line.compile import compile_task
from factory.line.task import Task
from factory.recipe import Recipe, TaskSpec, resolve_mixture
from factory.sources import SOURCES
from factory.templates.compiler import PACKAGED as TEMPLATES
from website.folders import PROJECT
from website.markdown import code, fence, page, table, text
from website.samples import Shown, can_be_shown

_DESCRIPTION: Final = re.compile(r"\{% block description %\}\n?(.*?)\{% endblock %\}", re.DOTALL)
_SLOT: Final = re.compile(r"\{\{\s*(\w+).*?\}\}")
#: Papers by the key of a task that carries their number.
PAPERS: Final = {
    "nvidia": "NVIDIA's training set",
    "eshop": "EshopInstruct's sub-task",
    "dev": "ShopBench's development task",
}


@dataclass(frozen=True)
class Catalogue:
    """The recipe whose tasks have pages, each compiled once."""

    recipe: Recipe
    compiled: dict[str, Task]
    shown: Mapping[str, Shown]

    def task(self, name: str) -> Task:
        """Return one task, compiled."""
        return compile_task(self.recipe, name, self.compiled)

    def children(self, name: str) -> Iterator[str]:
        """Yield the tasks that derive from ``name``."""
        for child, spec in self.recipe.tasks.items():
            if spec.derive is not None and spec.derive.from_ == name:
                yield child

    def mixtures(self, name: str) -> Iterator[str]:
        """Yield the mixtures that take samples of ``name``."""
        for mixture, tasks in _mixtures(self).items():
            if name in tasks:
                yield mixture


_MIXED: dict[int, dict[str, frozenset[str]]] = {}


def _mixtures(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    recipe = catalogue.recipe
    if id(recipe) not in _MIXED:
        _MIXED[id(recipe)] = {
            name: frozenset(share.task for share in resolve_mixture(recipe, name).shares)
            for name in recipe.mixtures
        }
    return _MIXED[id(recipe)]


def task_page(catalogue: Catalogue, name: str) -> str:
    """Return the page of one task, as it stands in ``catalogue/tasks/<name>.md``."""
    task = catalogue.task(name)
    spec = task.spec
    return page(
        f"# {text(spec.title)}",
        _description(catalogue, name),
        *_sample(catalogue, name),
        "## What it is",
        table(["name", code(name)], _facts(catalogue, task)),
        fence(f"python -m factory run recipes.yaml --task {name}", "bash"),
        *_origin(task),
        *_asked(task),
        *_wording(task),
        "## In the recipe {: data-search-exclude }",
        fence(yaml.safe_dump({name: _written(spec)}, sort_keys=False, allow_unicode=True), "yaml"),
    )


def link(name: str, folder: str = "") -> str:
    """Return a link to a task's page, from a page beside it or ``folder`` above."""
    return f"[`{name}`]({folder}{name}.md)"


def numbers(spec: TaskSpec, paper: str) -> tuple[int, ...]:
    """Return the numbers that a paper gives a task."""
    number = getattr(spec, paper)
    return () if number is None else tuple(number) if isinstance(number, list) else (number,)


def _facts(catalogue: Catalogue, task: Task) -> Iterator[tuple[str, str]]:
    spec, source = task.spec, SOURCES[task.source_spec.adapter]
    yield "type", f"{code(spec.type)}, scored by {code(task.metric)}"
    yield "track", text(spec.track or "")
    yield (
        "source",
        f"{code(spec.source)}, licence {text(source.licence)}"
        + (f", <{source.homepage}>" if "://" in source.homepage else ""),
    )
    yield "size", f"{spec.size:,} training samples"
    for paper, what in PAPERS.items():
        if found := numbers(spec, paper):
            yield what, ", ".join(map(str, found))
    if spec.ecom:
        yield "EcomInstruct-style id", code(spec.ecom)
    if mixtures := list(catalogue.mixtures(task.name)):
        yield "mixtures", ", ".join(map(code, mixtures))
    if spec.derive is not None:
        derive = spec.derive
        yield "derives from", f"{link(derive.from_)} by {code(derive.operator)} {code(derive.map)}"
    if children := list(catalogue.children(task.name)):
        yield "derived from it", ", ".join(map(link, children))
    if spec.needs:
        yield "needs the tables of", ", ".join(map(link, spec.needs))
    yield "asks a model", _asks(catalogue.recipe, spec, task.name)
    if shown := catalogue.shown.get(task.name):
        yield "languages", ", ".join(LANGUAGE_NAMES.get(each, each) for each in shown.languages)
    yield "filters", ", ".join(_filters(spec.filters or catalogue.recipe.filters))


def _asks(recipe: Recipe, spec: TaskSpec, name: str) -> str:
    """Say whether making the task asks a model, and what for."""
    if spec.generate:
        return "yes, for its rows"
    if spec.needs:
        return "yes, for the tables that it needs"
    if not recipe.asks(name):
        return "no"
    if spec.wordings is not None and can_be_shown(recipe, name):
        return "for further wordings of its prompt"
    return "yes, for the records that it derives from"


def _filters(options: FilterOptions) -> Iterator[str]:
    for name in FilterOptions.model_fields:
        chosen = getattr(options, name)
        if chosen is not None:
            changed = chosen.model_dump(mode="json", exclude_defaults=True)
            said = ", ".join(f"{key}: {value}" for key, value in changed.items())
            yield code(f"{name} ({said})" if said else name)


def _description(catalogue: Catalogue, name: str) -> str:
    """Return what the template says that the task is."""
    if shown := catalogue.shown.get(name):
        return text(shown.sample.description)
    spec = catalogue.recipe.tasks[name]
    found = _DESCRIPTION.search(_template(spec.template))
    said = found[1] if found else spec.title
    return text(_SLOT.sub(lambda slot: spec.words.get(slot[1], slot[1]), said))


def _sample(catalogue: Catalogue, name: str) -> Iterator[str]:
    yield "## A sample {: data-search-exclude }"
    shown = catalogue.shown.get(name)
    if shown is None:
        if can_be_shown(catalogue.recipe, name):
            yield "The bundled shop has no rows for this task."
        else:
            yield (
                "A language model writes a part of each sample, so none is shown: a stand-in's "
                "words would say nothing of it."
            )
        return
    sample = shown.sample
    yield (
        f"Made of the bundled shop, in {LANGUAGE_NAMES.get(sample.lang, sample.lang)}, with the "
        f"wording {code(sample.provenance.wording)}."
        + (
            " In a run a model words the prompt in further ways; this wording is people's."
            if catalogue.recipe.tasks[name].wordings
            else ""
        )
    )
    yield fence(sample.input_field)
    yield "Answer:"
    yield fence(sample.output_field)


def _origin(task: Task) -> Iterator[str]:
    """Say which rows the samples are made of."""
    if task.derivation is not None:
        record_map = task.derivation.map
        yield "## Where its rows come from {: data-search-exclude }"
        yield (
            f"From the records that {link(task.derivation.parent.name)} has built and that its "
            f"filters have kept, by the map {code(record_map.name)} of {code(record_map.operator)} "
            f"({code(_place(type(record_map).__module__))}): {text(_first_paragraph(record_map))}"
        )
        if record_map.partners:
            yield (
                "Beside the record of its own key, a row may use those of the next "
                f"{record_map.partners} of the same shop."
            )
        return
    view = task.view
    yield "## Where its rows come from {: data-search-exclude }"
    yield f"The view {code(str(view.path.relative_to(PROJECT)))} reads these columns:"
    yield table(
        ["table", "columns"],
        ([code(name), ", ".join(map(code, columns))] for name, columns in view.needs.items()),
    )
    if view.mapper is not None:
        yield f"Its rows go through {code(_place(view.mapper.__module__))}."
    yield fence(view.path.read_text(encoding="utf-8"), "sql")


def _asked(task: Task) -> Iterator[str]:
    """Say what a model is asked, where one is."""
    steps = task.spec.generate
    if not steps and task.spec.wordings is None:
        return
    yield "## What a model is asked {: data-search-exclude }"
    if task.spec.wordings is not None:
        yield (
            f"For {task.spec.wordings.count} further wordings of the prompt, once a task; see "
            "[wordings](../../reference/recipe.md#wordings)."
        )
    for step in steps:
        prompt = step.options.prompt
        place = code(f"factory/templates/prompts/{prompt}")
        yield f"The step {code(step.by)}, with the prompt {place}:"
        yield fence(_template(f"prompts/{prompt}"), "jinja")


def _wording(task: Task) -> Iterator[str]:
    names = [*task.template.wordings]
    yield "## How it is asked {: data-search-exclude }"
    yield f"{len(names)} wordings, of which a row's is drawn: {', '.join(map(code, names))}."
    yield fence(_template(task.spec.template), "jinja")


def _first_paragraph(record_map: Any) -> str:
    return (type(record_map).__doc__ or "").strip().split("\n\n")[0].replace("``", "")


def _place(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def _written(spec: TaskSpec) -> dict[str, Any]:
    """Return the task as a recipe says it, without what is at its default."""
    written = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if spec.derive is not None:
        for inherited in ("source", "rows", "track"):
            written.pop(inherited, None)
    return written


@cache
def _template(name: str) -> str:
    return Path(TEMPLATES / name).read_text(encoding="utf-8")
