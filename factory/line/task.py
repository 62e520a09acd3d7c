"""One task of a recipe with all its parts, and what a run binds to it: benchmarks, a classifier."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from factory.errors import RecipeError
from factory.filters import ClassifierFilter, DecontaminationFilter, Filter, JudgeOptions
from factory.filters.classifier import Given
from factory.generators import RecordMap, SampleStep, Step
from factory.line.worded import Worded, worded_in_english
from factory.recipe import SourceSpec, TaskSpec
from factory.sources.view import View
from factory.tasktypes import TaskType
from factory.templates import Template

#: So many keys in a row without a sample say that a stratum has none left that it could give: a
#: task that walked on through a million of them would end with the same samples, hours later.
_PATIENCE: Final = 5_000
_PATIENCE_WITH_MODELS: Final = 500


@dataclass(frozen=True, slots=True)
class Task:
    """A task ready to run.

    Attributes:
        view: where its rows come from; that of its root for a derived task.
        columns: what its rows offer to the task type and the template.
        strata: the columns of its view's keys.
        definition: hash of everything that decides what a row's sample says: source adapter, view,
            row mapper or record map and parent, task type and its options, template, filters. Size,
            seed, title and paper numbers are not in it.
        metric: the metric its samples carry.
        derivation: what a derived task derives from, and how.
        translations: its prompts in the languages beside English that the recipe wants and that it
            has, by language (ISO 639-1).
        steps: the steps that ask a model for columns of a row, in order.
        sample_steps: the steps that ask a model about the sample that was made of it, in order.
        judge: who is asked about each sample that the other filters keep, if anybody is.
    """

    name: str
    spec: TaskSpec
    source_spec: SourceSpec
    type: TaskType
    options: BaseModel
    metric: str
    view: View
    columns: frozenset[str]
    strata: tuple[str, ...]
    template: Template
    filters: tuple[Filter, ...]
    definition: str
    derivation: Derivation | None = None
    translations: Mapping[str, Worded] = field(default_factory=dict)
    steps: tuple[AskedStep, ...] = ()
    sample_steps: tuple[AskedSampleStep, ...] = ()
    judge: JudgeOptions | None = None

    def worded(self, language: str) -> Worded:
        """Return the prompts of the samples whose text is in ``language`` (ISO 639-1)."""
        asked = self.translations.get(self.spec.prompt.of(language))
        return asked or worded_in_english(self.spec, self.template)

    def asked_in(self, languages: Collection[str]) -> Task:
        """Return the task, and those above it, without prompts in other languages beside English.

        A derived task shows its parent's input, which no other language may label.
        """
        if self.translations.keys() <= set(languages):
            return self
        kept = {name: each for name, each in self.translations.items() if name in languages}
        derivation = self.derivation and self.derivation.asked_in(kept)
        return replace(self, translations=kept, derivation=derivation)

    @property
    def asks(self) -> tuple[str, ...]:
        """The recipe's names of the models that making its samples asks, in order."""
        judges = self.judge.models if self.judge else []
        return tuple(dict.fromkeys([*self.written_by, *judges]))

    @property
    def written_by(self) -> tuple[str, ...]:
        """The recipe's names of the models that the steps ask, those of its parents first."""
        above = self.derivation.parent.written_by if self.derivation else ()
        own = [*(each.model for each in self.steps), *(each.model for each in self.sample_steps)]
        return tuple(dict.fromkeys([*above, *own]))

    @property
    def round_size(self) -> int | None:
        """How many keys see the same accepted samples; None where none are looked at."""
        return next((size for each in self.steps if (size := each.step.round_size)), None)

    @property
    def classifier(self) -> ClassifierFilter | None:
        """The classifier among the filters, if there is one."""
        return next((each for each in self.filters if isinstance(each, ClassifierFilter)), None)

    @property
    def patience(self) -> int:
        """After how many keys in a row without a sample a stratum is given up."""
        return self.spec.patience or (_PATIENCE_WITH_MODELS if self.asks else _PATIENCE)

    @property
    def answer_columns(self) -> frozenset[str]:
        """The columns that the answer is printed from, and those that a model wrote."""
        written = (column for each in self.steps for column in each.step.offers)
        return frozenset((*self.type.columns(self.options), *written))

    @property
    def root(self) -> Task:
        """The task whose view gives the keys: this one, unless it is derived."""
        return self if self.derivation is None else self.derivation.parent.root

    @property
    def partners(self) -> int:
        """How many further records of its parent a row is made of."""
        return 0 if self.derivation is None else self.derivation.map.partners

    @property
    def positions(self) -> int | None:
        """How many places the gold can take, where that is a stratum with a quota."""
        return self.type.positions(self.options)

    @property
    def view_options(self) -> dict[str, Any]:
        """The task type's options, as a view reads them with ``getvariable``."""
        return self.options.model_dump(mode="json")


