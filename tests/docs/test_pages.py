"""What the pages of the documentation have their reader do works, in their order, as written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.catalogue import PROJECT
from tests.docs.blocks import blocks, follow

DOCS = PROJECT / "docs"


def test_the_quick_start_works_as_it_is_written(tmp_path: Path) -> None:
    printed = follow(DOCS / "quick-start.md", tmp_path)
    assert any("explains" in each for each in printed), "the changed wording explains the diff"


def test_a_task_of_ones_own_is_made_as_the_page_says(tmp_path: Path) -> None:
    for block in blocks(DOCS / "your-own-task.md"):
        if block.path:
            continue
        if block.language == "sql":
            _write(tmp_path / "mine/views/product_brand.sql", block.code)
        elif block.language == "jinja":
            _write(tmp_path / "mine/templates/name_the_brand.j2", block.code)
        elif block.language == "yaml":
            _write(tmp_path / "mine/recipes.yaml", block.code)
    follow(DOCS / "your-own-task.md", tmp_path)
    samples = (tmp_path / "out/name_the_brand/train.jsonl").read_text(encoding="utf-8")
    assert "What is the brand of the following product?" in samples
    spanish = (tmp_path / "out/spanish/name_the_brand/train.jsonl").read_text(encoding="utf-8")
    assert "¿De qué marca es el siguiente producto?" in spanish


def test_an_adapter_of_ones_own_feeds_the_catalogues_tasks(tmp_path: Path) -> None:
    # What pip would write of the package that the page has its reader install.
    page = DOCS / "adding-a-source.md"
    installed = tmp_path / "installed"
    for block in blocks(page):
        if block.path.endswith("feed.py"):
            _write(installed / "feed.py", block.code)
    _write(installed / "my_feed-1.0.dist-info/METADATA", "Name: my-feed\nVersion: 1.0\n")
    _write(
        installed / "my_feed-1.0.dist-info/entry_points.txt",
        "[factory.sources]\nfeed = feed:FeedSource\n",
    )
    assert 'feed = "feed:FeedSource"' in page.read_text(encoding="utf-8")
    follow(page, tmp_path)
    run = tmp_path / "my_feed/out/label_title_department"
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert "Copper gooseneck kettle" in (run / "train.jsonl").read_text(encoding="utf-8")
    assert "id-missing" in json.dumps(manifest)


@pytest.mark.parametrize("page", ["quick-start.md", "adding-a-source.md"])
def test_what_is_not_run_says_why(page: str) -> None:
    left = [block for block in blocks(DOCS / page) if block.language == "bash" and not block.runs]
    assert all(block.reason for block in left)
    assert any(block.runs for block in blocks(DOCS / page))


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
