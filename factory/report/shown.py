"""Source text on the page. It is hostile: nothing of it is markup, and nothing of it is obeyed.

Escaping is not enough. A direction-changing character turns the words around it, a zero byte ends
what a parser reads, and a character that nobody sees hides what a text says: they are written out.
"""

from __future__ import annotations

from markupsafe import Markup

from factory.text import UNSEEN


def visible(text: str) -> str:
    """Return ``text`` with every character that is obeyed or not seen written as ``⟨U+202E⟩``."""
    return UNSEEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def shown(text: object) -> Markup:
    """Return text as an element of its own direction, in which nothing is markup."""
    return Markup("<bdi>{}</bdi>").format(visible(str(text)))


def shortened(text: str, most: int) -> str:
    """Return ``text`` visible and in one line, of at most ``most`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
