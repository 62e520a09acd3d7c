"""What the judges of a run said on the whole, for its manifest: means, and how far they agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import fsum
from statistics import fmean
from typing import Any

from factory.filters import JudgeOptions
from factory.filters.agreement import cohens_kappa, krippendorffs_alpha
from factory.filters.judge import score_name, worst_score
from factory.filters.rubrics import CRITERIA
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_records
from factory.outputs.run_folder import REJECTED


def judged(options: JudgeOptions, files: Mapping[str, LineFile]) -> dict[str, Any]:
    """Return the judges' mean score by criterion over kept and dropped samples, and agreement.

    Agreement is over all of a panel's scores of one criterion: Krippendorff's alpha, and Cohen's
    kappa of whether each of two judges would keep the sample. ``tokens`` and ``cost`` are what the
    judgements of these samples took, whenever they were asked.
    """
    scores: list[Mapping[str, float]] = []
    tokens, costs = 0, []
    for sample in _judged_samples(files):
        scores.append(sample["scores"])
        tokens += sample["provenance"]["judge_tokens"]
        costs.append(sample["provenance"]["judge_cost"])
    said: dict[str, Any] = {
        "models": list(options.models),
        "samples": len(scores),
        "tokens": tokens,
        "cost": round(fsum(costs), 10),
    }
    return said | agreement(options.models, options.threshold, scores)


def agreement(
    models: Sequence[str], threshold: float, scores: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """Return mean and alpha by criterion, and the kappa of two judges; see :func:`judged`."""
    said: dict[str, Any] = {}
    for criterion in CRITERIA:
        units = [
            [each[name] for model in models if (name := score_name(criterion, model)) in each]
            for each in scores
        ]
        given = [score for unit in units for score in unit]
        said[criterion] = {
            "mean": round(fmean(given), 4) if given else None,
            "alpha": _rounded(krippendorffs_alpha(units)),
        }
    if len(models) == 2:
        said["kappa"] = _rounded(_kappa(models, threshold, scores))
    return said


def _kappa(
    models: Sequence[str], threshold: float, scores: Sequence[Mapping[str, float]]
) -> float | None:
    keeps: list[list[bool]] = []
    for each in scores:
        worst = [worst_score(each, model) for model in models]
        if None not in worst:
            keeps.append([score >= threshold for score in worst if score is not None])
    return cohens_kappa([left for left, _ in keeps], [right for _, right in keeps])


def _judged_samples(files: Mapping[str, LineFile]) -> Iterator[dict[str, Any]]:
    """Yield the records of the samples that were judged, kept or dropped."""
    for name, file in files.items():
        for record in read_records(file.partial):
            sample = json.loads(record["record"]) if name == REJECTED else record
            verdicts = sample.get("verdicts") or ()
            if any(verdict["filter"] == JudgeOptions.name for verdict in verdicts):
                yield sample


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
