"""The keys of a source and of a task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from factory.filters import FilterOptions
from factory.generators import (
    OPERATORS,
    RECORD_MAPS,
    STEPS,
    AskingStep,
    RecordMap,
    StepOptions,
    WordingsSpec,
)
from factory.recipe.formats import Formats
from factory.recipe.keys import Name, Strict, Whole, one_of
from factory.sources import SOURCES, Source
from factory.sources.base import BUNDLED, BUNDLED_LICENCE
from factory.tasktypes import TASK_TYPES, TaskType
from factory.templates import PromptOptions

Track = Literal[
    "understanding-shopping-concepts",
    "shopping-knowledge-reasoning",
    "user-behavior-alignment",
    "multi-lingual-abilities",
]
PaperNumber = Whole | list[Whole] | None
#: How the samples of one stratum are shared out: all alike, as they come, or by named shares.
Shares = Literal["equal", "free"] | dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]


class SourceSpec(Strict):
    """One data set: which adapter reads it, and where its files are."""

    adapter: str = Field(description="which adapter reads the files: factory/sources")
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
        return one_of(adapter, SOURCES, "adapter")

    @property
    def source(self) -> Source:
        """The adapter itself."""
        return SOURCES[self.adapter]

    @property
    def options(self) -> BaseModel:
        """The adapter's own options, typed."""
        return self.source.options.model_validate(self.with_)

    @property
    def licence(self) -> str:
        """The licence of the data: the data set's own, or what a shop says of its own files."""
        if self.path == BUNDLED:
            return BUNDLED_LICENCE
        said: str | None = getattr(self.options, "licence", None)
        return said or self.source.licence


class DeriveSpec(Strict):
    """How the records of a finished task become those of another (EcomGPT's Chain-of-Task)."""

    from_: Name = Field(alias="from", description="the parent task")
    operator: Literal["reverse", "simplify", "recombine"] = Field(
        description="which of the three operators of Chain-of-Task"
    )
    map: str = Field(description="which map of the operator: factory/generators")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="the map's own options"
    )

    @field_validator("map")
    @classmethod
    def _known_map(cls, name: str, info: ValidationInfo) -> str:
        operator = info.data.get("operator")
        return name if operator is None else one_of(name, OPERATORS[operator], f"{operator} map")

    @property
    def record_map(self) -> RecordMap:
        """The map itself."""
        return RECORD_MAPS[self.operator, self.map]

    @property
    def options(self) -> BaseModel:
        """The map's own options, typed."""
        return self.record_map.options.model_validate(self.with_)


class StepSpec(Strict):
    """One step in which a model takes part: in the row, before it is arranged, or in the sample."""

    by: str = Field(description="which step: factory/generators")
    model: Name = Field(default="default", description="one of the recipe's models")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="the step's own options"
    )

    @field_validator("by")
    @classmethod
    def _known_step(cls, name: str) -> str:
        return one_of(name, STEPS, "step")

    @property
    def options(self) -> StepOptions:
        """The step's own options, typed."""
        return STEPS[self.by].options_model.model_validate(self.with_)

    def step(self, folder: Path) -> AskingStep[Any]:
        """Return the step, its prompt looked for in ``folder`` first.

        Raises :class:`~factory.errors.RecipeError` for a prompt that is missing or not usable.
        """
        return STEPS[self.by](self.options, folder)


class TaskSpec(Strict):
    """One task: a view (``rows``) or another task, a task type and a template.

    A derived task (``derive``) has no source, view or track of its own; once a recipe is loaded,
    they are those of the task at the root of its chain.
    """

    title: str = Field(min_length=1, description="what the model is asked to do, for people")
    source: str = Field(default="", description="which of the recipe's sources the view reads")
    rows: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*)?$")] = Field(
        default="",
        description="the view: factory/sources/views/<rows>.sql, or views/ beside the recipe",
    )
    derive: DeriveSpec | None = Field(
        default=None, description="another task whose records this one is made of, and how"
    )
    generate: list[StepSpec] = Field(
        default_factory=list, description="steps that ask a model for columns, one after another"
    )
    needs: list[Name] = Field(
        default_factory=list,
        description="tasks of type 'labels' that are made first: their table is this source's",
    )
    type: str = Field(description="what an answer looks like: a task type of factory/tasktypes")
    template: str = Field(
        description="how it is asked: factory/templates/<template>, or templates/ beside the recipe"
    )
    wordings: WordingsSpec | None = Field(
        default=None, description="a model writes further wordings of the template's prompt"
    )
    prompt: PromptOptions = Field(
        default_factory=PromptOptions,
        description="which parts of the template are printed, and how",
    )
    size: Whole = Field(gt=0, description="training samples wanted")
    test: Whole = Field(0, ge=0, description="test samples wanted, from other split groups")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="the task type's own options"
    )
    track: Track | None = Field(default=None, description="ShopBench's track")
    metric: str | None = Field(
        default=None,
        description="what answers are scored with: the task type's first, unless given",
    )
    words: dict[Name, str] = Field(
        default_factory=dict, description="texts that the template may use beside the row's columns"
    )
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
    patience: Whole | None = Field(
        None,
        gt=0,
        description="a stratum is given up after so many keys in a row without a sample: 5,000, "
        "or 500 where a model is asked, unless given",
    )
    formats: Formats | None = Field(
        default=None, description="in place of the recipe's own formats block"
    )
    nvidia: PaperNumber = Field(
        default=None, description="the number of the set, or sets, in NVIDIA's table (1 to 38)"
    )
    eshop: PaperNumber = Field(
        default=None, description="the number in LLaSA's table of EshopInstruct (1 to 37)"
    )
    dev: PaperNumber = Field(
        default=None, description="the number of ShopBench's development task (1 to 18)"
    )
    ecom: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+-[A-Za-z_]+-[A-Za-z0-9_]+$")] | None = Field(
        default=None,
        description="EcomInstruct's id without the language: <Dataset>-<Type>-<name>",
    )

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if self.derive is None:
            for name in ("source", "rows", "track"):
                if not getattr(self, name):
                    raise ValueError(f"the key {name!r} is missing")
        elif extra := {"source", "rows", "needs"} & self.model_fields_set:
            raise ValueError(
                f"a derived task has the {min(extra)} of its parent: leave out {min(extra)!r}, "
                "or 'derive'"
            )
        return self

    @field_validator("type")
    @classmethod
    def _known_type(cls, name: str) -> str:
        return one_of(name, TASK_TYPES, "task type")

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
