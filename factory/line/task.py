"""One task of a recipe with all its parts looked up, compiled and checked against each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel

from factory.errors import RecipeError, did_you_mean
from factory.filters import Filter, build_filters
from factory.recipe import Recipe, SourceSpec, TaskSpec
from factory.sources.view import View, load_view
from factory.tasktypes import TaskType
from factory.templates import Template, TemplateFolder

#: What the line adds to a row for its template.
_OFFERED_BY_THE_LINE = ("candidates", "golds", "language")


@dataclass(frozen=True, slots=True)
class Task:
    """A task ready to run.

    Attributes:
        definition: hash of everything that decides what a row's sample says: source adapter, view,
            row mapper, task type and its options, template, filters. Size, seed, title and paper
            numbers are not in it.
        metric: the metric its samples carry.
        positions: how many places the gold can take, where that is a stratum.
    """

    name: str
    spec: TaskSpec
    source_spec: SourceSpec
    type: TaskType
    options: BaseModel
    metric: str
    view: View
    template: Template
    filters: tuple[Filter, ...]
    definition: str

    @property
    def positions(self) -> int | None:
        """How many places the gold can take, where that is a stratum with a quota."""
        return self.type.positions(self.options)

    @property
    def view_options(self) -> dict[str, Any]:
        """The task type's options, as a view reads them with ``getvariable``."""
        return self.options.model_dump(mode="json")


def compile_task(recipe: Recipe, name: str) -> Task:
    """Look up and check everything that task ``name`` needs, without touching a source's files.

    Raises :class:`RecipeError` for a view or template that is missing or not usable, a template
    that uses a name that the view does not offer, or a view that lacks what the type arranges.
    """
    spec = recipe.task(name)
    options = spec.options
    view = load_view(spec.rows, recipe.folder / "views")
    strata, facts = view.columns(name, options.model_dump(mode="json"))
    _check_strata(spec, name, strata)
    columns = {*facts, *view.offers}
    missing = [column for column in spec.task_type.columns(options) if column not in columns]
    if missing:
        raise RecipeError(
            f"tasks.{name}: the type {spec.type!r} arranges the column {missing[0]!r}, "
            f"which the view {view.path} does not offer; it offers {', '.join(sorted(columns))}"
        )
    template = TemplateFolder(recipe.folder / "templates").load(spec.template, spec.task_type.base)
    template.check_names({*columns, *_OFFERED_BY_THE_LINE})
    source_spec = recipe.sources[spec.source]
    filter_options = spec.filters or recipe.filters
    definition = {
        "adapter": source_spec.adapter,
        "source_options": source_spec.options.model_dump(mode="json"),
        "view": view.source,
        "type": spec.type,
        "options": options.model_dump(mode="json"),
        "metric": spec.metric,
        "template": template.source,
        "filters": filter_options.model_dump(mode="json"),
        "track": spec.track,
    }
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
    return Task(
        name=name,
        spec=spec,
        source_spec=source_spec,
        type=spec.task_type,
        options=options,
        metric=spec.metric or spec.task_type.metrics[0],
        view=view,
        template=template,
        filters=build_filters(filter_options),
        definition=blake2b(text.encode(), digest_size=8).hexdigest(),
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
