"""The reference of recipes: every key that the models know, with an example where one is given."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from factory.filters import FilterOptions
from factory.generators import OPERATORS, RECORD_MAPS, STEPS
from factory.recipe import CATALOGUE, Recipe
from factory.sources import SOURCES
from factory.tasktypes import TASK_TYPES
from website.folders import PROJECT
from website.markdown import code, page, slug, table, text

Model = type[BaseModel]
_LONGEST_EXAMPLE: Final = 70
_PLAIN: Final = {str: "text", int: "whole number", float: "number", bool: "true or false"}
#: What is installed beside the package on this machine is no part of its reference.
_PACKAGED: Final = {
    name: source
    for name, source in SOURCES.items()
    if type(source).__module__.startswith("factory.")
}
#: What the pages of docs/ show of recipes.
_SHOWN: Final = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """One key that a model knows, as a recipe writes it."""

    name: str
    kind: str
    default: str
    meaning: str
    example: str


@dataclass(slots=True)
class Examples:
    """The shortest value that recipes give each key of each model."""

    found: dict[tuple[Model, str], Any] = field(default_factory=dict)

    def of(self, model: Model, name: str) -> Any:
        """Return the example of a key, None where no recipe gives it."""
        return self.found.get((model, name))

    def take(self, model: Model, data: Any) -> None:
        """Take what ``data``, written for ``model``, says of its keys and of those below."""
        if not isinstance(data, Mapping):
            return
        for name, info in model.model_fields.items():
            key = info.alias or name
            if key not in data or data[key] in (None, {}, []):
                continue
            value = data[key]
            earlier = self.found.get((model, key))
            if earlier is None or len(_flow(value)) < len(_flow(earlier)):
                self.found[model, key] = value
            for below in models_in(info.annotation):
                for each in _parts(value, info.annotation):
                    self.take(below, each)
        if (chosen := _options_of(model, data)) is not None:
            self.take(chosen, data.get("with"))


def recipe_page() -> str:
    """Return ``docs/reference/recipe.md``: every key, its type, default, meaning and an example."""
    examples = _examples()
    blocks = [model for model in reachable(Recipe) if model not in _filters()]
    return page(
        "# Recipe",
        "Every key of `recipes.yaml`. A key that is not here is refused, with the line and the "
        "nearest right one. This page is made from the models that read a recipe, by "
        "`python -m website references`; examples are from the packaged catalogue and from "
        "these pages.",
        "\n".join(
            f"- [{title}](#{slug(title)})"
            for title in (
                *map(_title, blocks),
                "Filters",
                "Options of a source",
                "Options of a task type",
                "Options of a step",
                "Options of a derivation",
            )
        ),
        *(_section(model, "##", _title(model), examples) for model in blocks),
        _filters_section(examples),
        _options_section(
            "Options of a source",
            "What stands in `with:` of a source, by its `adapter`.",
            [(name, source.options, _where(source)) for name, source in _PACKAGED.items()],
            examples,
        ),
        _options_section(
            "Options of a task type",
            "What stands in `with:` of a task, by its `type`.",
            [
                (name, kind.options, f"metrics: {', '.join(map(code, kind.metrics))}")
                for name, kind in TASK_TYPES.items()
            ],
            examples,
        ),
        _options_section(
            "Options of a step",
            "What stands in `with:` of a step of `generate`, by its `by`.",
            [(name, step.options_model, "") for name, step in STEPS.items()],
            examples,
        ),
        _maps_section(examples),
    )


def keys(model: Model, examples: Examples) -> Iterator[Key]:
    """Yield the keys of a model in its own order."""
    for name, info in model.model_fields.items():
        key = info.alias or name
        yield Key(
            name=key,
            kind=kind_of(info),
            default=_default(info),
            meaning=info.description or "",
            example=_example(examples.of(model, key)),
        )


def models_in(annotation: Any) -> Iterator[Model]:
    """Yield the models that stand in an annotation, such as those of a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from models_in(each)


