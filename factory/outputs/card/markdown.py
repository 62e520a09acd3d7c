"""Text in a card. Source text is hostile: nothing of it is read as Markdown, HTML or a link."""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final

from factory.text import visible

#: What Markdown may read as its own, or a renderer as a link, a formula or a mention.
_MARKS: Final = str.maketrans(
    {
        **{mark: f"\\{mark}" for mark in "\\`*_[]|~"},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "$": "&#36;",
        "@": "&#64;",
    }
)
#: What begins a list, a heading or a rule where it begins a line.
_BEGINS: Final = re.compile(r"(\d*)([#+=.)-])(?=[\s#+=-]|\Z)")
#: What renderers make a link of by themselves, wherever it stands but in code.
_LINK: Final = re.compile(r"(?i)://|www\.|mailto:|xmpp:|\S@\S+\.\S")
_TICKS: Final = re.compile("`+")


class Markdown(str):
    """Text that is Markdown already and made by this package alone."""

    __slots__ = ()


def inline(value: Any) -> Markdown:
    """Return a value as one line of text that says what it says and does nothing else."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Markdown(f"{value:,}")
    text = visible(" ".join(str(value).split()))
    if _LINK.search(text):
        return code(text)
    text = text.translate(_MARKS)
    begins = _BEGINS.match(text)
    return Markdown(f"{begins[1]}\\{text[begins.end(1) :]}" if begins else text)


def code(value: Any) -> Markdown:
    """Return a value as a code span of one line, also within a table."""
    text = visible(" ".join(str(value).split())) or " "
    longest = max(map(len, _TICKS.findall(text)), default=0)
    if not longest:
        return Markdown(f"`{text}`".replace("|", "\\|"))
    ticks = "`" * (longest + 1)
    return Markdown(f"{ticks} {text} {ticks}".replace("|", "\\|"))


def html(value: Any) -> Markdown:
    """Return a value for the inside of an HTML element, where Markdown is not read."""
    return Markdown(escape(visible(" ".join(str(value).split()))))


def block(value: Any, language: str = "text") -> Markdown:
    """Return a text of several lines as a fenced block that it cannot end itself."""
    text = "\n".join(visible(line) for line in re.split(r"\r\n|\r|\n", str(value)))
    longest = max(map(len, _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}{language}\n{text}\n{fence}")


def capped(text: str, characters: int) -> str:
    """Return the beginning of a long text, with how much of it is not shown."""
    if len(text) <= characters:
        return text
    return f"{text[:characters]}\n[... {len(text) - characters:,} more characters]"


def link(text: str, address: str) -> Markdown:
    """Return a link to a web address; the text alone where it is none.

    An address is told without its scheme.
    """
    if not re.fullmatch(r"https?://[\w./~%:?=&#+-]+", address, re.ASCII):
        return inline(text)
    return Markdown(f"[{inline(re.sub('^https?://', '', text))}]({address})")
