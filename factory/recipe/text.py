"""Reading a recipe's YAML so that every later complaint can name a file and a line.

Only plain YAML is read (``yaml.SafeLoader``): no tags that build objects. A key that stands twice
in one mapping is refused, since YAML itself would silently keep the last.
"""

from __future__ import annotations

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
        raise RecipeError(
            f"{path}: no such recipe; the packaged one is recipes.yaml in the project's folder"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    try:
        node = yaml.compose(text, Loader=_FastLoader if packaged else yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}:{_yaml_problem(error)}") from error
    except RecursionError as error:
        raise RecipeError(f"{path}: its values nest too deep; no recipe needs that") from error
    if not isinstance(node, yaml.MappingNode):
        raise RecipeError(f"{path}:1: a recipe is a mapping with the keys sources, tasks, ...")
    lines: dict[Location, int] = {}
    untexted: dict[Location, tuple[str, int]] = {}
    _locate(node, (), lines, untexted, path)
    try:
        data = yaml.constructor.SafeConstructor().construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise RecipeError(f"{path}: {' '.join(str(error).split())}") from error
    except (LookupError, AttributeError) as error:  # what PyYAML makes of `!!bool maybe`
        raise RecipeError(f"{path}: a value does not fit the tag (!!...) before it") from error
    return RecipeText(path, data, lines, untexted)


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{mark.line + 1}: not YAML at column {mark.column + 1}: {error.problem}"
    return f" not YAML: {' '.join(str(error).split())}"


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
            _locate(value, (*at, key.value), lines, untexted, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*at, number)] = value.start_mark.line + 1
            _locate(value, (*at, number), lines, untexted, path)
