"""What a mixture is made of: which tasks lend how many samples, and what nothing makes yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from factory.errors import UsageError
from factory.recipe.keys import unknown
from factory.recipe.models import MixtureSpec, Recipe
from factory.recipe.tasks import TaskSpec


@dataclass(frozen=True, slots=True)
class Share:
    """What one task lends: training samples, and test samples.

    ``without`` is the reason for which it lends no training samples, of the mixture's ``without``.
    """

    task: str
    size: int
    test: int
    held_out: bool
    without: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """A set that a paper numbers and no task makes yet, with its printed size."""

    paper: str
    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture with its tasks looked up, in the order of the recipe's tasks."""

    name: str
    spec: MixtureSpec
    shares: tuple[Share, ...]
    absent: tuple[Absent, ...]


def resolve_mixture(recipe: Recipe, name: str) -> Mixture:
    """Look up the tasks of mixture ``name``.

    Where several tasks make one numbered set, its size is shared out in proportion to theirs.

    Raises :class:`UsageError` with the nearest name, or where no task is left.
    """
    if name in recipe.tasks and name not in recipe.mixtures:
        raise UsageError(f"{name!r} is a task, not a mixture: --task {name}")
    if name not in recipe.mixtures:
        raise UsageError(unknown("mixture", name, recipe.mixtures))
    spec = recipe.mixtures[name]
    left_out = _left_out(recipe, spec)
    sizes, absent = _sizes(recipe, spec, left_out)
    held = set(spec.held_out)
    shares = []
    for task in recipe.tasks:
        if task not in sizes:
            continue
        out = bool(held.intersection((*recipe.lineage(task), recipe.tasks[task].source)))
        reason = left_out.get(task, "")
        size = 0 if out or reason else min(sizes[task], spec.cap or sizes[task])
        test = spec.test if out else recipe.tasks[task].test
        shares.append(Share(task, size, test, out, reason))
    if not any(share.size for share in shares):
        raise UsageError(f"mixtures.{name}: no task of this recipe makes any of its sets")
    return Mixture(name, spec, tuple(shares), tuple(absent))


def _left_out(recipe: Recipe, spec: MixtureSpec) -> dict[str, str]:
    """Return the tasks that the mixture is to do without, each with the reason."""
    reasons: dict[str, str] = {}
    for task, each in recipe.tasks.items():
        if "derived" in spec.without and each.derive is not None:
            reasons[task] = "derived"
        elif "pseudo_labels" in spec.without and recipe.labelled_by_models(task):
            reasons[task] = "pseudo_labels"
    return reasons


def _sizes(
    recipe: Recipe, spec: MixtureSpec, left_out: Mapping[str, str]
) -> tuple[dict[str, int], list[Absent]]:
    """Return the samples that each task lends before any cap, and the sets without a task.

    What is shared out by weight goes to those that are not left out.
    """
    sizes: dict[str, int] = dict(spec.tasks)
    absent: list[Absent] = []
    if spec.weights and spec.size:
        lent = (*spec.tasks.values(), *spec.nvidia.values(), *spec.eshop.values())
        lends = {task: each for task, each in spec.weights.items() if task not in left_out}
        sizes |= dict.fromkeys(spec.weights, 0)
        sizes |= _by_weight(spec.size - sum(lent), lends, spec.cap)
    for paper, numbers in (("nvidia", spec.nvidia), ("eshop", spec.eshop)):
        for number, size in numbers.items():
            makers = {
                task: each for task, each in recipe.tasks.items() if number in _numbers(each, paper)
            }
            if not makers:
                absent.append(Absent(paper, number, size))
            for task, part in _shared_out(size, makers).items():
                sizes[task] = sizes.get(task, 0) + part
    if spec.ecom:
        for task, each in recipe.tasks.items():
            if each.ecom is not None and not (spec.without_models and recipe.asks(task)):
                sizes.setdefault(task, each.size)
    return sizes, absent


def _numbers(task: TaskSpec, paper: str) -> tuple[int, ...]:
    number = getattr(task, paper)
    return () if number is None else tuple(number) if isinstance(number, list) else (number,)


def _shared_out(size: int, makers: Mapping[str, TaskSpec]) -> dict[str, int]:
    """Return the parts of ``size`` by task, in proportion to the tasks' own sizes."""
    return _in_proportion(size, {name: Fraction(task.size) for name, task in makers.items()})


def _by_weight(size: int, weights: Mapping[str, float], cap: int | None) -> dict[str, int]:
    """Return the parts of ``size`` by task: what the cap takes from one goes to the others."""
    parts: dict[str, int] = {}
    # As they are written: 0.1 is a tenth.
    left = {name: Fraction(str(weight)) for name, weight in weights.items()}
    while left:
        shared = _in_proportion(size - sum(parts.values()), left)
        full = [name for name, part in shared.items() if cap is not None and part >= cap]
        if not full or cap is None:
            return parts | shared
        for name in full:
            parts[name] = cap
            del left[name]
    return parts


def _in_proportion(size: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    total = sum(weights.values())
    exact = {name: size * weight / total for name, weight in weights.items()}
    parts = {name: int(part) for name, part in exact.items()}
    left = size - sum(parts.values())
    by_remainder = sorted(exact, key=lambda name: (parts[name] - exact[name], name))
    for name in by_remainder[:left]:
        parts[name] += 1
    return parts
