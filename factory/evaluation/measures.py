"""Measures of a task: what each answer adds to a sum, and what a sum says.

Every measure here is a function of sums over questions (a mean, or an F1 of counts), so that a
thousand resampled sets of questions are one matrix product away: what an answer contributes is
computed once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, cast

from factory.evaluation.questions import BenchmarkQuestion
from factory.sample import Gold
from factory.tasktypes.character_rouge import character_rouge_l
from factory.tasktypes.classification import LABEL_F1, label_counts
from factory.tasktypes.entity_lines import pairs
from factory.tasktypes.metrics import entity_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

#: ShopBench's and EcomInstruct's names of an F1 of counts summed over questions; of labels in JSON,
#: which have one of the same name, the mean over questions is the score.
_COUNTED: Final = frozenset({"micro f1", LABEL_F1})
#: Where the labels of an answer are classes, so that a mean over classes says something.
_LABELLED: Final = frozenset({"classification", "entity-lines"})


class Measure(ABC):
    """One measure of one task.

    Attributes:
        name: as results print it.
    """

    name: str

    @abstractmethod
    def row(self, question: BenchmarkQuestion, text: str, parsed: Gold) -> Sequence[float]:
        """Return what one answer contributes, as many numbers for every question."""

    @abstractmethod
    def reduce(self, sums: Floats) -> Floats:
        """Return the value of each row of ``sums`` (sets of questions x numbers), in [0, 1]."""


class Mean(Measure):
    """The mean of the scores of each question's own metric."""

    def __init__(self, name: str) -> None:
        self.name = name

    def row(self, question: BenchmarkQuestion, text: str, parsed: Gold) -> Sequence[float]:
        """Return the score, and 1 for the question; an answer without words scores 0."""
        scored = question.type.score(parsed, question.gold, question.metric) if text.strip() else 0
        return float(scored), 1.0

    def reduce(self, sums: Floats) -> Floats:
        """Return scores by questions."""
        values: Floats = sums[:, 0] / sums[:, 1]
        return values


class CharacterRouge(Mean):
    """EcomInstruct's ROUGE-L of the printed answer, which sees Chinese and Japanese."""

    label: ClassVar[str] = "rougel of the text"

    def __init__(self) -> None:
        super().__init__(self.label)

    def row(self, question: BenchmarkQuestion, text: str, parsed: Gold) -> Sequence[float]:  # noqa: ARG002
        """Return the score of the text against the printed gold, and 1 for the question."""
        return character_rouge_l(text.strip(), question.type.render(question.gold)), 1.0


class MicroF1(Measure):
    """F1 of true positives, false positives and false negatives summed over the questions."""

    def __init__(self, name: str) -> None:
        self.name = name

    def row(self, question: BenchmarkQuestion, text: str, parsed: Gold) -> Sequence[float]:  # noqa: ARG002
        """Return the three counts of one answer."""
        predicted, gold = cast(list[str], parsed), cast(list[str], question.gold)
        if question.task_type == "named_entity_recognition":
            return entity_counts(predicted, gold)
        if question.task_type == "entity-lines":
            return label_counts(pairs(predicted), pairs(gold))
        return label_counts(predicted, gold)

    def reduce(self, sums: Floats) -> Floats:
        """Return the F1 of each set; 0 without a hit."""
        return _f1(sums[:, 0], sums[:, 1], sums[:, 2])


class MacroF1(Measure):
    """The mean over classes of each class's F1: classes of the gold answers, rare or not.

    A label that no gold answer has is no class; it is a false positive of none, and the gold that
    it missed is a false negative of its own class.
    """

    def __init__(self, questions: Sequence[BenchmarkQuestion]) -> None:
        self.name = "macro f1"
        classes = {label for each in questions for label, _ in _by_class(each, each.gold)}
        self._places = {label: place for place, label in enumerate(sorted(classes))}

    def row(self, question: BenchmarkQuestion, text: str, parsed: Gold) -> Sequence[float]:  # noqa: ARG002
        """Return three counts for each class."""
        counts = [0.0] * (3 * len(self._places))
        gold, said = set(_by_class(question, question.gold)), set(_by_class(question, parsed))
        for offset, found in ((0, said & gold), (1, said - gold), (2, gold - said)):
            for label, _ in found:
                if (place := self._places.get(label)) is not None:
                    counts[3 * place + offset] += 1.0
        return counts

    def reduce(self, sums: Floats) -> Floats:
        """Return the mean of the F1 of those classes that a set of questions has gold of."""
        import numpy as np

        hits, wrong, missed = sums[:, 0::3], sums[:, 1::3], sums[:, 2::3]
        present = hits + missed > 0
        found = np.where(present, _f1(hits, wrong, missed), 0.0).sum(axis=1)
        values: Floats = found / np.maximum(present.sum(axis=1), 1)
        return values


def _by_class(question: BenchmarkQuestion, answer: Gold) -> list[tuple[str, str]]:
    """Return (class, what is said of it): a label itself, or an entity's type and value."""
    if question.task_type == "classification":
        return [(label.casefold(), "") for label in cast(list[str], answer)]
    parted = (pair.casefold().partition("\x1f") for pair in pairs(cast(list[str], answer)))
    return [(kind, value) for kind, _, value in parted]


def _f1(hits: Floats, wrong: Floats, missed: Floats) -> Floats:
    import numpy as np

    values: Floats = 2 * hits / np.maximum(2 * hits + wrong + missed, 1.0)
    return values


def measures_of(questions: Sequence[BenchmarkQuestion]) -> list[Measure]:
    """Return the measures of one task, the one that counts for its score first.

    EcomInstruct's tasks have the three that its paper reports where they apply: micro F1, macro F1
    and ROUGE-L.
    """
    first = questions[0]
    if first.metric in _COUNTED and first.task_type != "labels":
        measures: list[Measure] = [MicroF1(first.metric)]
        if first.task_type in _LABELLED:
            measures.append(MacroF1(questions))
        if first.metric == LABEL_F1:
            measures.append(CharacterRouge())
        return measures
    return [Mean(" and ".join(dict.fromkeys(each.metric for each in questions)))]


def values_of(measures: Sequence[Measure], rows: Mapping[str, Floats]) -> dict[str, float]:
    """Return the value of each measure over all questions of ``rows`` (questions x numbers)."""
    return {
        each.name: float(each.reduce(rows[each.name].sum(axis=0)[None])[0]) for each in measures
    }
