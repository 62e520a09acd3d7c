"""What the judges of a run said on the whole, for its manifest: means, and how far they agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from factory.filters import JudgeOptions
from factory.filters.agreement import cohens_kappa, krippendorffs_alpha
from factory.filters.judge import CRITERIA
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_records
from factory.outputs.run_folder import REJECTED


def judged(options: JudgeOptions, files: Mapping[str, LineFile]) -> dict[str, Any]:
    """Return the judges' mean score by criterion over kept and dropped samples, and agreement.

    Agreement is over all of a panel's scores of one criterion: Krippendorff's alpha, and Cohen's
    kappa of whether each of two judges would keep the sample.
    """
    scores = list(_scores(files))
    said: dict[str, Any] = {"models": list(options.models), "samples": len(scores)}
    for criterion in CRITERIA:
        units = [
            [each[name] for model in options.models if (name := _name(criterion, model)) in each]
            for each in scores
        ]
        given = [score for unit in units for score in unit]
        said[criterion] = {
            "mean": round(fmean(given), 4) if given else None,
            "alpha": _rounded(krippendorffs_alpha(units)),
        }
    if len(options.models) == 2:
        said["kappa"] = _rounded(_kappa(options, scores))
    return said


def _kappa(options: JudgeOptions, scores: list[dict[str, float]]) -> float | None:
    keeps: list[list[bool]] = [[], []]
    for each in scores:
        verdicts = []
        for model in options.models:
            own = [each.get(_name(criterion, model)) for criterion in CRITERIA]
            if None not in own:
                verdicts.append(min(s for s in own if s is not None) >= options.threshold)
        if len(verdicts) == len(keeps):
            for kept, verdict in zip(keeps, verdicts, strict=True):
                kept.append(verdict)
    return cohens_kappa(*keeps)


def _scores(files: Mapping[str, LineFile]) -> Iterator[dict[str, float]]:
    """Yield the scores of every sample that was judged, kept or dropped."""
    for name, file in files.items():
        for record in read_records(file.partial):
            sample = json.loads(record["record"]) if name == REJECTED else record
            scores: dict[str, float] = sample.get("scores") or {}
            if any(each.startswith("judge.") for each in scores):
                yield scores


def _name(criterion: str, model: str) -> str:
    return f"judge.{criterion}.{model}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
