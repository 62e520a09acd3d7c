"""How much of each adapter serves best, tried on held-out questions: wise-ft's alpha, an ensemble.

Half of a run's held-out samples decide, drawn task by task, and their ids are kept: ``evaluate
--unseen-by`` asks the other half, since weights that were chosen on questions are flattered by
those. A benchmark's file is refused: NVIDIA's weights were tuned on the leaderboard that they were
then ranked by.

::

    merged.search/
      search.json         what was tried, what it scored, and which questions decided
      answers.jsonl  results.json  evaluation.html      as ``evaluate`` leaves them
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal

from factory.draw import draw
from factory.errors import UsageError
from factory.evaluation.asking import Response
from factory.evaluation.contestants import Contestant, with_kept_answers
from factory.evaluation.folder import AS_TRAINED, evaluate_made, identity
from factory.evaluation.questions import Benchmark, read_benchmark
from factory.llm.local import checksum
from factory.llm.request import Question
from factory.outputs.files import write_json
from factory.training.answers import answer_all
from factory.training.base import base_folder
from factory.training.merge import WEIGHTS, Adapter, merge_into_weights

RECORD: Final = "search.json"
SUFFIX: Final = ".search"
#: Each is compared with each.
_MOST: Final = 30

Kind = Literal["alpha", "weights"]
Weights = Mapping[str, float]
#: Who answers with adapters of these weights.
Answer = Callable[[Weights, Sequence[Question]], Sequence[Response]]
Watch = Callable[[str, int, int], None]


def trials_of(kind: Kind, given: Weights, grid: Sequence[float]) -> list[dict[str, float]]:
    """Return the weights to try: ``given`` times each alpha, or every combination of the grid.

    Raises :class:`UsageError` where they are none or too many.
    """
    values = sorted(set(grid))
    if kind == "alpha":
        tried = [{name: alpha * weight for name, weight in given.items()} for alpha in values]
    else:
        tried = [
            dict(zip(given, chosen, strict=True)) for chosen in product(values, repeat=len(given))
        ]
    if not 1 < len(tried) <= _MOST:
        raise UsageError(
            f"{len(values)} values of --grid are {len(tried)} trials: between 2 and {_MOST} can be "
            "compared"
        )
    return tried


def deciding_half(run: Path, limit: int | None = None) -> Benchmark:
    """Return half of the held-out questions of each task of a run, at most ``limit`` of each.

    Raises:
        UsageError: ``run`` is no run's folder, or no task of it has two held-out samples.
    """
    held_out = read_benchmark(run)
    if held_out.form != "samples":
        raise UsageError(
            f"{run} is a benchmark: weights that are chosen on it say nothing when it is asked "
            "again; give the folder of a run or mixture that has test samples"
        )
    places: dict[str, list[int]] = {}
    for place, each in enumerate(held_out.questions):
        places.setdefault(each.task, []).append(place)
    chosen: set[int] = set()
    for task, own in places.items():
        own.sort(key=lambda place: draw(0, task, held_out.questions[place].id, "search"))
        chosen.update(own[: len(own) // 2][:limit])
    if not chosen:
        raise UsageError(f"{run}: no task has two held-out samples, and one half decides")
    return replace(
        held_out,
        questions=tuple(each for n, each in enumerate(held_out.questions) if n in chosen),
    )


def search(
    benchmark: Benchmark,
    trials: Sequence[Weights],
    answer: Answer,
    out: Path,
    summary: str,
    adapters: Mapping[str, str],
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Have every trial answer, and return what ``search.json`` holds.

    The best is the one with the highest ``summary`` (a name of
    :data:`~factory.evaluation.statistics.SUMMARIES`), of equals the nearest to the base. ``best``
    is its weights, and each trial says by how much the best is better, with the interval: where
    that holds 0, the questions do not tell the two apart. A trial that was answered before is not
    asked again: ``adapters`` are checksums of what is weighted, by name, so that no other adapter
    is answered for.
    """
    said = {**identity(benchmark, AS_TRAINED), "adapters": dict(adapters)}

    def all_of_them(work: Path, asked: Sequence[Question]) -> Sequence[Contestant]:
        contestants = []
        for number, weights in enumerate(trials, 1):
            file = work / f"{_digest(weights, said)}.jsonl"
            had = partial(answer, weights, asked)
            contestants.append(
                with_kept_answers(named(weights), file, work, benchmark.questions, had)
            )
            if watch is not None:
                watch("trials", number, len(trials))
        return contestants

    results = evaluate_made(out, benchmark, all_of_them, said=said)
    record = _record(benchmark, trials, results, summary)
    write_json(out / RECORD, record)
    return record


def named(weights: Weights) -> str:
    """Return what weights are called in results, such as ``0.56 of v8, 0.75 of v9b``."""
    return ", ".join(f"{share:g} of {name}" for name, share in weights.items())


def merged_answers(
    adapters: Sequence[Adapter], base: str | None, scratch: Path, cache: Path
) -> Answer:
    """Return who answers: the base with the adapters merged into a copy in ``scratch``.

    The copy is removed when it has answered. Nothing is merged where all weights are 0.
    """

    def answer(weights: Weights, asked: Sequence[Question]) -> Sequence[Response]:
        weighted = [replace(each, weight=weights[each.name]) for each in adapters]
        if not any(weights.values()):
            named_base = base or str(adapters[0].config["base_model_name_or_path"])
            return answer_all(Path(base_folder(named_base, cache)), asked)
        folder = merge_into_weights(weighted, base, scratch, cache)
        try:
            return answer_all(folder, asked)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return answer


def checksums(adapters: Sequence[Adapter]) -> dict[str, str]:
    """Return a checksum of each adapter's weights, by name."""
    return {each.name: checksum(each.folder / WEIGHTS) for each in adapters}


def _digest(weights: Weights, said: Mapping[str, Any]) -> str:
    text = repr((sorted(weights.items()), sorted(said.items())))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _record(
    benchmark: Benchmark, trials: Sequence[Weights], results: Mapping[str, Any], summary: str
) -> dict[str, Any]:
    scores = [results["models"][named(each)]["overall"][summary] for each in trials]

    def worth(place: int) -> tuple[float, float]:
        return scores[place]["value"], -sum(map(abs, trials[place].values()))

    best = max(range(len(trials)), key=worth)
    behind = _behind(results, named(trials[best]), summary)
    return {
        "on": str(benchmark.path),
        "summary": summary,
        "best": dict(trials[best]),
        "trials": [
            {"weights": dict(each), "score": score, "behind": behind.get(named(each))}
            for each, score in zip(trials, scores, strict=True)
        ],
        "questions": [each.id for each in benchmark.questions],
    }


def _behind(results: Mapping[str, Any], best: str, summary: str) -> dict[str, dict[str, float]]:
    """Return by how much the best is better than each other trial, with interval and p-value."""
    found: dict[str, dict[str, float]] = {}
    for each in results["comparisons"]:
        value = each[summary]
        if each["second"] == best:
            found[each["first"]] = dict(value)
        elif each["first"] == best:
            turned = {"value": -value["value"], "low": -value["high"], "high": -value["low"]}
            found[each["second"]] = {**turned, "p": value["p"]}
    return found
