"""Every link between the pages of the project leads somewhere, its anchor included."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from tests.catalogue import PROJECT
from website.build import KEPT, MADE
from website.markdown import slug

DOCS = PROJECT / "docs"
PAGES = (
    PROJECT / "README.md",
    PROJECT / "factory/sources/samples/README.md",
    *sorted(DOCS.rglob("*.md")),
)
_FENCE = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?!\w+:)([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: *\{:?.*\})?$", re.MULTILINE)


def links(page: Path) -> list[str]:
    return _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings; the second of a name has ``_1`` behind it."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        anchor = slug(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("\\", ""))
        number = 0
        while (numbered := f"{anchor}_{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        if target.is_relative_to(DOCS) and str(target.relative_to(DOCS)) in MADE:
            continue
        assert target.exists(), f"{link}: there is no {target.relative_to(PROJECT)}"
        if anchor:
            assert anchor in anchors(target), f"{link}: {target.name} has {sorted(anchors(target))}"


def test_the_navigation_has_every_page_once() -> None:
    nav = yaml.safe_load((PROJECT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = sorted(_pages_of(nav))
    assert listed == sorted(
        {*(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")), *KEPT, *MADE}
    ), "a new page of docs/ gets its place in the nav of mkdocs.yml"


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](#is) and [there](gone.md)\n\n```\n[no](link.md)\n```\n\n# Is\n")
    assert links(page) == ["#is", "gone.md"]
    assert anchors(page) == {"is"}


def _pages_of(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    entries = nav.values() if isinstance(nav, dict) else nav
    return [page for entry in entries for page in _pages_of(entry)]
