"""The folder of an evaluation: claimed for one set of questions, answered, and shown.

::

    evaluations/tuned/
      answers.jsonl     every answer of every model: text, how it was read, score, fault of form
      results.json      scores with intervals, per task, type and track, and overall; comparisons
      evaluation.html   the same for people
      .work/            what makes the evaluation this one, the lock, and the ledger of answers
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError
from factory.evaluation.contestants import Contestant
from factory.evaluation.evaluate import (
    ANSWERS,
    FORMAT,
    RESULTS,
    Protocol,
    Watch,
    check_metrics,
    evaluate,
)
from factory.evaluation.page import write_page
from factory.evaluation.questions import Benchmark
from factory.llm.pool import ModelPool
from factory.outputs.run_folder import MANIFEST, RunFolder
from factory.sources.download import cache_folder

LEDGER: Final = "answers.sqlite"


def evaluate_in(
    out: Path,
    benchmark: Benchmark,
    contestants: Sequence[Contestant],
    protocol: Protocol,
    *,
    budget: float | None = None,
    fresh: bool = False,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Evaluate models in the folder ``out`` and return what ``results.json`` holds.

    What was answered in it before is not asked again unless ``fresh``; ``budget`` is in US dollars.

    Raises :class:`~factory.errors.UsageError` where the folder holds an evaluation of other
    questions, and what :func:`~factory.evaluation.evaluate.evaluate` raises.
    """
    check_metrics(benchmark)
    if (out / MANIFEST).exists():
        # What made the run would be lost, and with it the run's own command.
        raise UsageError(f"{out} holds a run: choose another folder with --out")
    asked = {each.name: each.spec for each in contestants if each.spec is not None}
    with (
        RunFolder(out) as folder,
        ModelPool(
            asked, cache_folder(), budget=budget, fresh=fresh, ledger=folder.work / LEDGER
        ) as pool,
    ):
        said = identity(benchmark, protocol)
        folder.claim(said, fresh=fresh, made=(ANSWERS, RESULTS))
        folder.keep_plan(said)
        results = evaluate(benchmark, contestants, pool, folder, protocol, watch)
    write_page(out, results)
    return results


def identity(benchmark: Benchmark, protocol: Protocol) -> dict[str, Any]:
    """Return what makes an evaluation this one: its folder belongs to it.

    Whose answers they are is not part of it: another model may join, and what the others answered
    stands.
    """
    return {
        "format": FORMAT,
        "questions": benchmark.fingerprint,
        "system": protocol.system,
        "max_tokens": protocol.max_tokens,
    }
