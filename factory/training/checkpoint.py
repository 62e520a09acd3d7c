"""A checkpoint's folder: its configuration, and its weights one tensor at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from factory.errors import MissingExtraError, TrainingError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float32]

_CONFIG: Final = "config.json"
_ONE_FILE: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_ADAPTER: Final = "adapter_config.json"


class Checkpoint:
    """A model as ``save_pretrained`` leaves it.

    Attributes:
        folder: where it is.
        config: its ``config.json``.
        shapes: the shape of each tensor by its name, in the order of the names.
    """

    def __init__(self, folder: Path) -> None:
        """Open the checkpoint in ``folder``.

        Raises:
            UsageError: there is none, or it is an adapter.
            TrainingError: a file of it is damaged, or its weights are quantised already.
            MissingExtraError: the extra ``train`` is not installed.
        """
        if (folder / _ADAPTER).is_file():
            raise UsageError(
                f"{folder} is an adapter: python -m factory merge {folder} --into-weights makes a "
                "model of it first"
            )
        if not (folder / _CONFIG).is_file():
            raise UsageError(f"{folder} is no model's folder: it has no {_CONFIG}")
        self.folder = folder
        self.config: Mapping[str, Any] = _json(folder / _CONFIG)
        if self.config.get("quantization_config"):
            raise TrainingError(
                f"{folder} is quantised already: quantise the checkpoint that it was made of"
            )
        self._files = {each: _opened(each) for each in self._paths()}
        self._where = {name: file for file in self._files.values() for name in file.keys()}  # noqa: SIM118
        self.shapes: Mapping[str, tuple[int, ...]] = {
            name: tuple(self._where[name].get_slice(name).get_shape())
            for name in sorted(self._where)
        }

    def read(self, name: str) -> Numbers:
        """Return one tensor in 32 bits; raises :class:`TrainingError` where it is no numbers."""
        import numpy as np

        tensor: Numbers = self._where[name].get_tensor(name).float().numpy()
        if not np.isfinite(tensor).all():
            raise TrainingError(f"{self.folder}: {name} has numbers that are infinite or none")
        return tensor

    def _paths(self) -> list[Path]:
        index = self.folder / _INDEX
        if index.is_file():
            names = sorted(set(_json(index).get("weight_map", {}).values()))
            paths = [self.folder / Path(name).name for name in names]
        else:
            paths = [self.folder / _ONE_FILE]
        for path in paths:
            if not path.is_file():
                raise UsageError(
                    f"{self.folder} has no {path.name}: weights are read as safetensors, whose "
                    "files can run no code"
                )
        return paths


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise TrainingError(f"{path} cannot be read: it holds no object")
    return said


def _opened(path: Path) -> Any:
    try:
        import torch  # noqa: F401 (bfloat16 is read through it)
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingExtraError("torch", "train", "reading a checkpoint") from error
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path} is damaged: {error}") from error
