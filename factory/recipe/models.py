"""``recipes.yaml`` as a strict model, its mixtures and what it includes: what a user may write.

Unknown keys are refused; :mod:`factory.recipe.load` reads the files and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import Field, PrivateAttr, model_validator

from factory.errors import UsageError
from factory.filters import BenchmarkSpec, FilterOptions
from factory.filters.classifier import Classifier, Given
from factory.generators import Written
from factory.llm import DEFAULT, ModelSpec, model_spec
from factory.recipe.changes import Changes
from factory.recipe.formats import Formats, FormatSpec
from factory.recipe.keys import Name, Strict, Whole, unknown
from factory.recipe.tasks import SourceSpec, TaskSpec
from factory.templates import PromptOptions

#: Labelled texts for each sample that a limit leaves: several are read for one.
_LABELLED: Final = 5
#: How many samples a mixture takes of a set.
Lent: TypeAlias = Annotated[int, Field(strict=True, ge=0)]


class MixtureSpec(Strict):
    """Tasks that are made together, so that none trains on what another is tested on.

    Tasks are named by the number that a paper gives them (``nvidia``, ``eshop``), by their own
    name, or all at once by carrying an EcomInstruct id; each with the samples that it lends.
    """

    title: str = Field(min_length=1, description="what the mixture is, for people")
    size: Whole | None = Field(
        None, gt=0, description="samples in all; a paper's as it prints them"
    )
    nvidia: dict[int, Lent] = Field(
        default_factory=dict, description="samples of each set, by its number in NVIDIA's table"
    )
    eshop: dict[int, Lent] = Field(
        default_factory=dict, description="samples of each set, by its number in LLaSA's table"
    )
    tasks: dict[Name, Lent] = Field(
        default_factory=dict, description="samples of each task, by its name"
    )
    weights: dict[Name, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(
        default_factory=dict,
        description="tasks that share what is left of 'size' in proportion, none above 'cap'",
    )
    ecom: bool = Field(default=False, description="take every task that has an EcomInstruct id")
    without_models: bool = Field(
        default=False, description="leave out those that 'ecom' takes and that ask a model"
    )
    cap: Whole | None = Field(None, gt=0, description="at most so many samples of a task")
    without: list[Literal["derived", "pseudo_labels"]] = Field(
        default_factory=list,
        description="lends no training samples: tasks that derive from others, those whose answers "
        "a model gave. They keep their test samples, so that both mixtures are tested on the same",
    )
    prompt: PromptOptions | None = Field(
        default=None, description="how all of its tasks are worded: over what they say themselves"
    )
    test: Whole = Field(0, ge=0, description="test samples of each held-out task")
    held_out: list[Name] = Field(
        default_factory=list,
        description="tasks and sources that nothing is trained on, nor on what derives from them",
    )

    @model_validator(mode="after")
    def _has_tasks(self) -> Self:
        if not (self.nvidia or self.eshop or self.tasks or self.weights or self.ecom):
            raise ValueError("a mixture needs tasks: give nvidia, eshop, tasks, weights or ecom")
        if twice := sorted(self.weights.keys() & self.tasks.keys()):
            raise ValueError(f"{twice[0]!r} has a number in 'tasks' and a weight: keep one of them")
        if self.weights:
            lent = sum((*self.nvidia.values(), *self.eshop.values(), *self.tasks.values()))
            if self.size is None:
                raise ValueError("'weights' share out the mixture's 'size': give it")
            if self.ecom or lent >= self.size:
                raise ValueError(
                    f"'weights' share out what is left of 'size', and of {self.size:,} samples "
                    "nothing is left"
                )
        return self


class IncludeSpec(Strict):
    """Recipe files whose tasks are taken in, all of them reading ``source`` where it is given."""

    from_: str = Field(
        alias="from",
        min_length=1,
        description="'catalogue', or a recipe file relative to this one",
    )
    source: Name | None = Field(
        default=None, description="the source that all of its tasks read in place of their own"
    )


#: One entry of ``include``: a name, or a name and the source that the tasks then read.
IncludeEntry: TypeAlias = Annotated[str, Field(min_length=1)] | IncludeSpec


class RecipePart(Strict):
    """What an included file may hold."""

    sources: dict[Name, SourceSpec] = Field(
        default_factory=dict, description="data sets by the names that tasks give them"
    )
    tasks: dict[Name, TaskSpec] = Field(
        default_factory=dict, description="tasks by name, which is the name of their folder too"
    )
    mixtures: dict[Name, MixtureSpec] = Field(
        default_factory=dict, description="tasks that are made together, by the mixture's name"
    )
    models: dict[Name, ModelSpec] = Field(
        default_factory=dict, description="language models that steps and judges ask"
    )
    benchmarks: dict[Name, BenchmarkSpec] = Field(
        default_factory=dict, description="what decontamination keeps out of the samples"
    )


class Recipe(RecipePart):
    """A whole recipe; ``folder`` is where it stands, for templates and views beside it."""

    include: list[IncludeEntry] = Field(
        default_factory=list,
        description="'catalogue' (the packaged tasks), or recipe files relative to this one",
    )
    seed: Whole = Field(7, description="what every random choice is drawn from")
    max_quarantined: float = Field(
        0.01, ge=0, le=1, description="the share of a source's rows that may be unusable"
    )
    filters: FilterOptions = Field(
        default_factory=FilterOptions, description="what every sample is checked for"
    )
    formats: Formats = Field(
        default_factory=list,
        description="formats that every run is written in too, each in a folder of its own",
    )
    tasks: dict[Name, TaskSpec] = Field(
        min_length=1, description="tasks by name, which is the name of their folder too"
    )
    # Not a field: a recipe that names a folder of its own is refused like any unknown key.
    _folder: Path = PrivateAttr(default=Path())
    # What models wrote for tasks; it travels to workers with the recipe.
    _written: dict[str, Written] = PrivateAttr(default_factory=dict)
    # What whoever runs it gave beside it.
    _changes: Changes = PrivateAttr(default=Changes())
    # Not a field: a recipe may ask for a classifier, never say which code that is.
    _classifiers: dict[str, str | Classifier] = PrivateAttr(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the recipe stands."""
        return self._folder

    def task(self, name: str) -> TaskSpec:
        """Return one task; raises :class:`UsageError` with the nearest name."""
        if name in self.mixtures and name not in self.tasks:
            raise UsageError(f"{name!r} is a mixture, not a task: --mixture {name}")
        if name not in self.tasks:
            raise UsageError(unknown("task", name, self.tasks))
        return self.tasks[name]

    def formats_of(self, name: str | None = None) -> tuple[FormatSpec, ...]:
        """Return the formats of task ``name``, or of every mixture where none is named."""
        own = None if name is None else self.tasks[name].formats
        return tuple(self.formats if own is None else own)

    def lineage(self, name: str) -> Iterator[str]:
        """Yield the names of the task and of those that it derives from, the nearest first."""
        while True:
            yield name
            derive = self.tasks[name].derive
            if derive is None:
                return
            name = derive.from_

    def asks(self, name: str) -> bool:
        """Return whether making task ``name`` asks a model: itself, its parents or its needs."""
        spec = self.tasks[name]
        judged = (spec.filters or self.filters).judge is not None
        return (
            judged
            or spec.wordings is not None
            or any(
                self.tasks[each].generate or any(map(self.asks, self.tasks[each].needs))
                for each in self.lineage(name)
            )
        )

    def labelled_by_models(self, name: str) -> bool:
        """Return whether a model gave what task ``name`` answers, or what it is made of."""
        return any(
            self.tasks[each].generate or self.tasks[each].needs for each in self.lineage(name)
        )

    def written(self, name: str) -> Written | None:
        """Return what a model wrote for task ``name``, once it has been asked."""
        return self._written.get(name)

    def with_written(self, name: str, written: Written) -> Recipe:
        """Return this recipe with what a model wrote for task ``name``."""
        changed = self.model_copy()
        changed._written = {**self._written, name: written}
        return changed

    @property
    def changes(self) -> Changes:
        """What somebody gave beside this recipe: see :meth:`with_changes`."""
        return self._changes

    @property
    def classifiers(self) -> Given:
        """What the names of classifiers are bound to, by whoever runs this recipe."""
        return self._classifiers

    def with_classifiers(self, given: Given) -> Recipe:
        """Return this recipe with names of classifiers bound to code, or to ``module:function``.

        Raises :class:`UsageError` for a name that no filter of the recipe uses.
        """
        blocks = (self.filters, *(task.filters for task in self.tasks.values()))
        used = {each.classifier.use: None for each in blocks if each and each.classifier}
        for name in given:
            if name not in used:
                wrong = unknown("classifier", name, used)
                raise UsageError(f"{wrong} (filters: {{classifier: {{use: NAME, ...}}}} names one)")
        changed = self.model_copy()
        changed._classifiers = {**self._classifiers, **given}
        return changed

    def with_formats(self, names: Iterable[str]) -> Recipe:
        """Return this recipe with these formats beside its own, for every task and mixture."""

        def beside(own: list[FormatSpec]) -> list[FormatSpec]:
            known = {each.name for each in own}
            return [*own, *(FormatSpec(name=name) for name in added if name not in known)]

        added = tuple(dict.fromkeys(names))
        tasks = {
            name: task
            if task.formats is None
            else task.model_copy(update={"formats": beside(task.formats)})
            for name, task in self.tasks.items()
        }
        return self.model_copy(update={"tasks": tasks, "formats": beside(self.formats)})

    def with_changes(
        self,
        *,
        seed: int | None = None,
        limit: int | None = None,
        paths: Mapping[str, str] | None = None,
        allow_test: tuple[str, ...] = (),
        model: str | None = None,
    ) -> Recipe:
        """Return this recipe as the command line changes it.

        ``limit`` caps the size of every task (and of its test part; of a table that tasks need,
        five times as much), ``paths`` moves sources by
        name, ``allow_test`` names the sources whose test part may be used, ``model`` is asked in
        place of ``default``. Raises :class:`UsageError` for a source or model that there is not,
        or a limit below 1.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"a limit of {limit} samples leaves none to make: give 1 or more")
        sources = dict(self.sources)
        for name, path in (paths or {}).items():
            if name not in sources:
                raise UsageError(unknown("source", name, sources))
            sources[name] = sources[name].model_copy(update={"path": path})
        for name in allow_test:
            if name not in sources:
                raise UsageError(unknown("source", name, sources))
            sources[name] = sources[name].model_copy(update={"allow_test": True})
        tasks = dict(self.tasks)
        if limit is not None:
            tasks = {
                name: task.model_copy(
                    update={
                        "size": min(
                            task.size, limit * _LABELLED if task.type == "labels" else limit
                        ),
                        "test": min(task.test, limit),
                    }
                )
                for name, task in tasks.items()
            }
        update: dict[str, Any] = {"sources": sources, "tasks": tasks}
        if limit is not None:
            update["mixtures"] = {
                name: mixture.model_copy(
                    update={
                        "cap": min(mixture.cap or limit, limit),
                        "test": min(mixture.test, limit),
                    }
                )
                for name, mixture in self.mixtures.items()
            }
        if seed is not None:
            update["seed"] = seed
        if model is not None:
            update["models"] = {**self.models, DEFAULT: model_spec(self.models, model)}
        changed = self.model_copy(update=update)
        changed._changes = replace(
            self._changes,
            limit=limit if limit is not None else self._changes.limit,
            sources=tuple(sorted({**dict(self._changes.sources), **(paths or {})}.items())),
            allow_test=tuple(sorted({*self._changes.allow_test, *allow_test})),
            model=model or self._changes.model,
        )
        return changed