def kind_of(info: FieldInfo) -> str:
    """Return what a key's value is, in words and with its bounds."""
    bounds = [bound for each in info.metadata if (bound := _bound(each))]
    words = _words(info.annotation)
    return f"{words} ({', '.join(bounds)})" if bounds else words


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        bounds = [bound for each in inner[1:] for bound in _bounds_of(each)]
        words = _words(inner[0])
        return f"{words} ({', '.join(dict.fromkeys(bounds))})" if bounds else words
    if origin is Literal:
        return " or ".join(code(str(each)) for each in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(each) for each in inner if each is not types.NoneType)
    if origin in (list, tuple):
        return f"list of {_words(inner[0])}"
    if origin is dict:
        return (
            "mapping" if inner[1] is Any else f"mapping of {_words(inner[0])} to {_words(inner[1])}"
        )
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{_title(annotation)}](#{slug(_title(annotation))})"
    return _PLAIN.get(annotation, "any value")


def _bounds_of(metadata: Any) -> list[str]:
    if isinstance(metadata, FieldInfo):
        return [bound for each in metadata.metadata if (bound := _bound(each))]
    return [bound] if (bound := _bound(metadata)) else []


def _bound(metadata: Any) -> str:
    for name, words in (
        ("gt", "more than {}"),
        ("ge", "{} or more"),
        ("lt", "less than {}"),
        ("le", "{} at most"),
    ):
        if (value := getattr(metadata, name, None)) is not None:
            return words.format(f"{value:,}" if isinstance(value, int) else f"{value:g}")
    return ""


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**needed**"
    value = info.default
    if value is PydanticUndefined or value is None or isinstance(value, BaseModel):
        made = info.default_factory() if info.default_factory is not None else None  # type: ignore[call-arg]
        return "its defaults" if isinstance(made, BaseModel) else ""
    return "" if value in ("", [], {}) else code(_flow(value))


def _example(value: Any) -> str:
    if value is None:
        return ""
    shown = _flow(value)
    return code(shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[: _LONGEST_EXAMPLE - 1]}…")


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    shown = yaml.safe_dump(
        plain, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False
    )
    return shown.removesuffix("\n").removesuffix("\n...")


def _section(model: Model, level: str, title: str, examples: Examples, note: str = "") -> str:
    return page(f"{level} {title}", text(_doc(model)), note, _keys_table(model, examples)).rstrip()


def _keys_table(model: Model, examples: Examples) -> str:
    rows = [
        [code(key.name), key.kind.replace("|", "\\|"), key.default, text(key.meaning), key.example]
        for key in keys(model, examples)
    ]
    return table(["key", "type", "default", "meaning", "example"], rows) if rows else "No options."


def _doc(model: Model) -> str:
    """Return the first paragraph of what a model says of itself, without the marks of Sphinx."""
    paragraph = (model.__doc__ or "").strip().split("\n\n")[0]
    return paragraph.replace("``", "")


def _title(model: Model) -> str:
    titles = {"Recipe": "The recipe", "FilterOptions": "Filters"}
    for end in ("Spec", "Options", "Filter"):
        if model.__name__ in titles:
            return titles[model.__name__]
        if model.__name__.endswith(end):
            return _spaced(model.__name__.removesuffix(end))
    return _spaced(model.__name__)


def _spaced(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().capitalize()


@cache
def _filters() -> frozenset[Model]:
    """Return the model of the block ``filters`` and those of the filters in it."""
    return frozenset(reachable(FilterOptions))


def reachable(model: Model, seen: dict[Model, None] | None = None) -> list[Model]:
    """Return the model and those below it, each before what it holds."""
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = None
        for info in model.model_fields.values():
            for each in models_in(info.annotation):
                reachable(each, seen)
    return list(seen)


def _filters_section(examples: Examples) -> str:
    parts = [_section(FilterOptions, "##", "Filters", examples)]
    for name, info in FilterOptions.model_fields.items():
        for model in models_in(info.annotation):
            note = f"The entry {code(name)} of `filters:`."
            parts.append(_section(model, "###", _title(model), examples, note))
    return page(*parts)


def _options_section(
    title: str, what: str, entries: list[tuple[str, Model, str]], examples: Examples
) -> str:
    parts = [f"## {title}", what]
    for name, model, note in entries:
        parts += [f"### {name}", note]
        for each in reachable(model):
            if each is not model:
                parts += [f"#### {_title(each)}", text(_doc(each))]
            parts.append(_keys_table(each, examples))
    return page(*parts)


def _maps_section(examples: Examples) -> str:
    """Return the maps of each operator, which are many and have few options each."""
    parts = [
        "## Options of a derivation",
        "What stands in `with:` of `derive`, by its `operator` and `map`.",
    ]
    for operator, maps in OPERATORS.items():
        parts.append(f"### {operator}")
        for name in sorted(maps):
            record_map = RECORD_MAPS[operator, name]
            parts += [f"#### {name}", text(_doc(type(record_map)))]  # type: ignore[arg-type]
            parts.append(f"Reads tasks of the types {', '.join(map(code, record_map.types))}.")
            if record_map.options.model_fields:
                parts.append(_keys_table(record_map.options, examples))
    return page(*parts)


def _where(source: Any) -> str:
    where = f" Published at <{source.homepage}>." if "://" in source.homepage else ""
    return f"Licence: {text(source.licence)}.{where}"


def _examples() -> Examples:
    """Return what the packaged catalogue and the recipes in ``docs/`` say, as it is written."""
    examples = Examples()
    for file in (*sorted(CATALOGUE.glob("*.yaml")), PROJECT / "recipes.yaml"):
        examples.take(Recipe, yaml.safe_load(file.read_text(encoding="utf-8")))
    for file in sorted(PROJECT.glob("docs/*.md")):
        for block in _SHOWN.findall(file.read_text(encoding="utf-8")):
            examples.take(Recipe, yaml.safe_load(block))
    return examples


#: Which model the key ``with`` of a block is read by.
_CHOOSERS: Final[Mapping[str, tuple[str, Callable[[Any], Model]]]] = {
    "SourceSpec": ("adapter", lambda data: _PACKAGED[data["adapter"]].options),
    "TaskSpec": ("type", lambda data: TASK_TYPES[data["type"]].options),
    "StepSpec": ("by", lambda data: STEPS[data["by"]].options_model),
    "DeriveSpec": ("map", lambda data: RECORD_MAPS[data["operator"], data["map"]].options),
}


def _options_of(model: Model, data: Mapping[str, Any]) -> Model | None:
    chooser = _CHOOSERS.get(model.__name__)
    if chooser is None or chooser[0] not in data:
        return None
    try:
        return chooser[1](data)
    except KeyError:  # a page may show a part of one's own, such as an adapter
        return None


def _parts(value: Any, annotation: Any) -> Iterator[Any]:
    """Yield what of ``value`` is written for the model within ``annotation``."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, Mapping):
        keyed = get_origin(annotation) is dict
        yield from value.values() if keyed else (value,)
