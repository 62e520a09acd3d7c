"""The key ``formats`` of a recipe: in which formats a run is written beside its own files."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from factory.errors import did_you_mean

#: The formats of :mod:`factory.outputs.formats`, which stands above this room.
FORMAT_NAMES: Final = (
    "eshop",
    "ecom",
    "alpaca",
    "sharegpt",
    "messages",
    "openai",
    "prompt-completion",
    "prompt-completion-chat",
    "samples",
)


class FormatSpec(BaseModel):
    """One format; a bare name is short for ``{name: NAME}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description=f"one of {', '.join(FORMAT_NAMES)}")
    to: Literal["jsonl", "parquet"] | None = Field(
        default=None, description="the kind of file; the format's own where it is not given"
    )
    reasoning: bool = Field(
        default=False, description="put the reasoning, where a sample has some, before the answer"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_its_name(cls, said: Any) -> Any:
        return {"name": said} if isinstance(said, str) else said

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in FORMAT_NAMES:
            raise ValueError(
                f"there is no format {name!r}: {did_you_mean(name, FORMAT_NAMES)}There are "
                f"{', '.join(FORMAT_NAMES)}"
            )
        return name


def _each_once(formats: list[FormatSpec]) -> list[FormatSpec]:
    names = [each.name for each in formats]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} stands there twice: a format has one folder")
    return formats


#: A list of formats, none of them twice.
Formats: TypeAlias = Annotated[list[FormatSpec], AfterValidator(_each_once)]
