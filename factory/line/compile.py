"""From a recipe to a task: its parts looked up, compiled and checked against each other."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from factory.errors import RecipeError, did_you_mean
from factory.filters import build_filters, rubric
from factory.generators import SampleStep, Step
from factory.generators.rewrite import Rewrite
from factory.line.task import AskedSampleStep, AskedStep, Derivation, Task
from factory.line.worded import asked_languages, definition_of, translations
from factory.recipe import Recipe, TaskSpec
from factory.sources.base import TABLES
from factory.sources.view import View, load_view
from factory.templates import PromptOptions, TemplateFolder

#: What the line adds to a row for its template.
_OFFERED_BY_THE_LINE = ("candidates", "golds", "language")


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
