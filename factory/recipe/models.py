"""``recipes.yaml`` as strict models: what a user may write, checked before anything runs.

Unknown keys are refused. Every complaint is one line that names the file, the line, the key, and
the nearest key that would have been right.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from factory.errors import RecipeError, UsageError, did_you_mean
from factory.filters import FilterOptions
from factory.recipe_text import Location, RecipeText, read_recipe_text
from factory.sources import SOURCES, Source
from factory.tasktypes import TASK_TYPES, TaskType

Track = Literal[
    "understanding-shopping-concepts",
    "shopping-knowledge-reasoning",
    "user-behavior-alignment",
    "multi-lingual-abilities",
]
_NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,99}$"
Name = Annotated[str, Field(pattern=_NAME)]
#: A count: ``yes``, which YAML reads as a truth value, would otherwise pass for 1.
Whole = Annotated[int, Field(strict=True)]
PaperNumber = Whole | list[Whole] | None
#: How the samples of one stratum are shared out: all alike, as they come, or by named shares.
Shares = Literal["equal", "free"] | dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSpec(_Strict):
    """One data set: which adapter reads it, and where its files are."""

    adapter: str
    path: str = Field(
        "bundled",
        min_length=1,
        description="a folder, a file, a glob, an hf:// or https:// address, or 'bundled'",
    )
    allow_test: bool = Field(
        default=False, description="let rows of the upstream test part into the training samples"
    )
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="the adapter's own options"
    )

    @field_validator("adapter")
    @classmethod
    def _known_adapter(cls, adapter: str) -> str:
        return _one_of(adapter, SOURCES, "adapter")

    @property
    def source(self) -> Source:
        """The adapter itself."""
        return SOURCES[self.adapter]

    @property
    def options(self) -> BaseModel:
        """The adapter's own options, typed."""
        return self.source.options.model_validate(self.with_)


class TaskSpec(_Strict):
    """One task: a view (``rows``), a task type and a template."""

    title: str = Field(min_length=1)
    source: str
    rows: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="the view: factory/sources/views/<rows>.sql, or views/ beside the recipe"
    )
    type: str
    template: str
    size: Whole = Field(gt=0, description="training samples wanted")
    test: Whole = Field(0, ge=0, description="test samples wanted, from other split groups")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="the task type's own options"
    )
    track: Track
    metric: str | None = None
    filters: FilterOptions | None = Field(
        default=None, description="in place of the recipe's own filters block"
    )
    balance: dict[str, Shares] = Field(
        default_factory=dict, description="strata of the view, and how samples are shared out"
    )
    tolerance: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="how much larger a quota may be than the scarcest stratum's: 0.5 is half more",
    )
    nvidia: PaperNumber = None
    eshop: PaperNumber = None
    dev: PaperNumber = None

    @field_validator("type")
    @classmethod
    def _known_type(cls, name: str) -> str:
        return _one_of(name, TASK_TYPES, "task type")

    @field_validator("metric")
    @classmethod
    def _metric_applies(cls, metric: str | None, info: ValidationInfo) -> str | None:
        task_type = TASK_TYPES.get(info.data.get("type", ""))
        if metric is not None and task_type is not None and metric not in task_type.metrics:
            raise ValueError(
                f"metric {metric!r} does not apply to {info.data['type']}: "
                f"choose {', '.join(task_type.metrics)}"
            )
        return metric

    @property
    def task_type(self) -> TaskType:
        """The grammar of this task's answers."""
        return TASK_TYPES[self.type]

    @property
    def options(self) -> BaseModel:
        """The task type's own options, typed."""
        return self.task_type.options.model_validate(self.with_)


class Recipe(_Strict):
    """A whole recipe; ``folder`` is where it stands, for templates and views beside it."""

    seed: Whole = 7
    max_quarantined: float = Field(
        0.01, ge=0, le=1, description="the share of a source's rows that may be unusable"
    )
    sources: dict[Name, SourceSpec]
    filters: FilterOptions = Field(default_factory=FilterOptions)
    tasks: dict[Name, TaskSpec] = Field(min_length=1)
    # Not a field: a recipe that names a folder of its own is refused like any unknown key.
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Where the recipe stands."""
        return self._folder

    def task(self, name: str) -> TaskSpec:
        """Return one task; raises :class:`UsageError` with the nearest name."""
        if name not in self.tasks:
            raise UsageError(_unknown("task", name, self.tasks))
        return self.tasks[name]

    def with_changes(
        self,
        *,
        seed: int | None = None,
        limit: int | None = None,
        paths: Mapping[str, str] | None = None,
        allow_test: tuple[str, ...] = (),
    ) -> Recipe:
        """Return this recipe as the command line changes it.

        ``limit`` caps the size of every task (and of its test part), ``paths`` moves sources by
        name, ``allow_test`` names the sources whose test part may be used. Raises
        :class:`UsageError` for a source that the recipe does not have, or a limit below 1.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"a limit of {limit} samples leaves none to make: give 1 or more")
        sources = dict(self.sources)
        for name, path in (paths or {}).items():
            if name not in sources:
                raise UsageError(_unknown("source", name, sources))
            sources[name] = sources[name].model_copy(update={"path": path})
        for name in allow_test:
            if name not in sources:
                raise UsageError(_unknown("source", name, sources))
            sources[name] = sources[name].model_copy(update={"allow_test": True})
        tasks = dict(self.tasks)
        if limit is not None:
            tasks = {
                name: task.model_copy(
                    update={"size": min(task.size, limit), "test": min(task.test, limit)}
                )
                for name, task in tasks.items()
            }
        update: dict[str, Any] = {"sources": sources, "tasks": tasks}
        if seed is not None:
            update["seed"] = seed
        return self.model_copy(update=update)


