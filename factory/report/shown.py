"""Source text on the page. It is hostile: nothing of it is markup, and nothing of it is obeyed.

Escaping is not enough. A direction-changing character turns the words around it, a zero byte ends
what a parser reads, and a character that nobody sees hides what a text says: they are written out.
"""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

#: Control characters but tab and newline, direction marks, embeddings, overrides and isolates,
#: invisible separators, and what XML cannot hold. Joiners stay: emoji and several scripts need
#: them. ``page.js`` has the same list.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return ``text`` with every character that is obeyed or not seen written as ``⟨U+202E⟩``."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def shown(text: object) -> Markup:
    """Return text as an element of its own direction, in which nothing is markup."""
    return Markup("<bdi>{}</bdi>").format(visible(str(text)))


def shortened(text: str, most: int) -> str:
    """Return ``text`` visible and in one line, of at most ``most`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
