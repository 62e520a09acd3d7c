"""Writes ECInstruct's file in the upstream form, small or as it is bundled."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DATASET = "dataset.json"
BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "ecinstruct" / DATASET


def row(**values: Any) -> dict[str, Any]:
    """Return one row, a plain training row in domain unless ``values`` say otherwise."""
    return {
        "split": "train",
        "task": "Product_Substitute_Identification",
        "setting": "IND_Diverse_Instruction",
        "instruction": "Substitute or not?",
        "input": json.dumps({"query": "desk lamp", "product": "Lumo Floor Lamp"}),
        "options": None,
        "output": "yes",
        "few_shot_example": None,
        "metadata": None,
    } | values


def write(folder: Path, rows: Sequence[Mapping[str, Any]], *, lines: bool = False) -> Path:
    """Write ``rows`` as the array that upstream has, or as JSON lines; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if lines:
        text = "".join(json.dumps(each) + "\n" for each in rows)
        (folder / "dataset.jsonl").write_text(text, encoding="utf-8")
    else:
        (folder / DATASET).write_text(json.dumps(list(rows)), encoding="utf-8")
    return folder


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled file into ``folder``; its rows in another order where ``shuffled``."""
    rows = json.loads(BUNDLED.read_text(encoding="utf-8"))
    if shuffled:
        # Every seventh row first, then the rest backwards: no row keeps its neighbours.
        rows = rows[::7] + [each for place, each in enumerate(rows) if place % 7][::-1]
    return write(folder, rows)
