"""Zeros that make the MLP of a model divide into groups on every device that shares it.

Qwen2-72B's intermediate size is 29,568, 231 groups of 128: 2, 4 or 8 devices cannot share those. A
unit whose row of the gate and of the up projection is zero gives silu(0) * 0, and its column of the
down projection adds nothing: the model computes what it computed.
"""

from __future__ import annotations

from typing import Any, Final

from factory.errors import TrainingError

#: The activations that are 0 at 0, so that a padded unit gives nothing.
_ZERO_AT_ZERO: Final = frozenset({"silu", "swish", "gelu", "gelu_pytorch_tanh", "relu"})
_ROWS: Final = ("gate_proj", "up_proj")
_COLUMNS: Final = "down_proj"


def mlp_width(model: Any) -> int:
    """Return the intermediate size of a ``transformers`` model whose MLPs can be padded.

    Raises :class:`TrainingError` where they are built otherwise.
    """
    config = model.config
    width = getattr(config, "intermediate_size", None)
    activation = getattr(config, "hidden_act", "silu")
    if activation not in _ZERO_AT_ZERO:
        raise TrainingError(
            f"{config.model_type} has the activation {activation}, which is not known to be 0 at "
            "0: it cannot be padded with zeros"
        )
    blocks = _blocks(model)
    if not width or not blocks or any(each.down_proj.in_features != width for each in blocks):
        raise TrainingError(
            f"{config.model_type} has no MLPs of gate, up and down projections of one size: it "
            "cannot be padded here"
        )
    return int(width)


def pad_mlp(model: Any, width: int) -> None:
    """Make the intermediate size of all MLPs ``width``, with zeros behind what is there.

    Raises what :func:`mlp_width` raises.
    """
    own = mlp_width(model)
    if width < own:
        raise ValueError(f"{width} is less than the {own} that are there")
    if width == own:
        return
    for block in _blocks(model):
        for name in _ROWS:
            _pad(getattr(block, name), rows=width - own)
        _pad(getattr(block, _COLUMNS), columns=width - own)
        if hasattr(block, "intermediate_size"):
            block.intermediate_size = width
    model.config.intermediate_size = width


def _blocks(model: Any) -> list[Any]:
    names = (*_ROWS, _COLUMNS)
    return [each for each in model.modules() if all(hasattr(each, name) for name in names)]


def _pad(layer: Any, rows: int = 0, columns: int = 0) -> None:
    """Lengthen the weights of a linear layer, and its bias with its rows."""
    import torch
    from torch.nn.functional import pad

    layer.weight = torch.nn.Parameter(
        pad(layer.weight.data, (0, columns, 0, rows)), requires_grad=layer.weight.requires_grad
    )
    layer.out_features += rows
    layer.in_features += columns
    if layer.bias is not None and rows:
        layer.bias = torch.nn.Parameter(
            pad(layer.bias.data, (0, rows)), requires_grad=layer.bias.requires_grad
        )
