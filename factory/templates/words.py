"""What a recipe's words are called in another language: the tables ``<language>/words.yaml``.

A template says ``{{ thing }}``, and the recipe what that is: ``search query``. Another language
needs more than the noun. So a phrase stands in its table as one text, or as the forms that the
templates of that language ask for: ``{{ thing.the }}``, ``{{ thing.of_the }}``. The names of the
languages, which ``{{ language }}`` prints, stand there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from factory.errors import RecipeError, did_you_mean

NAME: Final = "words.yaml"
#: A phrase in another language: one text, or its forms by name.
Phrase: TypeAlias = str | Mapping[str, str]
_FORM: Final = re.compile(r"[a-z][a-z_]*")


def load_words(folders: Iterable[Path], language: str) -> dict[str, Phrase]:
    """Return what English phrases are in ``language`` (ISO 639-1); the first folder's count first.

    Raises :class:`RecipeError` for a table that is no YAML mapping of phrases.
    """
    found: dict[str, Phrase] = {"": ""}
    for folder in reversed(list(folders)):
        path = folder / language / NAME
        if path.is_file():
            found |= _table(path, path.stat().st_mtime_ns)
    return found


def check_forms(
    words: Mapping[str, Phrase], forms: Iterable[tuple[str, str]], wording: str, path: Path
) -> None:
    """Raise :class:`RecipeError` where a wording asks a word for a form that it does not have.

    ``forms`` are the wording's pairs of a name and a form, "" for the name alone.
    """
    for name, form in sorted(forms):
        phrase = words.get(name)
        if phrase is None or (isinstance(phrase, str) and not form):
            continue
        if isinstance(phrase, str):
            raise RecipeError(
                f"{path}: wording {wording!r} asks for {name}.{form}, and {phrase!r} in {NAME} has "
                "no forms: give it some there"
            )
        if form not in phrase:
            raise RecipeError(
                f"{path}: wording {wording!r} asks for "
                f"{f'{name}.{form}' if form else f'{name} without a form'}, "
                f"{did_you_mean(form, phrase)}{NAME} has {', '.join(sorted(phrase))}"
            )


@lru_cache(maxsize=64)
def _table(path: Path, changed: int) -> dict[str, Phrase]:  # noqa: ARG001 - a table may change
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: no table of words: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise RecipeError(f"{path}:1: a table of words is a mapping of English phrases")
    return {_phrase(key, path): _forms(key, value, path) for key, value in data.items()}


def _phrase(key: Any, path: Path) -> str:
    if not isinstance(key, str):
        raise RecipeError(f"{path}: the phrase {key!r} is no text: put it in quotes")
    return key


def _forms(key: str, value: Any, path: Path) -> Phrase:
    if isinstance(value, str):
        return value
    if (
        isinstance(value, dict)
        and value
        and all(isinstance(form, str) and _FORM.fullmatch(form) for form in value)
        and all(isinstance(text, str) for text in value.values())
    ):
        return value
    raise RecipeError(
        f"{path}: {key!r} needs a text, or texts by form: {{the: la consulta, of_the: de la "
        "consulta}"
    )
