"""Writes OA-Mine in both of its upstream forms."""

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "oa_mine"


def scored(title: str, category: str = "Shoes", /, **scores: Any) -> dict[str, Any]:
    """Return one line of ExtractGPT's form; a value is a text, or several."""
    return {
        "input": title,
        "category": category,
        "target_scores": {
            name.replace("_", " "): dict.fromkeys([value] if isinstance(value, str) else value, 1)
            for name, value in scores.items()
        },
    }


def annotated(title: str, *entities: tuple[str, str, int, int]) -> dict[str, Any]:
    """Return one line of the authors' form; an entity is label, value, start and end."""
    names = ("label", "value", "startOffset", "endOffset")
    listed = [dict(zip(names, entity, strict=True)) for entity in entities]
    return {"asin": "B000000001", "title": title, "entities": listed}


def write_lines(path: Path, rows: Iterable[Mapping[str, Any] | str]) -> Path:
    """Write rows as JSON Lines; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def copy_bundled(folder: Path, *, shuffled: bool, bundled: Path = BUNDLED) -> Path:
    """Write the bundled files into ``folder``; shuffled, the same lines elsewhere in them."""
    for file in sorted(bundled.rglob("*.*")):
        lines = file.read_text(encoding="utf-8").splitlines()
        if shuffled:
            lines.sort(key=lambda line: blake2b(line.encode()).digest())
        write_lines(folder / file.relative_to(bundled), lines)
    return folder
