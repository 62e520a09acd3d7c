"""A run's samples and a configuration for a trainer that is run elsewhere.

::

    training/
      axolotl.yaml            or llama_factory.yaml, and deepspeed.json where settings say ZeRO
      messages/               the samples, and for LLaMA-Factory dataset_info.json beside them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from factory.outputs.files import write_json, write_whole
from factory.outputs.formats.llama_factory import DATASET_INFO
from factory.runs.export import export
from factory.training import axolotl, llama_factory
from factory.training.axolotl import axolotl_configuration
from factory.training.configuration import DEEPSPEED, deepspeed
from factory.training.llama_factory import llama_factory_configuration
from factory.training.presets import SEED, Settings
from factory.training.rows import training_file

Tool = Literal["axolotl", "llama-factory"]
_FORMAT: Final = "messages"
#: Where the trainer puts the model, beside its configuration.
_OUTPUT: Final = "model"
FILES: Final[Mapping[Tool, str]] = MappingProxyType(
    {"axolotl": axolotl.FILE, "llama-factory": llama_factory.FILE}
)


def configure(
    run: Path,
    settings: Settings,
    tool: Tool,
    out: Path,
    *,
    reasoning: bool = False,
    seed: int = SEED,
) -> Path:
    """Export the training samples of ``run`` into ``out`` and write the tool's YAML beside them.

    Return the YAML's path. Paths in it are relative to ``out``, from where the tool is run, so
    that the folder can be taken to the machine that has the cards.

    Raises:
        UsageError: the run has no training samples, or another export lies in ``out``.
        OutputError: ``out`` cannot be written.
    """
    training_file(run)
    folder = export(run, _FORMAT, out=out, reasoning=reasoning).folder
    write: Mapping[Tool, Callable[[], str]] = {
        "axolotl": lambda: axolotl_configuration(
            settings,
            str(run),
            [f"{folder.name}/{path.name}" for path in sorted(folder.glob("train*.jsonl"))],
            _OUTPUT,
            seed,
        ),
        "llama-factory": lambda: llama_factory_configuration(
            settings, str(run), folder.name, _entries(folder), _OUTPUT, seed
        ),
    }
    if settings.zero:
        write_json(out / DEEPSPEED, deepspeed(settings))
    path = out / FILES[tool]
    write_whole(path, write[tool]().encode())
    return path


def _entries(folder: Path) -> list[str]:
    """Return the names of the training files in ``dataset_info.json``."""
    entries = json.loads((folder / DATASET_INFO).read_text(encoding="utf-8"))
    return [name for name, each in entries.items() if each["file_name"].startswith("train")]
