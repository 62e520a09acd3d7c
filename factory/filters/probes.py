"""Artefact probes: what a task gives away to those who do not read it.

Each probe answers every sample by a cheat (the longest option, the one that shares most words with
the question, the answer that is right most often) and is scored as the task scores a model. A probe
far above chance says either that the negatives are too weak, or that the cheat is what the task
asks for; ``docs/probes.md`` says which, task by task.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import fsum, log2
from typing import Final, cast

from factory.filters.cheats import BLIND, LEARNED, Board, Cheat, answer_of_length
from factory.sample import Gold, Sample
from factory.tasktypes import TaskType
from factory.tasktypes.character_rouge import character_rouge_l

#: How far above chance a cheat may score.
MARGIN: Final = 0.10
#: As many samples are probed, the first in draw order.
MOST_SAMPLES: Final = 2000
#: Or fewer, once they have shown so many options: what a probe costs follows from these.
_COLON: Final = re.compile("[:\uff1a]")
_MOST_OPTIONS: Final = 8_000
#: Comparing long texts costs 0.1 ms each.
_MOST_TEXTS: Final = 400
#: An answer in words is a choice among all that occur where these are few, and each occurs often.
_MOST_ANSWERS: Final = 10
_LEAST_SAMPLES_AN_ANSWER: Final = 8


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one cheat scores.

    Attributes:
        score: the mean score over the samples, in the task's own metric (texts: ROUGE-L over words
            and ideographs, since embeddings take seconds and optional packages).
        chance: what a blind answer scores on them: exact where options are chosen from; for free
            answers, the score of the next sample's answer.
        rows: samples probed.
    """

    score: float
    chance: float
    rows: int

    @property
    def excess(self) -> float:
        """How far the cheat is above chance."""
        return self.score - self.chance

    @property
    def gives_away(self) -> bool:
        """Whether it is further above chance than :data:`MARGIN`."""
        return self.excess > MARGIN


def probe(samples: Iterable[Sample], task_type: TaskType) -> dict[str, ProbeResult]:
    """Return the result of each probe that applies to samples of one task, by the probe's name.

    The first :data:`MOST_SAMPLES` are read, in the order given, or fewer where they show many
    options. What learns from other samples (the usual answer) learns from the other half of them,
    every second one: leaving out only the sample itself would make a balanced task look harder than
    it is, since the other answers are then always ahead. Nothing is drawn: the same samples
    give the same figures. Fewer than two samples give no results.
    """
    rows = _first(samples)
    if len(rows) < 2:
        return {}
    boards = _boards(rows, task_type)
    if boards:
        return _chosen(boards)
    return _written(rows, task_type)


def _first(samples: Iterable[Sample]) -> list[Sample]:
    rows, options = [], 0
    for row in islice(samples, MOST_SAMPLES):
        rows.append(row)
        options += len(row.options)
        if options >= _MOST_OPTIONS:
            break
    return rows


def describe(results: Mapping[str, ProbeResult]) -> dict[str, dict[str, float | int | bool]]:
    """Return the results as a manifest holds them, rounded to what the rows can tell."""
    return {
        name: {
            "score": round(result.score, 4),
            "chance": round(result.chance, 4),
            "rows": result.rows,
            "gives_away": result.gives_away,
        }
        for name, result in results.items()
    }


def _chosen(boards: Sequence[Board]) -> dict[str, ProbeResult]:
    chance = fsum([board.chance for board in boards]) / len(boards)
    cheats = {name: (cheat, cheat) for name, cheat in BLIND.items()}
    halves = boards[::2], boards[1::2]
    learned = dict(LEARNED)
    closed = len({frozenset(board.options) for board in boards}) == 1
    if closed:
        # The same options everywhere: what differs from sample to sample is the question alone.
        learned["answer_of_length"] = answer_of_length
    for name, learn in learned.items():
        cheats[name] = (learn(halves[1]), learn(halves[0]))
    return {
        name: ProbeResult(_mean_score(boards, pair), chance, len(boards))
        for name, pair in cheats.items()
    }


def _mean_score(boards: Sequence[Board], cheats: tuple[Cheat, Cheat]) -> float:
    scores = [board.score(cheats[number % 2](board)) for number, board in enumerate(boards)]
    return fsum(scores) / len(scores)


