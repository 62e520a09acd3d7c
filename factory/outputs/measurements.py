"""What is found out about a run once it is finished, in files beside it that are no part of it.

``judge.json`` says how good its judges are on planted faults, ``review.json`` what people found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.outputs.files import read_json
from factory.outputs.run_folder import JUDGE, REJECTED, REVIEW


def judges_of(folder: Path) -> dict[str, Any]:
    """Return how good each judge was measured to be on a task, by the panel's name."""
    judges = (read_json(folder / JUDGE) or {}).get("judges")
    return judges if isinstance(judges, dict) else {}


def review_of(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what people said of a run, if they have; ``stale`` says whether it was another's."""
    review = read_json(folder / REVIEW)
    return review and {**review, "stale": review.get("of") != reviewed_files(manifest)}


def reviewed_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the checksums of the files that a review is of, by their names."""
    return {name: file["blake2b"] for name, file in manifest["files"].items() if name != REJECTED}