def part_of_parent(task: str, part: str) -> str:
    """Return the name of a part of what a row asks, where the step is that of a parent."""
    return f"{task}: {part}"


@dataclass(frozen=True, slots=True)
class AskedStep:
    """A step of ``generate``, its name, and the recipe's name of the model that it asks.

    ``part`` tells it from the task's other steps, of the same name too.
    """

    by: str
    part: str
    model: str
    step: Step[Any]


@dataclass(frozen=True, slots=True)
class AskedSampleStep:
    """The same of a step that sees the sample."""

    by: str
    part: str
    model: str
    step: SampleStep[Any]


@dataclass(frozen=True, slots=True)
class Derivation:
    """The task that another derives from, and the map that makes its rows of its records."""

    parent: Task
    operator: str
    map: RecordMap
    options: BaseModel

    def asked_in(self, languages: Collection[str]) -> Derivation:
        """Return the same with a parent that is asked in no other languages beside English."""
        return replace(self, parent=self.parent.asked_in(languages))

    def check(self, name: str) -> None:
        """Raise :class:`RecipeError` where the map cannot read the parent's records."""
        at, parent = f"tasks.{name}.derive", self.parent
        if parent.spec.type not in self.map.types:
            raise RecipeError(
                f"{at}: the map {self.map.name!r} reads tasks of the types "
                f"{', '.join(self.map.types)}; {parent.name!r} is of type {parent.spec.type!r}"
            )
        for column in self.map.needs(self.options):
            if column not in parent.columns:
                raise RecipeError(
                    f"{at}: the map {self.map.name!r} reads the column {column!r}, which the rows "
                    f"of {parent.name!r} do not offer; they offer "
                    f"{', '.join(sorted(parent.columns))}"
                )
        above: Task | None = parent if self.map.partners else None
        while above is not None:
            if above.partners:
                raise RecipeError(
                    f"{at}: {above.name!r} combines several records already, and "
                    f"{self.map.name!r} would combine those again: derive it from a task that "
                    "combines none"
                )
            above = above.derivation.parent if above.derivation else None


def with_benchmarks(task: Task, index: Path | None) -> Task:
    """Return the task with its decontamination, and its parents', looking into ``index``.

    What the benchmarks hold is part of the definition from then on.
    """
    derivation = task.derivation
    if derivation is not None:
        derivation = replace(derivation, parent=with_benchmarks(derivation.parent, index))
    filters = tuple(
        each.with_index(index) if index and isinstance(each, DecontaminationFilter) else each
        for each in task.filters
    )
    seen = "".join(each.fingerprint for each in filters if isinstance(each, DecontaminationFilter))
    definition = task.definition
    if seen:
        definition = blake2b(f"{definition}{seen}".encode(), digest_size=8).hexdigest()
    return replace(task, filters=filters, derivation=derivation, definition=definition)


def with_classifier(task: Task, given: Given) -> Task:
    """Return the task with its classifier, and its parents', bound to the code that it is.

    Which code that is is part of the definition from then on.

    Raises :class:`~factory.errors.UsageError` where a classifier is wanted and not to be had.
    """
    derivation = task.derivation
    if derivation is not None:
        derivation = replace(derivation, parent=with_classifier(derivation.parent, given))
    filters = tuple(
        each.bound_to(given) if isinstance(each, ClassifierFilter) else each
        for each in task.filters
    )
    made = replace(task, filters=filters, derivation=derivation)
    if made.classifier is None:
        return made
    said = f"{task.definition}{made.classifier.identity}"
    return replace(made, definition=blake2b(said.encode(), digest_size=8).hexdigest())


def benchmarks_of(task: Task) -> tuple[str, ...]:
    """Return the names of the benchmarks that the task, or one above it, keeps clear of."""
    own = [name for each in task.filters for name in getattr(each, "against", ())]
    above = benchmarks_of(task.derivation.parent) if task.derivation else ()
    return tuple(dict.fromkeys((*own, *above)))
