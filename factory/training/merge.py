"""Adapters weighted and put together: into one adapter, or into the weights.

wise-ft (Wortsman et al., 2022) moves a share alpha of the way from the base to the tuned weights:
``(1 - alpha) W0 + alpha W``. With LoRA the base cancels, and what is left is ``W0 + alpha s B A``
with ``s = lora_alpha / r``. A sum of several adapters is exact where their ranks are laid side by
side, ``[w1 s1 B1, w2 s2 B2] [A1; A2]``; adding the factors themselves would add products of one
adapter's with the other's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from factory.errors import MissingExtraError, OutputError, TrainingError, UsageError, did_you_mean
from factory.outputs.dataset_folder import new_folder
from factory.outputs.files import explained, write_json
from factory.training.base import base_folder, load_model, load_tokenizer

CONFIG: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"
RECORD: Final = "merge.json"
_A: Final = ".lora_A.weight"
_B: Final = ".lora_B.weight"
_PREFIX: Final = "base_model.model."
#: What changes a layer's update beyond s B A, so that no sum of them is exact here.
_BEYOND: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "use_dora": False,
        "bias": "none",
        "modules_to_save": None,
        "rank_pattern": {},
        "alpha_pattern": {},
        "lora_bias": False,
    }
)

#: NVIDIA's submissions (Deotte et al., 2024, Table 6): adapters and their weights, by track.
NVIDIA_TRACKS: Final[Mapping[int, Mapping[str, float]]] = MappingProxyType(
    {
        1: {"v8": 0.56, "v9b": 0.75},
        2: {"v7": 1.0, "v7b": 0.5},
        3: {"v8": 0.56, "v9b": 0.25},
        4: {"v7": 1.0, "v7b": 0.5},
        5: {"v8": 0.56, "v9b": 0.25},
    }
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter: its folder, its configuration and how much of it is taken."""

    name: str
    folder: Path
    weight: float
    config: Mapping[str, Any]

    @property
    def scale(self) -> float:
        """Return what its update B A is multiplied with: weight times alpha over rank."""
        rank = float(self.config["r"])
        divisor = rank**0.5 if self.config.get("use_rslora") else rank
        return self.weight * float(self.config["lora_alpha"]) / divisor


def read_adapter(name: str, folder: Path, weight: float) -> Adapter:
    """Return the LoRA adapter in ``folder``.

    Raises:
        UsageError: there is none.
        TrainingError: it is of a kind whose updates are more than s B A.
    """
    config, weights = folder / CONFIG, folder / WEIGHTS
    if not config.is_file() or not weights.is_file():
        raise UsageError(f"{folder} is no adapter: it needs {CONFIG} and {WEIGHTS}")
    try:
        said = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{config}: not JSON: {error}") from error
    if said.get("peft_type") != "LORA":
        raise TrainingError(f"{folder} is a {said.get('peft_type')} adapter; only LoRA is merged")
    for key, plain in _BEYOND.items():
        if said.get(key, plain) not in (plain, None):
            raise TrainingError(
                f"{folder} has {key}: {said[key]!r}, whose update is more than B A: merge it with "
                "PEFT's merge_and_unload"
            )
    return Adapter(name, folder, weight, said)


def weights_of_track(track: int, names: Sequence[str]) -> dict[str, float]:
    """Return NVIDIA's weights for a track; raises :class:`UsageError` where an adapter lacks."""
    wanted = NVIDIA_TRACKS[track]
    for name in wanted:
        if name not in names:
            raise UsageError(
                f"track {track} takes {' and '.join(wanted)}: {did_you_mean(name, names)}give "
                f"{name}=FOLDER"
            )
    return dict(wanted)


def merge_adapters(adapters: Sequence[Adapter], out: Path) -> Path:
    """Write one adapter whose update is the weighted sum of theirs; return its folder.

    Its rank is the sum of their ranks and its scale 1. Exact but for the rounding of 32 bits.

    Raises:
        TrainingError: they are of different bases or of different layers.
        OutputError: ``out`` is somebody else's or cannot be written.
    """
    torch, files = _torch()
    layers = _layers(adapters, files)
    merged: dict[str, Any] = {}
    for layer in layers[0]:
        downs = [own[layer][0].float() for own in layers]
        ups = [
            own[layer][1].float() * adapter.scale
            for own, adapter in zip(layers, adapters, strict=True)
        ]
        merged[layer + _A] = torch.cat(downs, dim=0).contiguous()
        merged[layer + _B] = torch.cat(ups, dim=1).contiguous()
    rank = sum(int(adapter.config["r"]) for adapter in adapters)
    config = dict(adapters[0].config) | {
        "r": rank,
        "lora_alpha": rank,
        "use_rslora": False,
        "lora_dropout": 0.0,
        "target_modules": sorted(adapters[0].config["target_modules"])
        if not isinstance(adapters[0].config["target_modules"], str)
        else adapters[0].config["target_modules"],
    }

    def write(folder: Path) -> None:
        files.save_file(merged, folder / WEIGHTS)
        write_json(folder / CONFIG, config)
        _copy_tokenizer(adapters[0].folder, folder)

    return _written(out, adapters, write)


