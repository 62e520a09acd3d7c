"""Have models answer a benchmark, and keep what they answered and what it is worth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from factory.errors import MissingExtraError, UsageError
from factory.evaluation.asking import Response, ask_all, asked_question
from factory.evaluation.contestants import Contestant, read_answers
from factory.evaluation.forms import form_fault
from factory.evaluation.measures import Measure, measures_of, values_of
from factory.evaluation.questions import Benchmark, BenchmarkQuestion
from factory.evaluation.statistics import (
    LEVEL,
    SUMMARIES,
    Answered,
    Resampling,
    Summary,
    chance_of_no_difference,
    interval,
    value_of,
)
from factory.llm.pool import ModelPool
from factory.llm.request import Question
from factory.outputs.files import LineFile, write_json
from factory.outputs.run_folder import RunFolder
from factory.sample import Gold

#: The format of ``results.json``.
FORMAT: Final = 1
ANSWERS: Final = "answers.jsonl"
RESULTS: Final = "results.json"

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How questions are put and scores are made sure of.

    Attributes:
        system: the system prompt: ``task-type``, ``none``, or its words.
        max_tokens: of an answer; None for what its type needs.
        sets: how many times questions are resampled.
        seed: of the resampling.
    """

    system: str
    max_tokens: int | None
    sets: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Read:
    """One answer as it was read."""

    response: Response
    parsed: Gold
    fault: str


def check_metrics(benchmark: Benchmark) -> None:
    """Score a gold answer under every metric, before anything is paid for.

    Raises :class:`MissingExtraError` naming the tasks whose metric needs what is not installed.
    """
    first = {(each.task_type, each.metric): each for each in reversed(benchmark.questions)}
    for (task_type, metric), each in first.items():
        try:
            each.type.score(each.type.parse(each.type.render(each.gold)), each.gold, metric)
        except MissingExtraError as error:
            tasks = {
                other.task
                for other in benchmark.questions
                if (other.task_type, other.metric) == (task_type, metric)
            }
            raise UsageError(
                f"{', '.join(sorted(tasks))}: {error}; or leave them out: --without {metric!r}"
            ) from error


def asked_questions(benchmark: Benchmark, protocol: Protocol) -> list[Question]:
    """Return the questions as they are put to a model."""
    return [
        asked_question(each, protocol.system, protocol.max_tokens) for each in benchmark.questions
    ]


