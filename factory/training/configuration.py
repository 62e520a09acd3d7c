"""Configuration files of trainers: keys in order, each with where its value comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import yaml

from factory.training.presets import Settings

#: DeepSpeed's own configuration, beside the trainer's.
DEEPSPEED: Final = "deepspeed.json"
_CHOSEN: Final = "our choice: the paper does not print it"


class Key(NamedTuple):
    """One key of a configuration; ``setting`` is the one it says, empty where it says none."""

    name: str
    value: Any
    setting: str = ""


def configuration(heading: Iterable[str], settings: Settings, keys: Iterable[Key]) -> str:
    """Return the YAML of ``keys``, those whose value no paper prints marked as chosen."""
    lines = [f"# {line}" if line else "#" for line in heading]
    for key in keys:
        text = yaml.safe_dump({key.name: key.value}, sort_keys=False, allow_unicode=True, width=100)
        first, *rest = text.rstrip("\n").split("\n")
        if key.setting in settings.chosen:
            first = f"{first}  # {_CHOSEN}"
        lines += [first, *rest]
    return "\n".join(lines) + "\n"


def heading(tool: str, command: str, settings: Settings, data: str) -> list[str]:
    """Return what stands at the top: what the file is for, whose settings, and how to run it."""
    origin = settings.paper or "this project's own"
    return [
        f"{tool}: fine-tune {settings.base} on {data}.",
        f"Settings: {origin}. A step has {settings.batch} sequences"
        f" ({settings.micro_batch} x {settings.accumulation} x {settings.devices} devices).",
        f"Run: {command}",
        "",
    ]


def warmup(settings: Settings) -> Key:
    """Return the key of the warm-up, which trainers name by whether it is steps or their share."""
    if settings.warmup >= 1:
        return Key("warmup_steps", int(settings.warmup), "warmup")
    return Key("warmup_ratio", settings.warmup, "warmup")


def deepspeed(settings: Settings) -> dict[str, Any]:
    """Return DeepSpeed's configuration for the settings' stage of ZeRO; sizes are the trainer's."""
    zero: dict[str, Any] = {"stage": settings.zero, "overlap_comm": True}
    if settings.zero == 3:
        # Else what is saved at the end is the shards of one step, which nothing else loads.
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    sizes = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps")
    return {
        **dict.fromkeys((*sizes, "gradient_clipping"), "auto"),
        "bf16": {"enabled": settings.precision == "bf16"},
        "zero_optimization": zero,
    }