def merge_into_weights(
    adapters: Sequence[Adapter], base: str | None, out: Path, cache: Path
) -> Path:
    """Write the base with the weighted updates added to its weights; return its folder.

    ``base`` is another place of the same base than the one that the adapters name. Sums are made
    in 32 bits and kept in the base's own precision.

    Raises what :func:`merge_adapters` and :func:`factory.training.base.load_model` raise.
    """
    torch, files = _torch()
    layers = _layers(adapters, files)
    named = base or str(adapters[0].config["base_model_name_or_path"])
    folder = base_folder(named, cache)
    model = load_model(folder)
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for layer in layers[0]:
            name = f"{layer.removeprefix(_PREFIX)}.weight"
            if name not in weights:
                raise TrainingError(
                    f"{named} has no layer {name!r}: the adapters were trained on another base"
                )
            added = sum(
                adapter.scale * (own[layer][1].float() @ own[layer][0].float())
                for own, adapter in zip(layers, adapters, strict=True)
            )
            known = weights[name]
            if tuple(added.shape) != tuple(known.shape):
                raise TrainingError(
                    f"{name}: the adapters change {tuple(added.shape)} numbers, {named} has "
                    f"{tuple(known.shape)}: they were trained on another base"
                )
            known.copy_((known.float() + added).to(known.dtype))

    def write(target: Path) -> None:
        model.save_pretrained(target)
        load_tokenizer(folder).save_pretrained(target)

    return _written(out, adapters, write)


def _layers(adapters: Sequence[Adapter], files: Any) -> list[dict[str, tuple[Any, Any]]]:
    """Return A and B of every layer of each adapter, which are of one base and the same layers."""
    if not adapters:
        raise UsageError("name at least one adapter")
    bases = {str(each.config.get("base_model_name_or_path")) for each in adapters}
    if len(bases) > 1:
        raise TrainingError(f"the adapters are of different bases: {', '.join(sorted(bases))}")
    found = []
    for adapter in adapters:
        tensors = _tensors(adapter.folder / WEIGHTS, files)
        own = {
            name.removesuffix(_A): (tensor, tensors.get(name.removesuffix(_A) + _B))
            for name, tensor in tensors.items()
            if name.endswith(_A)
        }
        if not own or any(up is None for _, up in own.values()) or len(tensors) != 2 * len(own):
            raise TrainingError(f"{adapter.folder / WEIGHTS} holds something else than A and B")
        found.append(own)
    for adapter, own in zip(adapters[1:], found[1:], strict=True):
        if differing := sorted(own.keys() ^ found[0].keys()):
            raise TrainingError(
                f"{adapter.name} and {adapters[0].name} change different layers "
                f"({len(differing)}, such as {differing[0]}): train them with the same targets"
            )
    return found


def _tensors(path: Path, files: Any) -> dict[str, Any]:
    from safetensors import SafetensorError

    try:
        tensors: dict[str, Any] = files.load_file(path)
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path} is damaged: {error}") from error
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise TrainingError(
                f"{path}: {name} has numbers that are infinite or none: its training broke down"
            )
    return tensors


def _written(out: Path, adapters: Sequence[Adapter], write: Any) -> Path:
    """Let ``write`` fill a folder that appears under its name at once, with what it is made of."""
    ours = not out.exists() or (out / RECORD).is_file()
    if not ours and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} holds something else: choose another folder with --out")
    with explained(out), new_folder(out, "merge") as aside:
        write(aside)
        write_json(
            aside / RECORD,
            {
                "adapters": [
                    {"name": each.name, "folder": str(each.folder), "weight": each.weight}
                    for each in adapters
                ]
            },
        )
    return out


def _copy_tokenizer(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.is_file() and path.name.startswith(
            ("tokenizer", "special_tokens", "chat_template")
        ):
            shutil.copy2(path, target / path.name)


def _torch() -> tuple[Any, Any]:
    try:
        import safetensors.torch
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "train", "merging adapters") from error
    return torch, safetensors.torch
