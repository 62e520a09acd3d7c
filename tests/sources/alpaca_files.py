"""Writes the bundled files of Alpaca again, in the same order or in another."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "alpaca"


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled files into ``folder``: the same rows, elsewhere if ``shuffled``."""
    rows = json.loads((BUNDLED / "alpaca_data_cleaned.json").read_text(encoding="utf-8"))
    if shuffled:
        rows.sort(key=lambda row: md5(repr(row).encode(), usedforsecurity=False).digest())
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, ensure_ascii=False)
    (folder / "alpaca_data_cleaned.json").write_text(text, encoding="utf-8")
    return folder
