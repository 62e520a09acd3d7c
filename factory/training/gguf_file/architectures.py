"""The architectures that are written, and what llama.cpp wants of each.

llama.cpp turns the pairs (0, 1), (2, 3), ... of a head in a Llama, where a checkpoint turns the
pairs (0, half), (1, half + 1), ...; so the rows of Llama's queries and keys change places. Qwen2 is
turned as its checkpoint has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from factory.errors import TrainingError

if TYPE_CHECKING:
    from factory.training.checkpoint import Numbers

_ROTATED: Final = ("q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias")


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture: llama.cpp's name of it, and whether queries and keys change places."""

    name: str
    permuted: bool


ARCHITECTURES: Final[Mapping[str, Architecture]] = MappingProxyType(
    {
        "LlamaForCausalLM": Architecture("llama", permuted=True),
        "Qwen2ForCausalLM": Architecture("qwen2", permuted=False),
    }
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model, checked: what the file's head says and what rotation needs."""

    architecture: Architecture
    blocks: int
    hidden: int
    feed_forward: int
    heads: int
    key_heads: int
    head_size: int
    context: int
    words: int
    epsilon: float
    rope_base: float
    tied: bool


def shape_of(config: Mapping[str, Any]) -> Shape:
    """Return the sizes that a ``config.json`` gives.

    Raises :class:`TrainingError` for an architecture, an activation, an attention or a rotation
    that would be written wrong.
    """
    named = (config.get("architectures") or ["none"])[0]
    if named not in ARCHITECTURES:
        raise TrainingError(
            f"the architecture {named} is not written to GGUF here, only "
            f"{' and '.join(ARCHITECTURES)}; llama.cpp's convert_hf_to_gguf.py knows more"
        )
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    for what, found, known in (
        ("rotation", kind, "default"),
        ("activation", config.get("hidden_act", "silu"), "silu"),
        ("sliding attention", bool(config.get("use_sliding_window")), False),
    ):
        if found != known:
            raise TrainingError(
                f"a {named} whose {what} is {found} is not written to GGUF here: llama.cpp's "
                "convert_hf_to_gguf.py may know it"
            )
    try:
        heads = int(config["num_attention_heads"])
        hidden = int(config["hidden_size"])
        return Shape(
            ARCHITECTURES[named],
            int(config["num_hidden_layers"]),
            hidden,
            int(config["intermediate_size"]),
            heads,
            int(config.get("num_key_value_heads") or heads),
            int(config.get("head_dim") or hidden // heads),
            int(config["max_position_embeddings"]),
            int(config["vocab_size"]),
            float(config["rms_norm_eps"]),
            float(rope.get("rope_theta", config.get("rope_theta", 10000.0))),
            bool(config.get("tie_word_embeddings", False)),
        )
    except KeyError as error:
        raise TrainingError(f"its config.json lacks {error.args[0]!r}") from error


def rotated(name: str, tensor: Numbers, shape: Shape) -> Numbers:
    """Return a tensor with its rows as llama.cpp takes them."""
    if not shape.architecture.permuted or not name.endswith(_ROTATED):
        return tensor
    heads = shape.heads if ".q_proj." in name else shape.key_heads
    halves = tensor.reshape(heads, 2, len(tensor) // heads // 2, *tensor.shape[1:])
    return halves.swapaxes(1, 2).reshape(tensor.shape)