def load_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe file; raises :class:`RecipeError`, one line a problem."""
    text = read_recipe_text(Path(path))
    try:
        recipe = Recipe.model_validate(text.data)
    except ValidationError as error:
        raise RecipeError("\n".join(_explain(error, text, (), Recipe))) from error
    problems: list[str] = []
    for name, source in recipe.sources.items():
        problems += _check_options(
            source.with_, source.source.options, text, ("sources", name, "with")
        )
    for name, task in recipe.tasks.items():
        problems += _check_options(
            task.with_, task.task_type.options, text, ("tasks", name, "with")
        )
        if task.source not in recipe.sources:
            line = text.line(("tasks", name, "source"))
            wrong = _unknown("source", task.source, recipe.sources)
            problems.append(f"{text.path}:{line}: tasks.{name}.source: {wrong}")
    if problems:
        raise RecipeError("\n".join(problems))
    folder = text.path.resolve().parent
    sources = {
        name: source.model_copy(update={"path": _beside(folder, source.path)})
        for name, source in recipe.sources.items()
    }
    recipe = recipe.model_copy(update={"sources": sources})
    recipe._folder = folder
    return recipe


def _beside(folder: Path, path: str) -> str:
    """Return a source's path as it stands in a recipe: relative to the recipe's own folder."""
    if path == "bundled" or "://" in path or Path(path).is_absolute():
        return path
    return str(folder / path)


def _check_options(
    data: Mapping[str, Any], model: type[BaseModel], text: RecipeText, at: Location
) -> list[str]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        return _explain(error, text, at, model)
    return []


def _one_of(name: str, known: Mapping[str, object], what: str) -> str:
    if name not in known:
        raise ValueError(_unknown(what, name, known))
    return name


def _unknown(what: str, name: str, known: Mapping[str, object]) -> str:
    hint = did_you_mean(name, known)
    return f"there is no {what} {name!r}: {hint}There are {', '.join(sorted(known))}"


def _explain(
    error: ValidationError, text: RecipeText, at: Location, model: type[BaseModel]
) -> list[str]:
    """Return a line for each thing that is wrong, in the order of the file."""
    found: dict[tuple[int, str], str] = {}
    for detail in error.errors(include_url=False):
        # Members of a union add their own type names to the location; the file has none of them.
        inside = tuple(part for part in detail["loc"] if _stands(text, at, part, detail["loc"]))
        location = (*at, *inside)
        line = text.line(location)
        key = ".".join(_shown(part) for part in location)
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            known = _keys(model, detail["loc"][:-1])
            hint = did_you_mean(str(location[-1]), known)
            message = f"unknown key: {hint}The keys here are {', '.join(known)}"
        elif detail["type"] == "missing":
            message = f"the key {detail['loc'][-1]!r} is missing"
        elif location in text.untexted and (
            detail["type"] == "invalid_key" or detail["loc"][-1] == "[key]"
        ):
            wrong, line = text.untexted[location]
            message = f"the key {_shown(wrong)} is not text in YAML: put it in quotes"
        found.setdefault((line, key), f"{text.path}:{line}: {key or 'recipe'}: {message}")
    return [found[place] for place in sorted(found)]


def _shown(part: str | int) -> str:
    """Return a key as one printable piece of a line; a recipe may come from elsewhere."""
    text = str(part)
    return text if text.isprintable() else repr(text)


def _stands(text: RecipeText, at: Location, part: str | int, whole: tuple[str | int, ...]) -> bool:
    prefix: Location = at
    for step in whole:
        if (*prefix, step) in text.lines:
            prefix = (*prefix, step)
            if step == part:
                return True
    return False


def _keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model has at ``location``."""
    annotation: Any = model
    for step in location:
        annotation = _inner(annotation, step)
    while not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        members = [member for member in get_args(annotation) if member is not type(None)]
        models = [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
        if not members:
            return []
        annotation = models[0] if models else members[0]
    return [
        field.alias or name for name, field in annotation.model_fields.items() if not field.exclude
    ]


def _inner(annotation: Any, step: str | int) -> Any:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        for member in members:
            if isinstance(member, type) and issubclass(member, BaseModel):
                return _inner(member, step)
        return members[0]
    if origin is Annotated:
        return _inner(get_args(annotation)[0], step)
    if origin is dict:
        return get_args(annotation)[1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
    return annotation
