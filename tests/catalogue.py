"""The packaged catalogue as the tests over every task use it, and a few of its tasks for the rest.

Every task is made once, on the bundled shop, and its folder is read by all tests: the fixture
``made`` of :mod:`tests.conftest`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from factory.recipe import Recipe, TaskSpec, load_recipe

PROJECT = Path(__file__).parents[1]
#: What a task is made with: enough samples of those with options for rule G4 to be measured.
SIZES = {"multiple_choice": 150, "retrieval": 150, "labels": 150}
#: Tables that others count in: of few labels, no three say the same of one aspect of a type, and a
#: scripted model comes to the same answer twice in few of all questions. What it says of a type is
#: mostly of one product of it, and few of the attributes that it names have other names.
SIZE_OF = {
    "label_review_aspects": 2000,
    "label_product_events": 500,
    "label_m2_types": 400,
    "label_m2_attributes": 150,
}
SIZE, TEST = 25, 5


@cache
def catalogue() -> Recipe:
    """Return the packaged recipe as it is."""
    return load_recipe(PROJECT / "recipes.yaml")


TASKS = tuple(catalogue().tasks)
#: The tasks that read a source themselves.
ROOTS = tuple(name for name, task in catalogue().tasks.items() if task.derive is None)
DERIVED = tuple(name for name in TASKS if name not in ROOTS)


def sized(size: int | None = None, test: int = TEST, *, seed: int = 7) -> Recipe:
    """Return the catalogue with small tasks: ``size`` samples, or as many as :data:`SIZES` says.

    Those that ask a model ask the scripted one.
    """

    def smaller(task: TaskSpec) -> TaskSpec:
        wanted = SIZES.get(task.type, SIZE) if size is None else size
        return task.model_copy(update={"size": min(wanted, task.size), "test": test})

    tasks = {name: smaller(task) for name, task in catalogue().tasks.items()}
    for name, wanted in SIZE_OF.items():
        tasks[name] = tasks[name].model_copy(update={"size": wanted})
    smaller_recipe = catalogue().model_copy(update={"tasks": tasks, "seed": seed})
    return smaller_recipe.with_changes(model="scripted")


def cover() -> tuple[str, ...]:
    """Return a few tasks that have every type, source, operator and number of partners."""
    chosen: list[str] = []
    seen: set[object] = set()
    for name, task in catalogue().tasks.items():
        has: set[object] = {("type", task.type), ("source", task.source)}
        if task.derive is not None:
            partners = task.derive.record_map.partners
            has |= {("operator", task.derive.operator), ("partners", bool(partners))}
        if has - seen:
            chosen.append(name)
            seen |= has
    return tuple(chosen)


COVER = cover()
