"""One task of a recipe with all its parts looked up, compiled and checked against each other."""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from factory.errors import RecipeError, did_you_mean
from factory.filters import (
    ClassifierFilter,
    DecontaminationFilter,
    Filter,
    JudgeOptions,
    build_filters,
    rubric,
)
from factory.filters.classifier import Given
from factory.generators import RecordMap, SampleStep, Step
from factory.generators.rewrite import Rewrite
from factory.line.worded import (
    Worded,
    asked_languages,
    definition_of,
    translations,
    worded_in_english,
)
from factory.recipe import Recipe, SourceSpec, TaskSpec
from factory.sources.base import TABLES
from factory.sources.view import View, load_view
from factory.tasktypes import TaskType
from factory.templates import PromptOptions, Template, TemplateFolder

#: What the line adds to a row for its template.
_OFFERED_BY_THE_LINE = ("candidates", "golds", "language")
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


def compile_task(recipe: Recipe, name: str, compiled: dict[str, Task] | None = None) -> Task:
    """Look up and check everything that task ``name`` needs, without touching a source's files.

    ``compiled`` keeps what was compiled of this recipe, for a caller that asks for many tasks:
    those that derive from one parent need it compiled once.

    Raises :class:`RecipeError` for a view or template that is missing or not usable, a template
    that uses a name that the rows do not offer, rows that lack what the type arranges, a source
    that cannot fill the columns that the view reads, or a parent that the map cannot read.
    """
    if compiled is not None and name in compiled:
        return compiled[name]
    spec = recipe.task(name)
    options = spec.options
    source_spec = recipe.sources[spec.source]
    definition: dict[str, Any] = {
        "type": spec.type,
        "options": options.model_dump(mode="json"),
        "metric": spec.metric,
        "track": spec.track,
    }
    derivation = None
    if spec.derive is None:
        view = load_view(spec.rows, recipe.folder / "views")
        strata, facts = _columns_of(view, name, options.model_dump(mode="json"))
        columns = frozenset({*facts, *view.offers})
        origin = f"the view {view.path}"
        definition |= {
            "adapter": source_spec.adapter,
            "source_options": source_spec.options.model_dump(mode="json"),
            "view": view.source,
        }
        strata = tuple(strata)
        _check_needs(recipe, name, view)
    else:
        parent = _parent_of(recipe, spec.derive.from_, spec.prompt, compiled)
        derivation = Derivation(
            parent, spec.derive.operator, spec.derive.record_map, spec.derive.options
        )
        derivation.check(name)
        view = parent.view
        strata = parent.strata
        columns = frozenset(derivation.map.offers)
        origin = f"the map {spec.derive.operator} {spec.derive.map}"
        definition |= {
            "parent": parent.definition,
            "map": inspect.getsource(type(derivation.map)),
            "map_options": derivation.options.model_dump(mode="json"),
        }
    steps, sample_steps = _steps(recipe, name, spec, columns)
    if steps or sample_steps:
        columns |= {column for each in steps for column in each.step.offers}
        columns -= {column for each in steps for column in each.step.takes}
        origin += " with its steps"
        sources = [
            *(each.step.source for each in steps),
            *(each.step.source for each in sample_steps),
        ]
        definition["steps"] = [
            [step.by, step.options.model_dump(mode="json"), source]
            for step, source in zip(spec.generate, sources, strict=True)
        ]
    if spec.needs:
        definition["needs"] = [
            compile_task(recipe, each, compiled).definition for each in spec.needs
        ]
    _check_strata(spec, name, strata)
    missing = [column for column in spec.task_type.columns(options) if column not in columns]
    if missing:
        raise RecipeError(
            f"tasks.{name}: the type {spec.type!r} arranges the column {missing[0]!r}, "
            f"which {origin} does not offer; it offers {', '.join(sorted(columns))}"
        )
    written = recipe.written(name)
    reworded = written.kept if written else ()
    template = TemplateFolder(recipe.folder / "templates").load(
        spec.template, spec.task_type.base, reworded, spec.prompt
    )
    if spec.wordings:
        Rewrite(spec.wordings, template, recipe.folder / "prompts")
    if reworded:
        definition["wordings"] = [[each.name, each.of, each.text] for each in reworded]
    template.check_names({*columns, *spec.words, *_OFFERED_BY_THE_LINE})
    above = derivation.parent.translations if derivation else None
    translated = translations(recipe, spec, template, asked_languages(spec, above))
    filter_options = spec.filters or recipe.filters
    definition |= {
        "template": template.source,
        "words": spec.words,
        "filters": filter_options.model_dump(mode="json"),
        # A task without any keeps the definition that it had before there were such options.
        **({"prompt": spec.prompt.model_dump()} if spec.prompt != PromptOptions() else {}),
    }
    definition |= definition_of(translated)
    if filter_options.judge:
        definition["judge"] = [filter_options.judge.source, rubric(spec.task_type.name)]
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
    task = Task(
        name=name,
        spec=spec,
        source_spec=source_spec,
        type=spec.task_type,
        options=options,
        metric=spec.metric or spec.task_type.metrics[0],
        view=view,
        columns=columns,
        strata=strata,
        template=template,
        filters=build_filters(filter_options),
        definition=blake2b(text.encode(), digest_size=8).hexdigest(),
        derivation=derivation and derivation.asked_in(translated),
        translations=translated,
        steps=steps,
        sample_steps=sample_steps,
        judge=filter_options.judge,
    )
    _check_steps(task)
    if compiled is not None:
        compiled[name] = task
    return task


