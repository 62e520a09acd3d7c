"""The ``k`` kinds of llama.cpp: 256 weights in a block, scales of scales; it computes them itself.

The package ``gguf`` reads such blocks and cannot write them. The llama.cpp in ``xllamacpp`` can:
its function for a run of rows is called, and the first and last row are read back, since nobody
promises that the function stays as it is.

Q4_K_M is llama.cpp's mix of them: six bits for the output layer, and for the values of attention
and the down projections of the first and last eighth of the blocks and of every third between.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

from factory.errors import MissingExtraError, TrainingError

if TYPE_CHECKING:
    from factory.training.checkpoint import Numbers

BLOCK: Final = 256
_FUNCTION: Final = "ggml_quantize_chunk"
_MORE: Final = (".attn_v.weight", ".ffn_down.weight")
#: More than blocks of four bits lose of a row, as a share of its length.
_LOSS: Final = 0.25


def kind_in_q4_k_m(name: str, width: int, blocks: int, *, output: bool) -> str:
    """Return the kind of one matrix: ``Q4_K`` or ``Q6_K``, or what takes its place.

    ``width`` is the length of its rows, a multiple of 32: those that 256 does not divide get the
    nearest kind that has blocks of 32. ``output`` is whether the next token is told by it.
    """
    more = output or (name.endswith(_MORE) and _has_more_bits(int(name.split(".")[1]), blocks))
    if width % BLOCK:
        return "Q8_0" if more else "Q5_0"
    return "Q6_K" if more else "Q4_K"


def _has_more_bits(block: int, blocks: int) -> bool:
    """Return whether llama.cpp gives a block more bits (its ``use_more_bits``)."""
    eighth = blocks // 8
    return block < eighth or block >= 7 * blocks // 8 or (block - eighth) % 3 == 2


def quantised_rows(numbers: Numbers, kind: Any) -> Any:
    """Return the rows of a matrix as bytes of ``kind``.

    Raises:
        MissingExtraError: the extra ``local`` is not installed.
        TrainingError: its llama.cpp has no such function, or another one of this name.
    """
    import gguf
    import numpy as np

    source = np.ascontiguousarray(numbers, dtype=np.float32)
    rows, width = source.shape
    made = np.zeros(gguf.quant_shape_to_byte_shape(source.shape, kind), dtype=np.uint8)
    written = _function()(int(kind), source.ctypes.data, made.ctypes.data, 0, rows, width, None)
    ends = source[[0, -1]]
    found = gguf.quants.dequantize(made[[0, -1]], kind) if written == made.nbytes else None
    if found is None or np.linalg.norm(found - ends) > _LOSS * np.linalg.norm(ends):
        raise TrainingError(
            f"the llama.cpp of this xllamacpp does not write {kind.name} as this project knows it: "
            "take q4_0 or q8_0, or llama.cpp's own llama-quantize"
        )
    return made


def _function() -> Any:
    try:
        import xllamacpp.xllamacpp as built
    except ImportError as error:
        raise MissingExtraError("xllamacpp", "local", "writing q4_k_m") from error
    function = getattr(ctypes.CDLL(str(built.__file__)), _FUNCTION, None)
    if function is None:
        raise TrainingError(
            f"the llama.cpp of this xllamacpp does not offer {_FUNCTION}: take q4_0 or q8_0, or "
            "llama.cpp's own llama-quantize"
        )
    function.restype = ctypes.c_size_t
    function.argtypes = (
        *(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p),
        *(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p),
    )
    return function
