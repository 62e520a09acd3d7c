"""How sure a score is: bootstrap intervals, and a paired test of two models.

Questions are resampled within their task, the same ones for every model, so that a difference
between two models is not blurred by which questions were easy (Efron and Tibshirani, 1993). The
test swaps the two models' answers question by question (approximate randomisation: Noreen, 1989).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from factory.draw import draw
from factory.evaluation.measures import Measure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

#: Numbers of one chunk of resampled sets: 64 MB of them.
_CHUNK: Final = 8_000_000
LEVEL: Final = 0.95


class Interval(NamedTuple):
    """The middle 95 % of what resampling gives."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What models answered to the questions of one task.

    Attributes:
        task, task_type, track: whose questions they are.
        measures: of the task, the one that is its score first.
        rows: by model, then by measure: questions x numbers, in the order of the questions.
    """

    task: str
    task_type: str
    track: str
    measures: Sequence[Measure]
    rows: Mapping[str, Mapping[str, Floats]]

    @property
    def score(self) -> Measure:
        """Return the measure that is the task's score."""
        return self.measures[0]

    @property
    def questions(self) -> int:
        """Return how many questions there are."""
        return len(next(iter(next(iter(self.rows.values())).values())))

    def value(self, model: str) -> float:
        """Return the score of ``model``."""
        sums = self.rows[model][self.score.name].sum(axis=0)
        return float(self.score.reduce(sums[None])[0])


class Summary(NamedTuple):
    """A way to make one number of the scores of tasks, given as (tasks x sets) with their sizes."""

    name: str
    of: Callable[[Floats, Floats], Floats]


def _over_tasks(values: Floats, sizes: Floats) -> Floats:  # noqa: ARG001
    mean: Floats = values.mean(axis=0)
    return mean


def _over_questions(values: Floats, sizes: Floats) -> Floats:
    mean: Floats = (values * sizes[:, None]).sum(axis=0) / sizes.sum()
    return mean


#: The starter kit of KDD Cup 2024 averages over tasks, NVIDIA's paper over questions.
SUMMARIES: Final = (
    Summary("mean over tasks", _over_tasks),
    Summary("mean over questions", _over_questions),
)


class Resampling:
    """The scores of models over resampled questions: (tasks x sets) for each model.

    Args:
        tasks: what was answered.
        sets: how many sets of questions are drawn.
        seed: which ones.
    """

    def __init__(self, tasks: Sequence[Answered], sets: int, seed: int) -> None:
        import numpy as np

        self.tasks = tasks
        self.sizes = np.array([float(each.questions) for each in tasks])
        self._values: dict[tuple[str, str, str], Floats] = {}
        for each in tasks:
            for weights in _weights(each, sets, seed):
                for model, rows in each.rows.items():
                    for measure in each.measures:
                        key = (model, each.task, measure.name)
                        found = measure.reduce(weights @ rows[measure.name])
                        known = self._values.get(key)
                        joined = found if known is None else np.concatenate((known, found))
                        self._values[key] = joined

    def values(self, model: str, task: str, measure: str) -> Floats:
        """Return one measure of one task over the sets."""
        return self._values[model, task, measure]

    def of_summary(self, model: str, summary: Summary, tasks: Sequence[Answered]) -> Floats:
        """Return a summary of the scores of some tasks over the sets."""
        import numpy as np

        stacked = np.stack([self._values[model, each.task, each.score.name] for each in tasks])
        return summary.of(stacked, np.array([float(each.questions) for each in tasks]))


def interval(values: Floats) -> Interval:
    """Return the percentile interval of resampled values."""
    import numpy as np

    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def value_of(model: str, summary: Summary, tasks: Sequence[Answered]) -> float:
    """Return a summary of the scores of ``model`` in ``tasks``."""
    import numpy as np

    values = np.array([[each.value(model)] for each in tasks])
    sizes = np.array([float(each.questions) for each in tasks])
    return float(summary.of(values, sizes)[0])


def chance_of_no_difference(
    tasks: Sequence[Answered], first: str, second: str, summary: Summary, sets: int, seed: int
) -> float:
    """Return the two-sided p-value of the difference between two models.

    It is the share of ``sets`` random swaps of the two models' answers that make a difference as
    large as the one that was found, which is counted in.
    """
    import numpy as np

    observed = value_of(second, summary, tasks) - value_of(first, summary, tasks)
    sizes = np.array([float(each.questions) for each in tasks])
    swapped = np.stack([_swapped(each, first, second, sets, seed) for each in tasks])
    # (tasks x sets x the two models)
    differences = summary.of(swapped[:, :, 1], sizes) - summary.of(swapped[:, :, 0], sizes)
    as_large = int((np.abs(differences) >= abs(observed) - 1e-12).sum())
    return (1 + as_large) / (1 + sets)


def _swapped(task: Answered, first: str, second: str, sets: int, seed: int) -> Floats:
    """Return the scores of both models with answers swapped at random: (sets x 2)."""
    import numpy as np

    rows, others = (task.rows[model][task.score.name] for model in (first, second))
    generator = np.random.Generator(np.random.PCG64(draw(seed, task.task, "", "swap")))
    found = []
    for size in _sizes(sets, len(rows)):
        swaps = generator.integers(0, 2, (size, len(rows))).astype(float)
        moved = swaps @ (others - rows)
        found.append(
            np.stack(
                (
                    task.score.reduce(rows.sum(axis=0) + moved),
                    task.score.reduce(others.sum(axis=0) - moved),
                ),
                axis=1,
            )
        )
    joined: Floats = np.concatenate(found)
    return joined


def _weights(task: Answered, sets: int, seed: int) -> Iterator[Floats]:
    """Yield how often each question is in each set: (sets of a chunk x questions)."""
    import numpy as np

    count = task.questions
    generator = np.random.Generator(np.random.PCG64(draw(seed, task.task, "", "bootstrap")))
    for size in _sizes(sets, count):
        yield generator.multinomial(count, np.full(count, 1 / count), size=size).astype(float)


def _sizes(sets: int, count: int) -> Iterator[int]:
    chunk = max(1, _CHUNK // max(count, 1))
    for start in range(0, sets, chunk):
        yield min(chunk, sets - start)
