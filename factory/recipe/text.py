"""Reading a recipe's YAML so that every later complaint can name a file and a line.

Only plain YAML is read (``yaml.SafeLoader``): no tags that build objects. A key that stands twice
in one mapping is refused, since YAML itself would silently keep the last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from factory.errors import RecipeError

#: Where a value stands: the keys and list indices that lead to it.
Location: TypeAlias = tuple[str | int, ...]

# A few lines of nested aliases expand to billions of nodes; no honest recipe comes near this.
_MOST_NODES: Final = 200_000
# Nor near this: an alias that stands inside its own anchor would nest for ever.
_DEEPEST: Final = 50
# libyaml reads the packaged catalogue ten times faster; on a hostile file it overflows the stack.
_FastLoader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML says of the mistakes that are made most, and what it means.
_PLAINER: Final = {
    "expected <block end>, but found '<block mapping start>'": "indented further, or less far, "
    "than the lines that it belongs to",
    "expected <block end>, but found '-'": "this '-' stands elsewhere than those of its list",
    "expected <block end>, but found '<scalar>'": "text after a value that had ended: put the "
    "whole value in quotes",
    "mapping values are not allowed here": "a second colon, or a line that is indented too far: "
    "put a value with a colon in quotes",
}
_MOST_NAMED: Final = 4
_HALF: Final = re.compile("[\ud800-\udfff]")
_TEXT_TAGS: Final = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


@dataclass(frozen=True, slots=True)
class RecipeText:
    """The data of a recipe file, and the line where each of its keys stands.

    ``untexted`` names, for each mapping that has one, its first key that YAML reads as something
    other than text (``1``, ``yes``, nothing), and that key's line.
    """

    path: Path
    data: dict[str, Any]
    lines: Mapping[Location, int]
    untexted: Mapping[Location, tuple[str, int]]

    def line(self, location: Location) -> int:
        """Return the line of ``location``, or of its nearest ancestor that stands in the file."""
        for length in range(len(location), -1, -1):
            if (line := self.lines.get(location[:length])) is not None:
                return line
        return 1


def read_recipe_text(path: Path, *, packaged: bool = False) -> RecipeText:
    """Read one recipe file; ``packaged`` ones are our own, and read faster.

    Raises :class:`RecipeError` with one line for a file that is missing, not UTF-8, not YAML, not a
    mapping, or in which a key stands twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such recipe: {_recipes_near(path.parent)}") from error
    except IsADirectoryError as error:
        raise RecipeError(f"{path}: a folder, not a recipe: {_recipes_near(path)}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path}: not text in UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        node = yaml.compose(text, Loader=_FastLoader if packaged else yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}:{_yaml_problem(error, text)}") from error
    except RecursionError as error:
        raise RecipeError(f"{path}: its values nest too deep; no recipe needs that") from error
    if not isinstance(node, yaml.MappingNode):
        raise RecipeError(f"{path}:1: a recipe is a mapping with the keys sources, tasks, ...")
    lines: dict[Location, int] = {}
    untexted: dict[Location, tuple[str, int]] = {}
    _locate(node, (), lines, untexted, path)
    return RecipeText(path, _data_of(node, path), lines, untexted)


def _data_of(node: yaml.Node, path: Path) -> dict[str, Any]:
    try:
        data = yaml.constructor.SafeConstructor().construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise RecipeError(f"{path}: {' '.join(str(error).split())}") from error
    except (LookupError, AttributeError) as error:  # what PyYAML makes of `!!bool maybe`
        raise RecipeError(f"{path}: a value does not fit the tag (!!...) before it") from error
    if not isinstance(data, dict):  # what `!!set` and `!!omap` make of a mapping
        raise RecipeError(f"{path}:1: a recipe is a plain mapping: take out the tag (!!...)")
    return data


def _recipes_near(folder: Path) -> str:
    """Return what to name instead: the recipes of a folder, or how to come by one."""
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    # The name that the packaged recipe and every begun shop have comes first.
    paths = sorted(folder.glob("*.yaml"), key=lambda each: (each.name != "recipes.yaml", each))
    found = [str(each) for each in paths or sorted(folder.glob("*.yml"))]
    if not found:
        return (
            f"{folder.resolve()} holds none; `python -m factory init --catalogue {folder}` writes "
            "the one with all packaged tasks"
        )
    more = ", ..." if len(found) > _MOST_NAMED else ""
    return f"did you mean {', '.join(found[:_MOST_NAMED])}{more}?"


def _yaml_problem(error: yaml.YAMLError, text: str) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f" not YAML: {' '.join(str(error).split())}"
    mark = error.problem_mark
    lines = text.splitlines()
    for number in (mark.line, mark.line - 1):
        line = lines[number] if 0 <= number < len(lines) else ""
        if re.match(r" *\t", line):
            return f"{number + 1}: indented with a tab: YAML wants spaces"
        if found := re.match(r"\s*([\w-]+):(?!//)(\S.*)", line):
            key, value = found.groups()
            return f"{number + 1}: a space is missing after the colon: write '{key}: {value}'"
    problem = _PLAINER.get(error.problem or "", error.problem)
    return f"{mark.line + 1}: not YAML at column {mark.column + 1}: {problem}"


def _locate(
    node: yaml.Node,
    at: Location,
    lines: dict[Location, int],
    untexted: dict[Location, tuple[str, int]],
    path: Path,
) -> None:
    """Record the line of every key and list item below ``node``."""
    if len(at) > _DEEPEST:
        raise RecipeError(
            f"{path}:{node.start_mark.line + 1}: values nest more than {_DEEPEST} deep, or an "
            "alias stands inside its own anchor"
        )
    if len(lines) > _MOST_NODES:
        raise RecipeError(f"{path}: its aliases expand to more than {_MOST_NODES:,} values")
    lines.setdefault(at, node.start_mark.line + 1)
    _check_text(node, path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                raise RecipeError(f"{path}:{line}: a key must be plain text")
            if key.value in seen:
                line = key.start_mark.line + 1
                raise RecipeError(f"{path}:{line}: the key {key.value!r} stands twice; keep one")
            seen.add(key.value)
            if key.tag not in _TEXT_TAGS:
                untexted.setdefault(at, (key.value, key.start_mark.line + 1))
            lines[(*at, key.value)] = key.start_mark.line + 1
            _check_text(key, path)
            _locate(value, (*at, key.value), lines, untexted, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*at, number)] = value.start_mark.line + 1
            _locate(value, (*at, number), lines, untexted, path)


def _check_text(node: yaml.Node, path: Path) -> None:
    """Raise for half of a surrogate pair, which an escape can write and no file can hold."""
    if isinstance(node, yaml.ScalarNode) and _HALF.search(node.value):
        raise RecipeError(
            f"{path}:{node.start_mark.line + 1}: half of a character (\\ud800 to \\udfff): write "
            "the character itself"
        )
