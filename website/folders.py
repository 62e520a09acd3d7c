"""Where the site's parts stand."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[1]
#: The pages that people write, and those that are made and kept.
DOCS: Final = PROJECT / "docs"
#: What a build makes: the samples in ``runs``, all pages in ``pages``, the site in ``site``.
BUILD: Final = PROJECT / "build"
