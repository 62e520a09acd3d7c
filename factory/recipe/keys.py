"""What the models of a recipe have in common: strictness, kinds of values, a complaint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from factory.errors import did_you_mean

_MOST_LISTED: Final = 40
_NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,99}$"
Name = Annotated[str, Field(pattern=_NAME)]
#: A count: ``yes``, which YAML reads as a truth value, would otherwise pass for 1.
Whole = Annotated[int, Field(strict=True)]


class Strict(BaseModel):
    """Keys that nobody knows are refused, and nothing is changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def one_of(name: str, known: Mapping[str, object], what: str) -> str:
    """Return ``name``; raises :class:`ValueError` where it is none of ``known``."""
    if name not in known:
        raise ValueError(unknown(what, name, known))
    return name


def unknown(what: str, name: str, known: Mapping[str, object]) -> str:
    """Return the complaint that there is no such thing, with the nearest that there is."""
    hint = did_you_mean(name, known)
    shown = sorted(known)
    if not shown:
        return f"there is no {what} {name!r}, nor any other"
    listed = ", ".join(shown) if len(shown) <= _MOST_LISTED else f"{len(shown)} of them"
    return f"there is no {what} {name!r}: {hint}There are {listed}"
