"""The settings of the papers, and what they do not print.

Sources: NVIDIA's KDD Cup 2024 winner (Deotte et al., 2024, Table 2), LLaSA (Zhang et al., 2024,
Table 2) and EcomGPT (Li et al., 2023, section "Implementation Details"). ``chosen`` names the
settings that a paper does not print, which are this project's choice; configuration files say so
beside each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from factory.errors import UsageError, did_you_mean

#: Of the order of samples, and of what LoRA begins with, unless another one is given.
SEED: Final = 42
#: Every linear layer of a transformer's blocks.
ALL_LINEAR: Final = "all-linear"


class Settings(BaseModel):
    """How a model is fine-tuned.

    A step sees ``micro_batch * accumulation * devices`` sequences.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    paper: str = Field(description="whose settings these are; empty for this project's own")
    base: str = Field(description="the model that is tuned, as the Hugging Face Hub names it")
    template: str = Field(description="the chat template, as LLaMA-Factory names it")
    adapter: Literal["qlora", "lora", "full"] = Field(
        description="LoRA over a 4-bit base, LoRA, or all weights"
    )
    rank: int | None = Field(default=None, ge=1, description="of LoRA")
    alpha: int | None = Field(
        default=None, ge=1, description="of LoRA; updates are scaled by alpha / rank"
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="of LoRA")
    targets: Literal["all-linear"] | tuple[str, ...] = Field(
        default=ALL_LINEAR, description="the layers that LoRA adapts"
    )
    learning_rate: float = Field(gt=0)
    schedule: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="after warm-up"
    )
    warmup: float = Field(
        ge=0, description="steps of linear warm-up; below 1, their share of all steps"
    )
    weight_decay: float = Field(default=0.0, ge=0)
    micro_batch: int = Field(ge=1, description="sequences of one device at a time")
    accumulation: int = Field(ge=1, description="micro-batches of one step")
    devices: int = Field(default=1, ge=1, description="how many devices the paper used")
    epochs: float = Field(gt=0)
    max_length: int = Field(ge=16, description="tokens of a sequence; longer ones are cut")
    packing: bool = Field(default=False, description="whether several samples share a sequence")
    precision: Literal["bf16", "fp32"] = "bf16"
    zero: Literal[0, 2, 3] = Field(default=0, description="stage of DeepSpeed's ZeRO; 0 for none")
    chosen: frozenset[str] = Field(
        default=frozenset(), description="the settings above that the paper does not print"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.adapter != "full" and (self.rank is None or self.alpha is None):
            raise ValueError("LoRA needs a rank and an alpha")
        if unknown := self.chosen - type(self).model_fields.keys():
            raise ValueError(f"{min(unknown)!r} is no setting")
        return self

    @property
    def batch(self) -> int:
        """Return the sequences of one step."""
        return self.micro_batch * self.accumulation * self.devices


_NVIDIA: Final = Settings(
    paper="Deotte et al., 2024 (NVIDIA, KDD Cup 2024), Table 2",
    base="Qwen/Qwen2-72B-Instruct",
    template="qwen",
    adapter="qlora",
    rank=64,
    alpha=32,
    dropout=0.05,
    learning_rate=2e-4,
    warmup=10,
    weight_decay=0.01,
    micro_batch=1,
    accumulation=4,
    devices=8,
    epochs=1,
    max_length=2048,
    packing=True,
    chosen=frozenset({"template", "epochs", "max_length"}),
)
_LLASA: Final = Settings(
    paper="Zhang et al., 2024 (LLaSA), Table 2",
    base="Qwen/Qwen2-72B",
    template="qwen",
    adapter="lora",
    rank=8,
    alpha=16,
    targets=("q_proj", "k_proj", "v_proj"),
    learning_rate=4e-5,
    warmup=0.1,
    micro_batch=4,
    accumulation=8,
    devices=8,
    epochs=2,
    max_length=2048,
    zero=3,
    chosen=frozenset(
        {"template", "alpha", "dropout", "weight_decay", "micro_batch", "accumulation", "packing"}
    ),
)
_ECOMGPT: Final = Settings(
    paper="Li et al., 2023 (EcomGPT), Implementation Details",
    base="bigscience/bloomz-7b1-mt",
    template="alpaca",
    adapter="full",
    learning_rate=2e-5,
    warmup=0.03,
    micro_batch=4,
    accumulation=8,
    devices=4,
    epochs=3,
    max_length=1024,
    zero=2,
    chosen=frozenset({"base", "template", "packing", "precision", "zero"}),
)
_TINY: Final = Settings(
    paper="",
    base="HuggingFaceTB/SmolLM2-135M-Instruct",
    template="smollm2",
    adapter="lora",
    rank=16,
    alpha=32,
    learning_rate=1e-3,
    warmup=0.05,
    micro_batch=4,
    accumulation=1,
    epochs=1,
    max_length=768,
    precision="fp32",
)

PRESETS: Final[Mapping[str, Settings]] = MappingProxyType(
    {"nvidia": _NVIDIA, "llasa": _LLASA, "ecomgpt": _ECOMGPT, "tiny": _TINY}
)


def find_preset(name: str) -> Settings:
    """Return a preset by its name; raises :class:`UsageError` with the nearest one."""
    if name not in PRESETS:
        raise UsageError(
            f"there is no preset {name!r}: {did_you_mean(name, PRESETS)}There are "
            f"{', '.join(PRESETS)}"
        )
    return PRESETS[name]


def with_changes(settings: Settings, **changes: Any) -> Settings:
    """Return settings with other values; None leaves one as it is.

    Other devices or another micro-batch leave the sequences of a step as nearly the same as they
    can be. What is changed is the user's, and no longer marked as this project's choice.

    Raises :class:`UsageError` for values that cannot be.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        return settings
    if given.get("adapter", "full") != "full" and settings.rank is None:
        raise UsageError(
            f"--adapter {given['adapter']}: these settings tune all weights and say no rank of "
            "LoRA: take a preset that does, such as llasa, with --base"
        )
    devices = given.get("devices", settings.devices)
    micro_batch = given.get("micro_batch", settings.micro_batch)
    given["accumulation"] = max(1, round(settings.batch / (micro_batch * devices)))
    given["chosen"] = settings.chosen - given.keys()
    try:
        return Settings.model_validate({**settings.model_dump(), **given})
    except ValidationError as error:
        wrong = error.errors()[0]
        option = "-".join(map(str, wrong["loc"])).replace("_", "-")
        raise UsageError(f"--{option}: {wrong['msg']}") from error
