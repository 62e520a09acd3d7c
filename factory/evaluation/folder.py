"""The folder of an evaluation: claimed for one set of questions, answered, and shown.

::

    evaluations/tuned/
      answers.jsonl     every answer of every model: text, how it was read, score, fault of form
      results.json      scores with intervals, per task, type and track, and overall; comparisons
      evaluation.html   the same for people
      .work/            what makes the evaluation this one, the lock, and the ledger of answers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError
from factory.evaluation.asking import BY_TYPE
from factory.evaluation.contestants import Contestant
from factory.evaluation.evaluate import (
    ANSWERS,
    FORMAT,
    RESULTS,
    Protocol,
    Watch,
    asked_questions,
    check_metrics,
    evaluate,
)
from factory.evaluation.page import write_page
from factory.evaluation.questions import Benchmark
from factory.llm.models import ModelSpec
from factory.llm.pool import ModelPool
from factory.llm.request import Question
from factory.outputs.run_folder import MANIFEST, RunFolder
from factory.sources.download import cache_folder

LEDGER: Final = "answers.sqlite"
#: How models are asked that were only just made: as they were trained.
AS_TRAINED: Final = Protocol(BY_TYPE, None, 1000, 0)

#: Who answers, given the work folder, where answers are kept, and the questions as they are put.
Makers = Callable[[Path, Sequence[Question]], Sequence[Contestant]]
#: The same of one contestant, by its name, whose checkpoint's folder answers here.
Answering = Callable[[str, Path, Path, Sequence[Question]], Contestant]


def evaluate_in(
    out: Path,
    benchmark: Benchmark,
    contestants: Sequence[Contestant],
    protocol: Protocol,
    *,
    answering: Answering,
    budget: float | None = None,
    fresh: bool = False,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Evaluate models in the folder ``out`` and return what ``results.json`` holds.

    What was answered in it before is not asked again unless ``fresh``; ``budget`` is in US dollars.
    ``answering`` has a checkpoint answer, and keeps what it said in the folder that it is given.

    Raises :class:`~factory.errors.UsageError` where the folder holds an evaluation of other
    questions, and what :func:`~factory.evaluation.evaluate.evaluate` raises.
    """
    check_metrics(benchmark)
    if (out / MANIFEST).exists():
        # What made the run would be lost, and with it the run's own command.
        raise UsageError(f"{out} holds a run: choose another folder with --out")
    asked = {
        each.name: _bounded(each.spec, protocol.max_tokens)
        for each in contestants
        if each.spec is not None
    }
    with (
        RunFolder(out) as folder,
        ModelPool(
            asked, cache_folder(), budget=budget, fresh=fresh, ledger=folder.work / LEDGER
        ) as pool,
    ):
        said = identity(benchmark, protocol)
        folder.claim(said, fresh=fresh, made=(ANSWERS, RESULTS))
        folder.keep_plan(said)
        questions = asked_questions(benchmark, protocol)
        who = [
            each
            if each.checkpoint is None
            else answering(each.name, each.checkpoint, folder.work, questions)
            for each in contestants
        ]
        results = evaluate(benchmark, who, pool, folder, protocol, watch)
    write_page(out, results)
    return results


def evaluate_made(
    out: Path,
    benchmark: Benchmark,
    makers: Makers,
    *,
    said: Mapping[str, Any] | None = None,
    cache: Path | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Evaluate models that are only just made, in ``out``; return what ``results.json`` holds.

    ``makers`` has those answer that answer here and keeps what they said; what it only names is
    asked, through the ledger of the folder and the ``cache`` of models (the user's, if it is not
    given). ``said`` is what makes the evaluation this one besides its questions.

    Raises what ``makers`` and :func:`~factory.evaluation.evaluate.evaluate` raise.
    """
    check_metrics(benchmark)
    with RunFolder(out) as folder:
        folder.keep_plan({**identity(benchmark, AS_TRAINED), **(said or {})})
        contestants = makers(folder.work, asked_questions(benchmark, AS_TRAINED))
        specs = {each.name: each.spec for each in contestants if each.spec is not None}
        with ExitStack() as stack:
            pool = None
            if specs:
                # A file's answers are kept under its checksum, so nothing old can answer for it.
                ledger = folder.work / LEDGER
                pool = stack.enter_context(ModelPool(specs, cache or cache_folder(), ledger=ledger))
            results = evaluate(benchmark, contestants, pool, folder, AS_TRAINED, watch)
    write_page(out, results)
    return results


def _bounded(spec: ModelSpec, max_tokens: int | None) -> ModelSpec:
    """Return a model that may answer as long as was asked for, whatever its own bound is."""
    most = max(spec.max_tokens, max_tokens or 0)
    return spec.model_copy(update={"max_tokens": most})


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
