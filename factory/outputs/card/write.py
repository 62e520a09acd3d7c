"""Writing a card: rendered from a folder's files, sealed, and never over what people wrote.

The last line of a card is a comment with the checksum of everything above it. Where it still holds,
nobody has changed the text and it may be written anew; a card that somebody edited is left to them,
and put aside only where other samples take the place of those that it speaks of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from factory.outputs.card.facts import gather
from factory.outputs.card.front_matter import front_matter
from factory.outputs.card.markdown import block, capped, code, html, inline, link
from factory.outputs.card.sections import named_tasks, sections, told_share
from factory.outputs.files import explained, read_json, write_whole
from factory.outputs.run_folder import CARD, MANIFEST

if TYPE_CHECKING:
    from jinja2 import Template

#: Where a card goes that somebody edited, when a run writes other samples.
_EDITED: Final = "README.edited.md"
_SEAL: Final = re.compile(r"<!-- eshop-factory card ([0-9a-f]{16}) -->\n\Z")
_BLANK_LINES: Final = re.compile(r"^(`{3,})[a-z]*\n.*?^\1$|\n{3,}", re.DOTALL | re.MULTILINE)


def render_card(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return the card of a folder of finished files, with its front matter and its seal."""
    # As it is read back, in the order of its keys: the card of a later day says the same.
    facts = gather(folder, json.loads(json.dumps(manifest, sort_keys=True)))
    body = _template().render(sections(facts))
    text = f"---\n{front_matter(facts)}---\n\n{_with_single_blanks(body)}\n\n"
    return f"{text}<!-- eshop-factory card {_checksum(text)} -->\n"


def write_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the card of a folder whose samples have just been made, or are there already.

    A card that somebody edited stays beside it under another name where it speaks of other samples.

    Raises :class:`~factory.errors.OutputError` where it cannot be written.
    """
    path = folder / CARD
    if path.exists() and not _is_ours(path):
        if (folder / MANIFEST).is_file():  # the samples are those that it speaks of
            return
        with explained(path):
            path.replace(folder / _EDITED)
    _write(path, render_card(folder, manifest))


def refresh_card(folder: Path) -> bool:
    """Write the card again, with what has been measured or judged since; return whether it was.

    It is not where the folder holds no finished run, or where somebody has edited the card. The
    card of a mixture that the folder is a task of is written again too.

    Raises :class:`~factory.errors.OutputError` where it cannot be written.
    """
    manifest = read_json(folder / MANIFEST)
    if manifest is None:
        return False
    above = read_json(folder.absolute().parent / MANIFEST)
    if above is not None and folder.absolute().name in above.get("tasks", ()):
        refresh_card(folder.absolute().parent)
    path = folder / CARD
    if path.exists() and not _is_ours(path):
        return False
    _write(path, render_card(folder, manifest))
    return True


def _write(path: Path, text: str) -> None:
    """Let the card appear whole, unless it says just this already."""
    content = text.encode()
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)


def _is_ours(path: Path) -> bool:
    """Return whether a card still reads as this package wrote it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    seal = _SEAL.search(text)
    return seal is not None and seal[1] == _checksum(text[: seal.start()])


def _checksum(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _with_single_blanks(text: str) -> str:
    """Return a rendered body without the blank lines that conditions leave; blocks stay whole."""
    return _BLANK_LINES.sub(lambda found: found[0] if found[1] else "\n\n", text).strip()


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701  (not HTML: every expression is escaped for Markdown)
        loader=PackageLoader("factory.outputs.card", "."),
        undefined=StrictUndefined,
        finalize=inline,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {"code": code, "block": block, "capped": capped, "to": link}
    environment.filters |= {"tasks": named_tasks, "share": told_share, "html": html}
    return environment.get_template("card.md.j2")
