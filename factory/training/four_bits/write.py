"""A model in four bits as a folder that vLLM and ``transformers`` load, whole or not at all.

::

    tuned-w4/
      config.json  model.safetensors  tokenizer.json ...   in the form of compressed-tensors
      quantization.json       how: method, group size, calibration, padding, versions; what was lost
    tuned-w4.compared/        the answers of both, as ``evaluate`` leaves them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from factory.errors import OutputError, TrainingError
from factory.outputs.dataset_folder import new_folder
from factory.outputs.files import explained, read_json, write_json
from factory.training.base import fingerprint, load_model, load_tokenizer
from factory.training.checkpoint import Checkpoint
from factory.training.four_bits.calibration import Calibration
from factory.training.four_bits.compressor import (
    IGNORED,
    Method,
    compress,
    input_sizes,
    versions,
)
from factory.training.four_bits.group_size import GROUP_SIZES, choose_group_size, padded_size
from factory.training.four_bits.padding import mlp_width, pad_mlp
from factory.training.memory import check_free
from factory.training.quiet import quiet

RECORD: Final = "quantization.json"
_CONFIG: Final = "config.json"
_BYTES_OF_A_WEIGHT: Final = 2

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FourBits:
    """How a model is quantised.

    Attributes:
        method: ``gptq`` or ``awq``.
        calibration: the samples that it is calibrated on.
        group_size: how many weights share a scale; None for the largest that the model allows.
        devices: how many devices share the MLPs of a server, so that they are padded; 1 for none.
        max_length: at most so many tokens of a sample.
    """

    method: Method
    calibration: Calibration
    group_size: int | None = None
    devices: int = 1
    max_length: int = 2048


def write_four_bits(
    folder: Path, plan: FourBits, out: Path, watch: Watch | None = None
) -> dict[str, Any]:
    """Write the checkpoint in ``folder`` in four bits to the folder ``out``; return its record.

    What was made of the same checkpoint in the same way before is left as it is.

    Raises:
        UsageError, TrainingError: it is no checkpoint that can be quantised so, or memory lacks.
        OutputError: ``out`` is somebody else's or cannot be written.
    """
    checkpoint = Checkpoint(folder)
    asked = _asked(folder, plan)
    known = read_json(out / RECORD)
    if known is not None and known.get("asked") == asked:
        return known
    if out.exists() and known is None and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} holds something else: choose another folder with --out")
    weights = sum(map(prod, checkpoint.shapes.values()))
    check_free(weights * _BYTES_OF_A_WEIGHT, f"quantising the weights of {folder}")
    told = None if watch is None else lambda done, total: watch(plan.method, done, total)
    with quiet(), explained(out):
        tokenizer = load_tokenizer(str(folder))
        rows = _rows(tokenizer, plan, folder)
        model = load_model(str(folder), dtype=_half(checkpoint.config))
        group, width = _prepared(model, plan)
        record: dict[str, Any] = {
            "asked": asked,
            "method": plan.method,
            "group_size": group,
            "ignored": [IGNORED],
            "intermediate_size": width,
            "calibration": {
                **plan.calibration.record(),
                "tokens": sum(map(len, rows)),
                "shortened": sum(len(row) == plan.max_length for row in rows),
            },
            "versions": versions(),
        }
        with new_folder(out, "quantize") as aside:
            compress(model, tokenizer, rows, plan.method, group, told)
            model.save_pretrained(aside)
            tokenizer.save_pretrained(aside)
            _correct_config(aside / _CONFIG, model)
            record["bytes"] = sum(each.stat().st_size for each in aside.glob("*.safetensors"))
            write_json(aside / RECORD, record)
    return record


def _correct_config(path: Path, model: Any) -> None:
    """Say in ``config.json`` what the weights are.

    llm-compressor puts the checkpoint's own file in its place: with the intermediate size before
    padding, which some loaders take for the size of new, random weights.
    """
    said = read_json(path) or {}
    sizes = {"intermediate_size": getattr(model.config, "intermediate_size", None)}
    kept = {name: size for name, size in sizes.items() if size is not None}
    write_json(path, said | kept | {"dtype": str(model.dtype).removeprefix("torch.")})


def _asked(folder: Path, plan: FourBits) -> dict[str, Any]:
    """Return what makes a quantised model this one."""
    return {
        "checkpoint": fingerprint(folder),
        "method": plan.method,
        "group_size": plan.group_size,
        "devices": plan.devices,
        "max_length": plan.max_length,
        "calibration": plan.calibration.fingerprint,
        "versions": versions(),
    }


def _rows(tokenizer: Any, plan: FourBits, folder: Path) -> list[Sequence[int]]:
    """Return the tokens of each calibration sample, worded as in training."""
    if tokenizer.chat_template is None:
        raise TrainingError(
            f"{folder} has no chat template, so nobody knows how its samples were worded"
        )
    texts = (
        tokenizer.apply_chat_template(list(each), tokenize=False) for each in plan.calibration.chats
    )
    return [
        tokenizer(text, add_special_tokens=False)["input_ids"][: plan.max_length] for text in texts
    ]


def _half(config: Mapping[str, Any]) -> Any:
    """Return the 16 bits that the checkpoint has; of 32 the ones of its range."""
    import torch

    said = config.get("dtype", config.get("torch_dtype"))
    return torch.float16 if said == "float16" else torch.bfloat16


def _prepared(model: Any, plan: FourBits) -> tuple[int, dict[str, int] | None]:
    """Pad the MLPs where devices share them; return the group size, and their sizes before, after.

    With padding, the group is the largest that the other layers allow.
    """
    if plan.devices == 1:
        return choose_group_size(input_sizes(model), plan.group_size), None
    own = mlp_width(model)
    sizes = {
        name: padded_size(own, plan.devices, plan.group_size or GROUP_SIZES[0])
        if name.endswith("down_proj")
        else size
        for name, size in input_sizes(model).items()
    }
    group = choose_group_size(sizes, plan.group_size, plan.devices)
    width = padded_size(own, plan.devices, group)
    pad_mlp(model, width)
    return group, {"checkpoint": own, "padded": width}
