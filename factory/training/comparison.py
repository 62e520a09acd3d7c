"""What quantising lost: the same questions to a checkpoint and to the file that was made of it.

Both answer greedily, worded by the same chat template: the checkpoint through ``transformers``, the
file through llama.cpp, as it is served. An evaluation of both lies in a folder beside the file.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from factory.errors import MissingExtraError
from factory.evaluation.asking import BY_TYPE, asked_question
from factory.evaluation.contestants import Contestant, read_answers
from factory.evaluation.evaluate import (
    ANSWERS,
    Protocol,
    check_metrics,
    evaluate,
)
from factory.evaluation.folder import LEDGER, identity
from factory.evaluation.page import write_page
from factory.evaluation.questions import Benchmark, read_benchmark
from factory.llm.models import ModelSpec
from factory.llm.pool import ModelPool
from factory.outputs.files import LineFile
from factory.outputs.run_folder import RunFolder
from factory.training.answers import answer_all

UNQUANTISED: Final = "unquantised"
QUANTISED: Final = "quantised"
_FILE: Final = "unquantised.jsonl"
_PROTOCOL: Final = Protocol(BY_TYPE, None, 1000, 0)

Watch = Callable[[str, int, int], None]


def questions_of(run: Path, limit: int) -> Benchmark:
    """Return held-out questions of a run, at most ``limit`` of each task.

    So that what is lacking is known before anything is made.

    Raises:
        UsageError: the run has no test samples, or a metric cannot be computed here.
        MissingExtraError: the extra ``local``, through which the file answers, is not installed.
    """
    benchmark = read_benchmark(run, limit=limit)
    check_metrics(benchmark)
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingExtraError("xllamacpp", "local", "asking a GGUF file")
    return benchmark


def compare(
    checkpoint: Path,
    file: Path,
    benchmark: Benchmark,
    out: Path,
    cache: Path,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Return how the answers of ``file`` differ from those of ``checkpoint``.

    ``out`` gets the whole evaluation of both. ``same`` counts the answers that are equal but for
    spaces at their ends.

    Raises:
        TrainingError, ModelError: one of both cannot be asked.
    """

    def told(name: str) -> Callable[[int, int], None]:
        return lambda done, total: watch(name, done, total) if watch is not None else None

    asked = [asked_question(each, _PROTOCOL.system, None) for each in benchmark.questions]
    spec = ModelSpec.model_validate({"engine": "local", "model": str(file)})
    with RunFolder(out) as folder:
        answers = folder.work / _FILE
        with LineFile(answers, folder.work) as lines:
            given = answer_all(checkpoint, asked, told(UNQUANTISED))
            for question, response in zip(benchmark.questions, given, strict=True):
                lines.write(
                    to_json({"id": question.id, "text": response.text, "finish": response.finish})
                )
            lines.finish()
            lines.publish()
        # What the file answers is kept under its checksum, so nothing old can answer for it.
        with ModelPool({QUANTISED: spec}, cache, ledger=folder.work / LEDGER) as pool:
            results = evaluate(
                benchmark,
                [Contestant(UNQUANTISED, None, answers), Contestant(QUANTISED, spec)],
                pool,
                folder,
                _PROTOCOL,
                watch,
            )
        folder.keep_plan(identity(benchmark, _PROTOCOL))
    write_page(out, results)
    return _summary(benchmark, results, out)


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