def evaluate(
    benchmark: Benchmark,
    contestants: Sequence[Contestant],
    pool: ModelPool | None,
    folder: RunFolder,
    protocol: Protocol,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Have every contestant answer, write ``answers.jsonl`` and ``results.json``; return the last.

    ``pool`` asks those that are models. An answer that was given is kept in the folder before it
    is used, so what an endpoint's end interrupts goes on with the same command.

    Raises what :func:`~factory.evaluation.asking.ask_all` raises.
    """
    read = {
        each.name: [
            _read(question, response)
            for question, response in zip(
                benchmark.questions,
                _responses(benchmark, each, pool, protocol, watch),
                strict=True,
            )
        ]
        for each in contestants
    }
    tasks = [_answered(benchmark, task, read) for task in _places(benchmark)]
    results = _results(benchmark, contestants, read, tasks, protocol)
    with LineFile(folder.path / ANSWERS, folder.work) as file:
        for line in _lines(benchmark, read, tasks):
            file.write(line)
        file.finish()
        file.publish()
    write_json(folder.path / RESULTS, results)
    return results


def _responses(
    benchmark: Benchmark,
    each: Contestant,
    pool: ModelPool | None,
    protocol: Protocol,
    watch: Watch | None,
) -> list[Response]:
    if each.answers is not None:
        return read_answers(each.answers, benchmark.questions, each.name)
    if pool is None:
        raise ValueError("a model is asked through a pool")
    questions = asked_questions(benchmark, protocol)
    name = each.name
    return ask_all(
        questions, name, pool, None if watch is None else lambda done, all_: watch(name, done, all_)
    )


def _read(question: BenchmarkQuestion, response: Response) -> _Read:
    parsed = question.type.parse(response.text)
    if response.finish.startswith("refused"):
        return _Read(response, parsed, "refused")
    return _Read(response, parsed, form_fault(question, response.text, parsed))


def _places(benchmark: Benchmark) -> dict[str, list[int]]:
    """Return where the questions of each task stand, tasks in the order of their first."""
    places: dict[str, list[int]] = {}
    for place, question in enumerate(benchmark.questions):
        places.setdefault(question.task, []).append(place)
    return places


def _answered(benchmark: Benchmark, task: str, read: Mapping[str, Sequence[_Read]]) -> Answered:
    """Return what was answered to the questions of one task."""
    import numpy as np

    own = [place for place, each in enumerate(benchmark.questions) if each.task == task]
    questions = [benchmark.questions[place] for place in own]
    measures = measures_of(questions)

    def rows(answers: Sequence[_Read], measure: Measure) -> Any:
        given = [
            measure.row(question, answers[place].response.text, answers[place].parsed)
            for place, question in zip(own, questions, strict=True)
        ]
        return np.array(given, dtype=float)

    return Answered(
        task,
        questions[0].task_type,
        questions[0].track,
        measures,
        {
            model: {measure.name: rows(answers, measure) for measure in measures}
            for model, answers in read.items()
        },
    )


def _lines(
    benchmark: Benchmark, read: Mapping[str, Sequence[_Read]], tasks: Sequence[Answered]
) -> Iterable[bytes]:
    """Yield the lines of ``answers.jsonl``: model by model, in the order of the questions."""
    places = _places(benchmark)
    for model, answers in read.items():
        scores: dict[int, float] = {}
        for each in tasks:
            # A set of one question is a question.
            values = each.score.reduce(each.rows[model][each.score.name])
            scores.update(zip(places[each.task], map(float, values), strict=True))
        for place, (question, answer) in enumerate(zip(benchmark.questions, answers, strict=True)):
            response = answer.response
            yield to_json(
                {
                    "id": question.id,
                    "model": model,
                    "task": question.task,
                    "task_type": question.task_type,
                    "metric": question.metric,
                    "prompt": question.prompt,
                    "gold": to_json(question.gold).decode(),
                    "text": response.text,
                    "finish": response.finish,
                    "parsed": _printed(answer.parsed),
                    "score": round(scores[place], 6),
                    "fault": answer.fault,
                    "prompt_tokens": response.prompt_tokens,
                    "completion_tokens": response.completion_tokens,
                    "seconds": round(response.seconds, 4),
                }
            )


def _printed(answer: Gold) -> str:
    """Return an answer as JSON; half a character, which no file holds, as JSON's own escape."""
    try:
        return to_json(answer).decode()
    except PydanticSerializationError:
        return json.dumps(answer, separators=(",", ":"))


def _results(
    benchmark: Benchmark,
    contestants: Sequence[Contestant],
    read: Mapping[str, Sequence[_Read]],
    tasks: Sequence[Answered],
    protocol: Protocol,
) -> dict[str, Any]:
    resampling = Resampling(tasks, protocol.sets, protocol.seed)
    return {
        "format": FORMAT,
        "benchmark": {
            "path": str(benchmark.path),
            "form": benchmark.form,
            "fingerprint": benchmark.fingerprint,
            "questions": len(benchmark.questions),
            "unreadable": dict(benchmark.unreadable),
        },
        "protocol": {
            "system": protocol.system,
            "max_tokens": protocol.max_tokens,
            "resampled_sets": protocol.sets,
            "level": LEVEL,
            "seed": protocol.seed,
        },
        "models": {
            each.name: _model(each, benchmark, read[each.name], tasks, resampling)
            for each in contestants
        },
        "comparisons": [
            _comparison(first.name, second.name, tasks, resampling, protocol)
            for first, second in combinations(contestants, 2)
        ],
    }


def _model(
    each: Contestant,
    benchmark: Benchmark,
    answers: Sequence[_Read],
    tasks: Sequence[Answered],
    resampling: Resampling,
) -> dict[str, Any]:
    name = each.name
    faults: dict[str, list[str]] = {}
    for question, answer in zip(benchmark.questions, answers, strict=True):
        faults.setdefault(question.task, []).append(answer.fault)

    def parts(of: Callable[[Answered], str]) -> dict[str, Any]:
        grouped: dict[str, list[Answered]] = {}
        for task in tasks:
            if label := of(task):
                grouped.setdefault(label, []).append(task)
        return {
            label: {
                "tasks": len(own),
                "questions": sum(task.questions for task in own),
                **_summaries(name, own, resampling),
            }
            for label, own in sorted(grouped.items())
        }

    return {
        "model": each.spec.model if each.spec else None,
        "endpoint": each.spec.base_url if each.spec else None,
        "answers": str(each.answers) if each.answers else None,
        "overall": {
            "tasks": len(tasks),
            "questions": len(answers),
            **_summaries(name, tasks, resampling),
        },
        "tracks": parts(lambda task: task.track),
        "types": parts(lambda task: task.task_type),
        "tasks": {
            task.task: _task(name, task, resampling, faults.get(task.task, ())) for task in tasks
        },
        "faults_of_form": _counts(answer.fault for answer in answers),
        "cut_off": sum(answer.response.finish == "length" for answer in answers),
        "prompt_tokens": sum(answer.response.prompt_tokens for answer in answers),
        "completion_tokens": sum(answer.response.completion_tokens for answer in answers),
    }


def _summaries(model: str, tasks: Sequence[Answered], resampling: Resampling) -> dict[str, Any]:
    return {
        summary.name: _value(
            value_of(model, summary, tasks), resampling.of_summary(model, summary, tasks)
        )
        for summary in SUMMARIES
    }


def _task(
    model: str, task: Answered, resampling: Resampling, faults: Iterable[str]
) -> dict[str, Any]:
    measured = values_of(task.measures, task.rows[model])
    return {
        "task_type": task.task_type,
        "track": task.track,
        "questions": task.questions,
        "metric": task.score.name,
        "measures": {
            name: _value(value, resampling.values(model, task.task, name))
            for name, value in measured.items()
        },
        "faults_of_form": _counts(faults),
    }


def _comparison(
    first: str,
    second: str,
    tasks: Sequence[Answered],
    resampling: Resampling,
    protocol: Protocol,
) -> dict[str, Any]:
    """Return how ``second`` differs from ``first``: above 0 where it is better."""

    def over(own: Sequence[Answered], summary: Summary) -> dict[str, Any]:
        difference = value_of(second, summary, own) - value_of(first, summary, own)
        resampled = resampling.of_summary(second, summary, own) - resampling.of_summary(
            first, summary, own
        )
        chance = chance_of_no_difference(own, first, second, summary, protocol.sets, protocol.seed)
        return {**_value(difference, resampled), "p": round(chance, 6)}

    return {
        "first": first,
        "second": second,
        **{summary.name: over(tasks, summary) for summary in SUMMARIES},
        "tasks": {task.task: over([task], SUMMARIES[0]) for task in tasks},
    }


def _value(value: float, resampled: Any) -> dict[str, float]:
    low, high = interval(resampled)
    return {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}


def _counts(codes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(filter(None, codes)).items()))
