"""Markdown as the site's pages need it: tables, code and text that cannot break out of either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

#: What Markdown or HTML would read as more than a letter.
_SPECIAL: Final = re.compile(r"[\\`*_{}\[\]#|!<>&]")
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BACKTICKS: Final = re.compile(r"`+")
_CODE: Final = re.compile(r"(``?[^`\n]+``?)")


def text(words: str) -> str:
    """Return ``words`` on one line, so that they are read as they stand."""
    return _literal(" ".join(words.split()))


def prose(words: str) -> str:
    """Return ``words`` on one line as they stand, but for what they say is code."""
    return "".join(
        code(part.strip("`")) if number % 2 else _literal(part)
        for number, part in enumerate(_CODE.split(" ".join(words.split())))
    )


def _literal(words: str) -> str:
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), words)


def code(words: str) -> str:
    """Return ``words`` as code within a line; a table's cell may hold it."""
    words = " ".join(words.split())
    if not words:
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(words)), default=0)
    marks = "`" * (longest + 1)
    blank = " " if longest else ""
    return f"{marks}{blank}{words}{blank}{marks}".replace("|", "\\|")


def fence(content: str, language: str = "text") -> str:
    """Return ``content`` as a block of code: nothing in it ends the block."""
    longest = max((len(run) for run in _BACKTICKS.findall(content)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{content.rstrip()}\n{marks}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def page(*parts: str) -> str:
    """Return the parts as one page, with a blank line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def slug(heading: str) -> str:
    """Return the anchor of a heading, as the site and GitHub form it from plain words."""
    kept = re.sub(r"[^\w\s-]", "", heading.lower())
    return re.sub(r"\s", "-", kept.strip())
