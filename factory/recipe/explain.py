"""What is wrong with a recipe: lines that name the file, the line, the key and the nearest key."""

from __future__ import annotations

import types
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from factory.errors import did_you_mean
from factory.recipe.text import Location, RecipeText

#: In characters; a longer value says less than its line.
_LONGEST_VALUE: Final = 80


def explain(
    error: ValidationError, text: RecipeText, at: Location, model: type[BaseModel]
) -> list[str]:
    """Return a line for each thing that is wrong, in the order of the file."""
    found: dict[tuple[int, str], str] = {}
    for detail in error.errors(include_url=False):
        # Members of a union add their own type names to the location; the file has none of them.
        inside = tuple(part for part in detail["loc"] if _stands(text, at, part, detail["loc"]))
        location = (*at, *inside)
        line = text.line(location)
        key = ".".join(shown(part) for part in location)
        message = _said(detail["msg"].removeprefix("Value error, "), detail["input"])
        if detail["type"] == "extra_forbidden":
            known = _keys(model, detail["loc"][:-1])
            hint = did_you_mean(str(location[-1]), known)
            message = f"unknown key: {hint}The keys here are {', '.join(known)}"
        elif detail["type"] == "missing":
            message = f"the key {detail['loc'][-1]!r} is missing"
        elif location in text.untexted and (
            detail["type"] == "invalid_key" or detail["loc"][-1] == "[key]"
        ):
            wrong, line = text.untexted[location]
            message = f"the key {shown(wrong)} is not text in YAML: put it in quotes"
        found.setdefault((line, key), f"{text.path}:{line}: {key or 'recipe'}: {message}")
    return [found[place] for place in sorted(found)]


def _said(message: str, given: object) -> str:
    """Return what pydantic says of a value as this project would, with the value itself."""
    wanted = message.removeprefix("Input should be ")
    if wanted == message:
        return message
    it_is = f", not {given!r}" if isinstance(given, (str, int, float, bool)) else ""
    return f"should be {wanted}{it_is if len(it_is) <= _LONGEST_VALUE else ''}"


def shown(part: str | int) -> str:
    """Return a key as one printable piece of a line; a recipe may come from elsewhere."""
    text = str(part)
    return text if text.isprintable() else repr(text)


def _stands(text: RecipeText, at: Location, part: str | int, whole: tuple[str | int, ...]) -> bool:
    prefix: Location = at
    for step in whole:
        if (*prefix, step) in text.lines:
            prefix = (*prefix, step)
            if step == part:
                return True
    return False


def _keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model has at ``location``."""
    annotation: Any = model
    for step in location:
        annotation = _inner(annotation, step)
    while not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        members = [member for member in get_args(annotation) if member is not type(None)]
        models = [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
        if not members:
            return []
        annotation = models[0] if models else members[0]
    return [
        field.alias or name for name, field in annotation.model_fields.items() if not field.exclude
    ]


def _inner(annotation: Any, step: str | int) -> Any:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        for member in members:
            if isinstance(member, type) and issubclass(member, BaseModel):
                return _inner(member, step)
        return members[0]
    if origin is Annotated:
        return _inner(get_args(annotation)[0], step)
    if origin is dict:
        return get_args(annotation)[1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
    return annotation
