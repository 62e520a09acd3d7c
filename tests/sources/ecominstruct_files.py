"""Writes the bundled files of EcomInstruct again, in the same order or in another."""

from __future__ import annotations

from hashlib import md5
from pathlib import Path

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "ecominstruct"


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled files into ``folder``: the same rows, elsewhere if ``shuffled``."""
    for file in sorted(BUNDLED.rglob("*")):
        if file.is_file():
            copy = folder / file.relative_to(BUNDLED)
            copy.parent.mkdir(parents=True, exist_ok=True)
            lines = file.read_bytes().splitlines(keepends=True)
            if shuffled and file.name != "meta-info.json":
                lines.sort(key=lambda line: md5(line, usedforsecurity=False).digest())
            copy.write_bytes(b"".join(lines))
    return folder
