"""The training samples that are nearest to a question, as LLaSA shows three of them before it.

Nearest is the cosine of word counts weighted by how rare a word is among the samples: a question's
own products count, and so do the words of its task, which few other tasks share. Where there are no
spaces, two characters are a word. The answer depends on the file alone: weights are added in the
order of the words, and of two equally near samples the earlier one comes first.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from factory.errors import UsageError
from factory.filters.grams import normal_form
from factory.outputs.jsonl import read_samples
from factory.sample import Sample
from factory.tasktypes.reasoned import with_reasoning
from factory.tasktypes.system_prompt import TOLD
from factory.text import CJK

if TYPE_CHECKING:
    import numpy as np

SHOTS: Final = 3
_TRAIN: Final = "train.jsonl"
#: What is held in memory: about 3 KB a sample, so that a million-row mixture takes 150 MB here.
_MOST_SAMPLES: Final = 50_000
#: A longer prompt is no example: three of them must leave room for the question.
_MOST_CHARACTERS: Final = 3000
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Example:
    """A sample as it is shown: the prompt, and the answer as it should be printed."""

    prompt: str
    answer: str


class Examples:
    """An index over the training samples of a run or mixture.

    Only the first 50,000 samples are taken, a mixture's file being shuffled, and only those whose
    prompt is at most 3,000 characters long.
    """

    def __init__(self, samples: Iterable[Sample], *, reasoning: bool = False) -> None:
        self._examples: list[Example] = []
        self._types: dict[str, array[int]] = {}
        self._postings: dict[str, array[int]] = {}
        short = (each for each in samples if len(each.input_field) <= _MOST_CHARACTERS)
        for number, sample in enumerate(islice(short, _MOST_SAMPLES)):
            shown = with_reasoning(sample.reasoning, sample.output_field)
            self._examples.append(
                Example(sample.input_field, shown if reasoning else sample.output_field)
            )
            self._types.setdefault(_told(sample.task_type), array("i")).append(number)
            for word in set(_words(sample.input_field)):
                self._postings.setdefault(word, array("i")).append(number)
        self._lengths = self._measured()

    def __len__(self) -> int:
        return len(self._examples)

    def nearest(self, question: str, task_type: str, most: int = SHOTS) -> list[Example]:
        """Return the nearest samples of ``task_type``, the nearest last, next to the question.

        A sample that asks the very same question is left out, since it would give the answer away.
        A question does not say what it was made of, so a sample of the same product can be shown:
        who measures with this asks questions of the held-out part, which shares none with training.
        """
        import numpy as np

        listed = self._types.get(_told(task_type))
        if listed is None:
            return []
        scores = np.zeros(len(self._examples))
        for word in sorted(set(_words(question))):
            found = self._postings.get(word)
            if found is not None:
                scores[np.frombuffer(found, dtype=np.int32)] += self._weight(len(found)) ** 2
        own = np.frombuffer(listed, dtype=np.int32)
        near = scores[own] / self._lengths[own]
        order = own[np.lexsort((own, -near))]
        same = normal_form(question)
        # A file may hold the same question several times: more are looked at than are shown.
        chosen = (
            self._examples[number]
            for number in order.tolist()
            if normal_form(self._examples[number].prompt) != same
        )
        return list(islice(chosen, most))[::-1]

    def _weight(self, samples: int) -> float:
        return math.log((1 + len(self._examples)) / samples)

    def _measured(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        import numpy as np

        squares = np.zeros(len(self._examples))
        for word in sorted(self._postings):
            found = self._postings[word]
            squares[np.frombuffer(found, dtype=np.int32)] += self._weight(len(found)) ** 2
        return np.sqrt(np.maximum(squares, 1e-12))


def examples_of(run: Path, *, reasoning: bool = False) -> Examples:
    """Return the index of a finished run's or mixture's training samples.

    Raises :class:`UsageError` where it has none.
    """
    path = run / _TRAIN
    if not path.is_file() or not path.stat().st_size:
        raise UsageError(
            f"--few-shot {run}: no training samples there: give the folder of a run or a mixture"
        )
    return Examples(read_samples(path), reasoning=reasoning)


def _told(task_type: str) -> str:
    """Return what a model is told of a type: of two kinds of free text it is told the same."""
    return TOLD.get(task_type, task_type)


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(normal_form(text)):
        if CJK.search(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word
