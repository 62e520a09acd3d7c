"""What a template in another language has in common with the English one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from factory.errors import RecipeError
from factory.templates.options import ENGLISH

if TYPE_CHECKING:
    from factory.templates.compiler import Template


def language_of(wording: str) -> str:
    """Return the language (ISO 639-1) of a wording by its name: ``es/which`` is in Spanish."""
    language, parted, _ = wording.partition("/")
    return language if parted else ENGLISH


def check_translation(found: Template, english: Template, words: Collection[str]) -> None:
    """Raise :class:`RecipeError` where a translation could not stand in for the English one.

    ``words`` are the names of the recipe's words: another language may need others of them to say
    the same.
    """
    lacks = sorted(set(english.human) - set(found.human))
    if lacks:
        raise RecipeError(f"{found.path}:1: the wording {lacks[0]!r} of {english.path} is missing")
    for name, wording in found.human.items():
        if name not in english.human:
            raise RecipeError(f"{found.path}:1: {english.path} has no wording {name!r}")
        names, others = wording.names, english.human[name].names
        for odd in sorted((names.keys() ^ others.keys()) - set(words)):
            raise RecipeError(
                f"{names[odd]}: wording {name!r} uses {odd!r}, which the English one does not"
                if odd in names
                else f"{found.path}:1: wording {name!r} does not use {odd!r}, as the English one "
                f"does in {others[odd]}"
            )
