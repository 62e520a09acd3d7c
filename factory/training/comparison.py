"""What quantising lost: the same questions to a checkpoint and to what was made of it.

Both answer greedily, worded by the same chat template: the checkpoint through ``transformers``, a
GGUF file through llama.cpp, as it is served, a folder in four bits through ``transformers`` too. An
evaluation of both lies in a folder beside it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from factory.errors import MissingExtraError
from factory.evaluation.contestants import Contestant, read_answers
from factory.evaluation.evaluate import ANSWERS, Watch, check_metrics
from factory.evaluation.folder import evaluate_made
from factory.evaluation.questions import Benchmark, read_benchmark
from factory.llm.models import ModelSpec
from factory.llm.request import Question
from factory.training.answers import kept_answers

UNQUANTISED: Final = "unquantised"
QUANTISED: Final = "quantised"


def questions_of(run: Path, limit: int, *, served: bool) -> Benchmark:
    """Return held-out questions of a run, at most ``limit`` of each task.

    So that what is lacking is known before anything is made; ``served`` where llama.cpp answers.

    Raises:
        UsageError: the run has no test samples, or a metric cannot be computed here.
        MissingExtraError: the extra ``local``, through which a file answers, is not installed.
    """
    benchmark = read_benchmark(run, limit=limit)
    check_metrics(benchmark)
    if served and importlib.util.find_spec("xllamacpp") is None:
        raise MissingExtraError("xllamacpp", "local", "asking a GGUF file")
    return benchmark


def compare(
    checkpoint: Path,
    made: Path,
    benchmark: Benchmark,
    out: Path,
    cache: Path,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Return how the answers of ``made``, a GGUF file or a folder, differ from the checkpoint's.

    ``out`` gets the whole evaluation of both. ``same`` counts the answers that are equal but for
    spaces at their ends. What ``transformers`` answered is kept: the same again is not computed
    twice.

    Raises:
        TrainingError, ModelError: one of both cannot be asked.
    """

    def both(work: Path, asked: Sequence[Question]) -> Sequence[Contestant]:
        first = kept_answers(UNQUANTISED, checkpoint, benchmark, asked, work, watch)
        if made.is_dir():
            return [first, kept_answers(QUANTISED, made, benchmark, asked, work, watch)]
        spec = ModelSpec.model_validate({"engine": "local", "model": str(made)})
        return [first, Contestant(QUANTISED, spec)]

    return _summary(benchmark, evaluate_made(out, benchmark, both, cache=cache, watch=watch), out)


def _summary(benchmark: Benchmark, results: dict[str, Any], out: Path) -> dict[str, Any]:
    texts = {
        name: [each.text.strip() for each in read_answers(out / ANSWERS, benchmark.questions, name)]
        for name in (UNQUANTISED, QUANTISED)
    }
    same = sum(map(str.__eq__, texts[UNQUANTISED], texts[QUANTISED]))
    (difference,) = results["comparisons"]
    return {
        "questions": len(benchmark.questions),
        "run": str(benchmark.path),
        "same": same,
        "scores": {name: each["overall"] for name, each in results["models"].items()},
        "difference": {
            name: value for name, value in difference.items() if name.startswith("mean over")
        },
        "evaluation": str(out),
    }
