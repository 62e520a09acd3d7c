"""Reading a recipe with what it includes, and checking it before anything runs.

An included file is checked on its own, so that a complaint names it; what stands in the recipe
itself is laid over it, key by key, so that ``tasks: {task12: {size: 100}}`` changes one size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from factory.errors import RecipeError
from factory.filters import FilterOptions
from factory.generators import STEPS
from factory.llm import BUILT_IN, DEFAULT
from factory.recipe.changes import Changes
from factory.recipe.explain import explain
from factory.recipe.keys import unknown
from factory.recipe.models import IncludeEntry, IncludeSpec, Recipe, RecipePart
from factory.recipe.tasks import TaskSpec
from factory.recipe.text import Location, RecipeText, read_recipe_text

#: The packaged tasks, one file a source or a theme.
CATALOGUE: Final = Path(__file__).parents[1] / "catalogue"
_BLOCKS: Final = ("sources", "models", "tasks", "mixtures", "benchmarks")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the files say together, and which file says what: for complaints."""

    data: dict[str, dict[str, Any]]
    texts: dict[tuple[str, str], RecipeText]


def load_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe file; raises :class:`RecipeError`, one line a problem."""
    text = read_recipe_text(Path(path))
    parts = _included(text)
    data = {**text.data, **_laid_over(parts, text)}
    recipe = cast(Recipe, _validated(Recipe, data, text))
    recipe = recipe.model_copy(update={"tasks": _with_roots(recipe, parts, text)})
    problems = _problems(recipe, parts, text)
    if problems:
        raise RecipeError("\n".join(problems))
    recipe = recipe.model_copy(
        update={
            "sources": {
                name: source.model_copy(
                    update={"path": _beside(parts.texts["sources", name], source.path)}
                )
                for name, source in recipe.sources.items()
            },
            "benchmarks": {
                name: each.model_copy(
                    update={"path": _beside(parts.texts["benchmarks", name], each.path)}
                )
                for name, each in recipe.benchmarks.items()
            },
        }
    )
    recipe._folder = text.path.resolve().parent
    recipe._changes = Changes(recipe=text.path.name)
    return recipe


def _included(text: RecipeText) -> _Parts:
    """Return what the included files hold, each file checked."""
    parts = _Parts({block: {} for block in _BLOCKS}, {})
    listed = text.data.get("include") or []
    try:
        specs = TypeAdapter(list[IncludeEntry]).validate_python(listed)
    except ValidationError as error:
        raise RecipeError("\n".join(explain(error, text, ("include",), IncludeSpec))) from error
    for number, spec in enumerate(specs):
        entry = IncludeSpec.model_validate({"from": spec}) if isinstance(spec, str) else spec
        for file in _files(entry.from_, text, number):
            included = read_recipe_text(file, packaged=file.parent == CATALOGUE)
            _validated(RecipePart, included.data, included)
            for block in _BLOCKS:
                for name, value in (included.data.get(block) or {}).items():
                    if entry.source is not None and block != "tasks":
                        continue  # another shop: its own sources, and no paper's mixture
                    if parts.data[block].get(name) == value:
                        continue  # two files may need one source, and say so alike
                    if (block, name) in parts.texts:
                        line = included.line((block, name))
                        raise RecipeError(
                            f"{included.path}:{line}: {block}.{name} stands in "
                            f"{parts.texts[block, name].path} too: rename one of them"
                        )
                    moved = entry.source is not None and "derive" not in value
                    parts.data[block][name] = {
                        **value,
                        **({"source": entry.source} if moved else {}),
                    }
                    parts.texts[block, name] = included
    return parts


def _files(name: str, text: RecipeText, number: int) -> list[Path]:
    """Return the files of one ``include`` entry: a file, or every recipe of a folder."""
    at = CATALOGUE if name == "catalogue" else text.path.resolve().parent / name
    try:
        files = sorted(at.glob("*.yaml")) if at.is_dir() else [at]
        is_there = bool(files) and files[0].is_file()
    except OSError:  # a name that no disk takes
        is_there = False
    if not is_there:
        line = text.line(("include", number))
        raise RecipeError(
            f"{text.path}:{line}: include.{number}: there is no recipe {name[:200]!r} in "
            f"{text.path.resolve().parent}; 'catalogue' is the packaged one"
        )
    return files


def _laid_over(parts: _Parts, text: RecipeText) -> dict[str, Any]:
    """Return the blocks of the recipe laid over what it includes; notes which file says what."""
    blocks: dict[str, Any] = {}
    for block in _BLOCKS:
        own = text.data.get(block)
        if not isinstance(own, dict):
            if block in text.data:
                blocks[block] = own  # for the models to refuse
            elif parts.data[block]:
                blocks[block] = parts.data[block]
            continue
        together = dict(parts.data[block])
        for name, value in own.items():
            before = together.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                together[name] = {**before, **value}
            else:
                together[name] = value
            parts.texts[block, name] = text
        blocks[block] = together
    return blocks


def _with_roots(recipe: Recipe, parts: _Parts, text: RecipeText) -> dict[str, TaskSpec]:
    """Return the tasks, the derived ones with source, view, needs and track of their roots."""
    tasks = dict(recipe.tasks)
    for name, task in recipe.tasks.items():
        seen = [name]
        root = task
        while root.derive is not None:
            parent = root.derive.from_
            where = parts.texts.get(("tasks", seen[-1]), text)
            at = f"{where.path}:{where.line(('tasks', seen[-1], 'derive'))}: tasks.{seen[-1]}"
            if parent not in recipe.tasks:
                raise RecipeError(f"{at}.derive.from: {unknown('task', parent, recipe.tasks)}")
            if parent in seen:
                raise RecipeError(f"{at}.derive.from: {parent!r} derives from this task itself")
            seen.append(parent)
            root = recipe.tasks[parent]
        if task.derive is not None:
            tasks[name] = task.model_copy(
                update={
                    "source": root.source,
                    "rows": root.rows,
                    "needs": root.needs,
                    "track": task.track or root.track,
                }
            )
    return tasks


def _problems(recipe: Recipe, parts: _Parts, text: RecipeText) -> list[str]:
    """Return what the models alone cannot see: the options of parts, and names of each other."""
    problems: list[str] = []
    for name, source in recipe.sources.items():
        where = parts.texts.get(("sources", name), text)
        problems += _check_options(
            source.with_, source.source.options, where, ("sources", name, "with")
        )
    for name, task in recipe.tasks.items():
        where = parts.texts.get(("tasks", name), text)
        at: Location = ("tasks", name, "with")
        problems += _check_options(task.with_, task.task_type.options, where, at)
        for number, step in enumerate(task.generate):
            at = ("tasks", name, "generate", number, "with")
            problems += _check_options(step.with_, STEPS[step.by].options_model, where, at)
        if task.derive is not None:
            problems += _check_options(
                task.derive.with_,
                task.derive.record_map.options,
                where,
                ("tasks", name, "derive", "with"),
            )
        elif task.source not in recipe.sources:
            line = where.line(("tasks", name, "source"))
            wrong = unknown("source", task.source, recipe.sources)
            problems.append(f"{where.path}:{line}: tasks.{name}.source: {wrong}")
    problems += _unknown_benchmarks(recipe, parts, text)
    problems += _unknown_members(recipe, parts, text)
    problems += _unknown_needs(recipe, parts, text)
    return problems


def _unknown_needs(recipe: Recipe, parts: _Parts, text: RecipeText) -> list[str]:
    """Return what is wrong with the models that steps ask and the tables that tasks need."""
    problems: list[str] = []
    models = {**BUILT_IN, **recipe.models, DEFAULT: None}
    for name, task in recipe.tasks.items():
        where = parts.texts.get(("tasks", name), text)
        for number, step in enumerate(task.generate):
            if step.model not in models:
                line = where.line(("tasks", name, "generate", number, "model"))
                wrong = unknown("model", step.model, models)
                problems.append(f"{where.path}:{line}: tasks.{name}.generate: {wrong}")
        filters = task.filters or recipe.filters
        for model in filters.judge.models if filters.judge else []:
            if model not in models:
                line = where.line(("tasks", name, "filters", "judge", "models"))
                wrong = unknown("model", model, models)
                problems.append(f"{where.path}:{line}: tasks.{name}.filters.judge: {wrong}")
        for each in task.needs:
            line = where.line(("tasks", name, "needs"))
            labelled = {other for other, spec in recipe.tasks.items() if spec.type == "labels"}
            if each not in labelled:
                wrong = unknown("task of type 'labels'", each, dict.fromkeys(labelled))
                problems.append(f"{where.path}:{line}: tasks.{name}.needs: {wrong}")
            elif recipe.tasks[each].source != task.source:
                problems.append(
                    f"{where.path}:{line}: tasks.{name}.needs: {each!r} labels the source "
                    f"{recipe.tasks[each].source!r}, and this task reads {task.source!r}"
                )
    return problems


def _unknown_benchmarks(recipe: Recipe, parts: _Parts, text: RecipeText) -> list[str]:
    problems: list[str] = []
    blocks: list[tuple[Location, FilterOptions | None, RecipeText]] = [
        (("filters",), recipe.filters, text)
    ]
    for name, task in recipe.tasks.items():
        where = parts.texts.get(("tasks", name), text)
        blocks.append((("tasks", name, "filters"), task.filters, where))
    for at, filters, where in blocks:
        if filters is None or filters.decontamination is None:
            continue
        for each in filters.decontamination.against:
            if each not in recipe.benchmarks:
                line = where.line((*at, "decontamination"))
                key = ".".join(map(str, at))
                wrong = unknown("benchmark", each, recipe.benchmarks)
                problems.append(f"{where.path}:{line}: {key}.decontamination: {wrong}")
    return problems


def _unknown_members(recipe: Recipe, parts: _Parts, text: RecipeText) -> list[str]:
    problems: list[str] = []
    for name, mixture in recipe.mixtures.items():
        where = parts.texts.get(("mixtures", name), text)
        for block, named, known in (
            ("tasks", mixture.tasks, recipe.tasks),
            ("weights", mixture.weights, recipe.tasks),
            ("held_out", mixture.held_out, {**recipe.tasks, **recipe.sources}),
        ):
            for each in named:
                if each not in known:
                    line = where.line(("mixtures", name, block))
                    wrong = unknown("task", each, known)
                    problems.append(f"{where.path}:{line}: mixtures.{name}.{block}: {wrong}")
    return problems


def _validated(model: type[RecipePart], data: Mapping[str, Any], text: RecipeText) -> RecipePart:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RecipeError("\n".join(explain(error, text, (), model))) from error


def _check_options(
    data: Mapping[str, Any], model: type[BaseModel], text: RecipeText, at: Location
) -> list[str]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        return explain(error, text, at, model)
    return []


def _beside(text: RecipeText, path: str) -> str:
    """Return a source's path as it stands in a recipe: relative to that recipe's own folder."""
    if path == "bundled" or "://" in path or path == "~" or path.startswith("~/"):
        return path
    if Path(path).is_absolute():
        return path
    return str(text.path.resolve().parent / path)