def _parent_of(
    recipe: Recipe, name: str, prompt: PromptOptions, compiled: dict[str, Task] | None
) -> Task:
    """Compile the task that another derives from, in the languages that the other is asked in.

    What the other shows of a record is its input, which its parent's template has labelled.
    """
    parent = recipe.task(name)
    if parent.prompt.language == prompt.language:
        return compile_task(recipe, name, compiled)
    labelled = parent.prompt.model_copy(update={"language": prompt.language})
    tasks = {**recipe.tasks, name: parent.model_copy(update={"prompt": labelled})}
    return compile_task(recipe.model_copy(update={"tasks": tasks}), name)


def _steps(
    recipe: Recipe, name: str, spec: TaskSpec, columns: frozenset[str]
) -> tuple[tuple[AskedStep, ...], tuple[AskedSampleStep, ...]]:
    """Compile the steps of a task, and check that each finds the columns that it reads."""
    offered = {*columns, *spec.words, "language"}
    steps: list[AskedStep] = []
    sample_steps: list[AskedSampleStep] = []
    for number, each in enumerate(spec.generate):
        at = f"tasks.{name}.generate.{number}: the step {each.by!r}"
        step = each.step(recipe.folder / "prompts")
        earlier = sum(other.by == each.by for other in spec.generate[:number])
        part = f"{each.by} {earlier + 1}" if earlier else each.by
        for column in sorted(step.needs - offered):
            raise RecipeError(
                f"{at} reads {column!r}, which no row has: {did_you_mean(column, offered)}"
                f"There are {', '.join(sorted(offered))}"
            )
        if isinstance(step, SampleStep):
            sample_steps.append(AskedSampleStep(each.by, part, each.model, step))
        elif isinstance(step, Step):
            if sample_steps:
                raise RecipeError(
                    f"{at} adds to the row, which {sample_steps[-1].by!r} sees arranged already: "
                    f"put {each.by!r} before it"
                )
            offered.update(step.offers)
            offered.difference_update(step.takes)
            steps.append(AskedStep(each.by, part, each.model, step))
    return tuple(steps), tuple(sample_steps)


def _check_steps(task: Task) -> None:
    """Raise where the quotas of a task cannot hold beside what its steps decide."""
    balance = task.spec.balance
    placed = task.positions is not None and balance.get("position") != "free"
    at = f"tasks.{task.name}"
    if placed and any(each.step.settles for each in task.sample_steps):
        raise RecipeError(
            f"{at}.balance: where the right answer stands is not known before it is voted on: "
            "give position: free"
        )
    parent = task.derivation.parent if task.derivation else None
    if parent is not None and parent.round_size is not None:
        raise RecipeError(
            f"{at}.derive: what {parent.name!r} writes depends on what it accepted before: nothing "
            "can be derived from its records alone"
        )
    if task.round_size is None:
        return
    if placed or any(share != "free" for share in balance.values()):
        raise RecipeError(
            f"{at}.balance: rounds follow the draw order, and a balance would leave keys out of "
            "it: leave 'balance' out"
        )
    if not (task.spec.filters and task.spec.filters.novelty):
        raise RecipeError(
            f"{at}.filters: a task in rounds takes up what was accepted before: "
            "give filters: {novelty: true}"
        )


#: The columns of views by their text and options: to find them out is to run the view.
_COLUMNS: Final[dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]]] = {}


def _columns_of(
    view: View, name: str, options: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of a view's keys and facts; a task is compiled when checked and when run.

    They do not depend on the task's name, which only seeds its draws.
    """
    asked = (str(view.path), view.keys, view.facts, json.dumps([view.needs, options]))
    if asked not in _COLUMNS:
        _COLUMNS[asked] = view.columns(name, options)
    return _COLUMNS[asked]


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


def missing_columns(recipe: Recipe, name: str) -> list[str]:
    """Return the columns that task ``name`` reads and its source lacks, as ``table.column``."""
    spec = recipe.task(name)
    needs = load_view(spec.rows, recipe.folder / "views").needs
    source = recipe.sources[spec.source]
    offers = dict(source.source.offers(source.options))
    if spec.needs:
        offers["labels"] = tuple(TABLES["labels"])
    return [
        f"{table}.{column}"
        for table, columns in needs.items()
        for column in columns
        if column not in offers.get(table, ())
    ]


def _check_needs(recipe: Recipe, name: str, view: View) -> None:
    missing = missing_columns(recipe, name)
    if missing:
        source = recipe.tasks[name].source
        raise RecipeError(
            f"tasks.{name}: the source {source!r} has no {', '.join(missing)}, which the view "
            f"{view.name!r} reads: map those columns, or leave this task out"
        )


def _check_strata(spec: TaskSpec, name: str, columns: Sequence[str]) -> None:
    known = set(columns) - {"ordinal", "key", "split_group"}
    if spec.task_type.positions(spec.options) is not None:
        known.add("position")
    for stratum in spec.balance:
        if stratum not in known:
            hint = did_you_mean(stratum, known)
            raise RecipeError(
                f"tasks.{name}.balance: the view {spec.rows!r} has no stratum {stratum!r}: {hint}"
                f"There are {', '.join(sorted(known))}"
            )
