"""What the pages of a built site load from other servers: nothing, or it needs a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: What a browser fetches by itself: not the links that people follow.
_LOADED: Final = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc="((?:https?:)?//[^"]+)"|"""
    r"""<link\b(?=[^>]*\brel="(?:stylesheet|icon|preload|preconnect|modulepreload)")"""
    r"""[^>]*?\bhref="((?:https?:)?//[^"]+)"|"""
    r"""(?:@import\s+|url\()["']?((?:https?:)?//[^"')]+)"""
)


def loaded_from_elsewhere(site: Path) -> Iterator[str]:
    """Yield a complaint for each address that a page or a style sheet of ``site`` loads."""
    for file in sorted((*site.rglob("*.html"), *site.rglob("*.css"))):
        for found in _LOADED.findall(file.read_text(encoding="utf-8")):
            yield f"{file.relative_to(site)} loads {next(filter(None, found))}"
