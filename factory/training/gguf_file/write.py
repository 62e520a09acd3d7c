"""A checkpoint to a GGUF file, tensor by tensor, whole or not at all, the same bytes each time.

Norms and biases stay in 32 bits. Under ``q4_0`` the embeddings, which most small models use as
their output layer too, have 8 bits (docs/training.md has what 4 would cost). A tensor whose rows do
not divide into blocks of 32 has 16. ``q4_k_m`` is a mix of llama.cpp's own
(:mod:`factory.training.gguf_file.k_quants`).

``q4_1`` is not offered: from a model that was once in Q4_1, its blocks are the old ones again and
nearly every change that fine-tuning made is rounded away.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from factory.errors import MissingExtraError, TrainingError
from factory.outputs.files import explained, publish
from factory.training.checkpoint import Checkpoint
from factory.training.gguf_file.architectures import Shape, rotated, shape_of
from factory.training.gguf_file.k_quants import kind_in_q4_k_m, quantised_rows
from factory.training.gguf_file.vocabulary import Vocabulary, add_vocabulary, read_vocabulary

if TYPE_CHECKING:
    from factory.training.checkpoint import Numbers

Precision = Literal["q4_0", "q4_k_m", "q8_0", "f16"]
Watch = Callable[[int, int], None]
_EMBEDDINGS: Final = frozenset({"token_embd.weight", "output.weight"})
_OUTPUT: Final = "lm_head.weight"
_COMPUTED: Final = "rotary_emb.inv_freq"
_LARGEST_HALF: Final = 65504.0


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One tensor of the file: its name there and in the checkpoint, and how it is stored."""

    name: str
    source: str
    shape: tuple[int, ...]
    kind: Any


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        path: the file.
        bytes: its size.
        kinds: how many tensors have each kind of numbers.
        not_divisible: tensors whose rows do not divide into blocks.
        chats: whether it has a chat template.
    """

    path: Path
    bytes: int
    kinds: dict[str, int]
    not_divisible: tuple[str, ...]
    chats: bool


def write_gguf(
    folder: Path,
    to: Precision,
    out: Path,
    watch: Watch | None = None,
    embeddings: Precision | None = None,
) -> Written:
    """Write the checkpoint in ``folder`` to the file ``out``.

    ``watch`` is told how many tensors are written, and of how many. ``embeddings`` have another
    precision than is best, where that is to be measured.

    Raises:
        UsageError, TrainingError: it is no checkpoint that can be written.
        OutputError: ``out`` cannot be written.
        MissingExtraError: the extra ``train`` is not installed.
    """
    gguf = _gguf()
    checkpoint = Checkpoint(folder)
    shape = shape_of(checkpoint.config)
    vocabulary = read_vocabulary(folder, shape.words)
    tensors = _planned(checkpoint, shape, to, embeddings)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        writer = gguf.GGUFWriter(partial, shape.architecture.name)
        try:
            _add_head(writer, shape, vocabulary, to)
            for each in tensors:
                _announce(writer, each)
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            for number, each in enumerate(tensors, 1):
                numbers = rotated(each.source, checkpoint.read(each.source), shape)
                writer.write_tensor_data(_stored(numbers, each))
                if watch is not None:
                    watch(number, len(tensors))
            writer.close()
            publish(partial, out)
        finally:
            writer.close()
            partial.unlink(missing_ok=True)
    kinds = [each.kind.name.lower() for each in tensors]
    return Written(
        out,
        out.stat().st_size,
        {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        tuple(each.name for each in tensors if len(each.shape) > 1 and not _divides(each.shape)),
        vocabulary.has_template,
    )


def _planned(
    checkpoint: Checkpoint, shape: Shape, to: Precision, embeddings: Precision | None
) -> list[_Tensor]:
    """Return the tensors of the file, in the order of their names in the checkpoint."""
    gguf = _gguf()
    names = gguf.get_tensor_name_map(
        getattr(gguf.MODEL_ARCH, shape.architecture.name.upper()), shape.blocks
    )
    kinds = gguf.GGMLQuantizationType
    planned = []
    for source, sizes in checkpoint.shapes.items():
        if source.endswith(_COMPUTED) or (shape.tied and source == _OUTPUT):
            continue
        name = names.get_name(source, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise TrainingError(f"{checkpoint.folder}: {source} is no tensor that llama.cpp knows")
        planned.append(
            _Tensor(name, source, sizes, kinds[_kind(name, sizes, shape, to, embeddings)])
        )
    wanted = {"token_embd.weight", "output_norm.weight"}
    wanted |= set() if shape.tied else {"output.weight"}
    if missing := sorted(wanted - {each.name for each in planned}):
        raise TrainingError(f"{checkpoint.folder} lacks the weights of {', '.join(missing)}")
    return planned


def _kind(
    name: str, sizes: tuple[int, ...], shape: Shape, to: Precision, embeddings: Precision | None
) -> str:
    """Return the kind of numbers of one tensor."""
    if len(sizes) == 1:
        return "F32"
    if to == "f16" or not _divides(sizes):
        return "F16"
    if to == "q4_k_m":
        output = name == ("token_embd.weight" if shape.tied else "output.weight")
        return kind_in_q4_k_m(name, sizes[-1], shape.blocks, output=output)
    return (embeddings or "q8_0" if name in _EMBEDDINGS else to).upper()


def _divides(sizes: tuple[int, ...]) -> bool:
    """Return whether rows divide into the blocks of Q4_0 and Q8_0."""
    gguf = _gguf()
    block, _ = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType.Q8_0]
    return sizes[-1] % int(block) == 0


def _announce(writer: Any, tensor: _Tensor) -> None:
    gguf = _gguf()
    import numpy as np

    block, size = gguf.GGML_QUANT_SIZES[tensor.kind]
    count = int(np.prod(tensor.shape))
    if tensor.kind in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16):
        kind = np.dtype(np.float32 if size == 4 else np.float16)
        writer.add_tensor_info(tensor.name, tensor.shape, kind, count * size)
        return
    rows = gguf.quant_shape_to_byte_shape(tensor.shape, tensor.kind)
    writer.add_tensor_info(
        tensor.name, rows, np.dtype(np.uint8), count // block * size, raw_dtype=tensor.kind
    )


def _stored(numbers: Numbers, tensor: _Tensor) -> Any:
    """Return the numbers as they are stored."""
    gguf = _gguf()
    import numpy as np

    kinds = gguf.GGMLQuantizationType
    if tensor.kind == kinds.F32:
        return np.ascontiguousarray(numbers)
    largest = float(np.abs(numbers).max())
    if largest > _LARGEST_HALF:
        # Scales of blocks are halves too.
        raise TrainingError(
            f"{tensor.source} has a number of {largest:.4g}, beyond the {_LARGEST_HALF:.0f} of 16 "
            "bits: nothing smaller than the checkpoint holds this model"
        )
    if tensor.kind == kinds.F16:
        return np.ascontiguousarray(numbers.astype(np.float16))
    if tensor.kind in (kinds.Q4_K, kinds.Q6_K):
        return quantised_rows(numbers, tensor.kind)
    return gguf.quants.quantize(np.ascontiguousarray(numbers), tensor.kind)


def _add_head(writer: Any, shape: Shape, vocabulary: Vocabulary, to: Precision) -> None:
    gguf = _gguf()
    kind = gguf.LlamaFileType
    kinds = {
        "q4_0": kind.MOSTLY_Q4_0,
        "q4_k_m": kind.MOSTLY_Q4_K_M,
        "q8_0": kind.MOSTLY_Q8_0,
        "f16": kind.MOSTLY_F16,
    }
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_block_count(shape.blocks)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.words)
    writer.add_file_type(kinds[to])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_vocabulary(writer, vocabulary)


def versions(to: Precision) -> dict[str, str]:
    """Return the versions of the packages that decide the bytes."""
    more = ("xllamacpp",) if to == "q4_k_m" else ()
    return {name: version(name) for name in ("gguf", "torch", "tokenizers", *more)}


def _gguf() -> Any:
    try:
        import gguf
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("gguf", "train", "writing a GGUF file") from error
    return gguf