def _boards(rows: Sequence[Sample], task_type: TaskType) -> list[Board]:
    """Return the samples as choices among options; none where the answers are free."""
    kind = task_type.name
    if kind == "ranking":
        return [_ranked(row) for row in rows]
    if kind == "retrieval":
        return [_retrieved(row) for row in rows]
    if kind == "classification":
        return [
            _single(row, row.options, [[label] for label in row.options], task_type) for row in rows
        ]
    if kind == "multiple-choice" and all(row.options for row in rows):
        return [_single(row, row.options, range(len(row.options)), task_type) for row in rows]
    if kind in ("multiple-choice", "generation", "text"):
        return _among_all_answers(rows, task_type)
    return []


def _ranked(row: Sample) -> Board:
    gains = [2.0**relevance - 1.0 for relevance in cast(list[float], row.gold)]
    weights = tuple([1.0 / log2(place + 2) for place in range(len(gains))])
    best_first = sorted(gains, reverse=True)
    ideal = fsum([g * w for g, w in zip(best_first, weights, strict=True)])
    return Board(row, row.options, tuple([gain / ideal for gain in gains]), weights)


def _retrieved(row: Sample) -> Board:
    gold = set(cast(list[int], row.gold))
    count = len(row.options)
    worth = tuple([(place + 1 in gold) / len(gold) for place in range(count)])
    return Board(row, row.options, worth, (1.0,) * min(3, count))


def _single(
    row: Sample, options: tuple[str, ...], answers: Sequence[Gold], task_type: TaskType
) -> Board:
    worth = tuple([_score(answer, row, task_type) for answer in answers])
    return Board(row, options, worth, (1.0,))


def _among_all_answers(rows: Sequence[Sample], task_type: TaskType) -> list[Board]:
    """Return boards over all answers that occur, where they are a closed set (stars, yes and no).

    They are what a cheat chooses from, though a sample does not display them.
    """
    found = Counter([row.output_field for row in rows])
    if not 2 <= len(found) <= _MOST_ANSWERS or len(rows) < len(found) * _LEAST_SAMPLES_AN_ANSWER:
        return []
    options = tuple(sorted(found))
    answers = [task_type.parse(option) for option in options]
    return [_single(row, options, answers, task_type) for row in rows]


def _score(answer: Gold, row: Sample, task_type: TaskType) -> float:
    if isinstance(row.gold, str):
        return character_rouge_l(str(answer), row.gold)
    return task_type.score(answer, row.gold, row.metric)


def _written(rows: Sequence[Sample], task_type: TaskType) -> dict[str, ProbeResult]:
    """Probe free answers: what copying, or giving the usual answer, scores."""
    rows = rows[:_MOST_TEXTS]
    usual = [
        Counter([row.output_field for row in half]).most_common(1)[0][0]
        for half in (rows[1::2], rows[::2])
    ]
    length = sorted([len(row.output_field.split()) for row in rows])[len(rows) // 2]
    answers = {
        "copy_all": [_said(row) for row in rows],
        "copy_first_line": [_said(row).partition("\n")[0] for row in rows],
        "copy_first_words": [" ".join(_said(row).split()[:length]) for row in rows],
        "commonest_answer": [usual[number % 2] for number in range(len(rows))],
    }
    if task_type.name == "entity-lines":
        answers["nothing_anywhere"] = [
            "\n".join([f"{kind}: None" for kind in row.options]) for row in rows
        ]
    next_answers = [row.output_field for row in (*rows[1:], rows[0])]
    chance = _aggregate(next_answers, rows, task_type)
    return {
        name: ProbeResult(_aggregate(texts, rows, task_type), chance, len(rows))
        for name, texts in answers.items()
    }


def _said(row: Sample) -> str:
    """Return the input without the name of its first field (``Product title: ``)."""
    colon = _COLON.search(row.input)
    first = row.input[: colon.start()] if colon else ""
    named = colon and "\n" not in first and len(first) < 40
    return row.input[colon.end() :].strip() if colon and named else row.input


def _aggregate(texts: Sequence[str], rows: Sequence[Sample], task_type: TaskType) -> float:
    if isinstance(rows[0].gold, str):
        return fsum(
            [
                character_rouge_l(text, cast(str, row.gold))
                for text, row in zip(texts, rows, strict=True)
            ]
        ) / len(rows)
    predictions = [task_type.parse(text) for text in texts]
    return task_type.aggregate(predictions, [row.gold for row in rows], rows[0].metric)
