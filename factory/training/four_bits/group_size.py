"""How many weights of a row share a scale: what a model's sizes, and its devices, allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from factory.errors import TrainingError, UsageError

#: The sizes for which servers have kernels, the best compressed first.
GROUP_SIZES: Final = (128, 64, 32)
#: Layers whose input is what the devices of a tensor-parallel server share among themselves.
_SHARED: Final = ("o_proj", "down_proj")


def choose_group_size(
    inputs: Mapping[str, int], wanted: int | None = None, devices: int = 1
) -> int:
    """Return ``wanted``, or the largest group size that divides the input of every layer.

    ``inputs`` has the input size of each layer that is quantised, by its name; those that
    ``devices`` share among themselves must divide on each of them.

    Raises:
        UsageError: ``wanted`` does not divide a layer's input.
        TrainingError: no group size divides all of them.
    """
    for size in (wanted,) if wanted is not None else GROUP_SIZES:
        if not any(_part(name, width, devices) % size for name, width in inputs.items()):
            return size
    size = wanted if wanted is not None else GROUP_SIZES[-1]
    name, width = next(
        (name, width) for name, width in inputs.items() if _part(name, width, devices) % size
    )
    spread = f" on {devices} devices" if devices > 1 else ""
    if wanted is None:
        raise TrainingError(
            f"no group of {', '.join(map(str, GROUP_SIZES))} weights divides the input of {name} "
            f"({width:,}){spread}: this model stays in 16 bits, or becomes a GGUF file"
        )
    fitting = [each for each in GROUP_SIZES if not _part(name, width, devices) % each]
    instead = f"--group-size {fitting[0]} does" if fitting else "leave --group-size out"
    raise UsageError(
        f"--group-size {wanted} does not divide the input of {name} ({width:,}){spread}: {instead}"
    )


def _part(name: str, width: int, devices: int) -> float:
    """Return how much of a layer's input one device has; a fraction divides by nothing."""
    return width / devices if name.endswith(_SHARED) else width


def padded_size(width: int, devices: int, group: int) -> int:
    """Return the next multiple of ``group`` times ``devices``: Qwen2-72B's 29,568 is 29,696."""
    step = group * devices
    return -(-width // step) * step
