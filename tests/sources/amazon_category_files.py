"""Writes the bundled files of the titles with categories again, in the same order or in another."""

from __future__ import annotations

import csv
from hashlib import md5
from pathlib import Path

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "amazon_category"


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled files into ``folder``: the same rows, elsewhere if ``shuffled``."""
    for file in sorted(BUNDLED.rglob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        if shuffled:
            rows[1:] = sorted(
                rows[1:], key=lambda row: md5(repr(row).encode(), usedforsecurity=False).digest()
            )
        copy = folder / file.relative_to(BUNDLED)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows(rows)
    return folder
