"""llm-compressor behind one door: a loaded model, its calibration, weights in four bits."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final, Literal

from factory.errors import MissingExtraError, TrainingError
from factory.training.memory import ran_out

Method = Literal["gptq", "awq"]
Watch = Callable[[int, int], None]
EXTRA: Final = "quantize"
#: The layer that names the next token stays as it is: its errors go straight into the answer.
IGNORED: Final = "lm_head"
#: GPTQ's levels lie evenly about zero, AWQ's between the ends of each group.
_SCHEMES: Final[Mapping[Method, str]] = MappingProxyType({"gptq": "W4A16", "awq": "W4A16_ASYM"})
_PACKAGES: Final = ("llmcompressor", "compressed-tensors", "transformers", "torch")


def check_installed() -> None:
    """Raise :class:`MissingExtraError` where the extra ``quantize`` is not installed."""
    if importlib.util.find_spec("llmcompressor") is None:
        raise MissingExtraError("llmcompressor", EXTRA, "quantisation by GPTQ or AWQ")


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide the numbers."""
    return {name: version(name) for name in _PACKAGES}


def input_sizes(model: Any) -> dict[str, int]:
    """Return the input size of each layer that is quantised, by its name."""
    import torch

    return {
        name: int(module.in_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != IGNORED
    }


def compress(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Sequence[int]],
    method: Method,
    group: int,
    watch: Watch | None = None,
) -> None:
    """Turn the weights of ``model`` into four bits, in place.

    ``rows`` are the tokens of each calibration sample, ``group`` the weights that share a scale.
    ``watch`` is told how many layers are done, and of how many.

    Raises :class:`TrainingError` where memory runs out or the model is of a kind that
    llm-compressor does not know.
    """
    from llmcompressor import oneshot

    try:
        with _unpinned(), ran_out("fewer --samples or a smaller --max-length needs less"):
            oneshot(
                model=model,
                tokenizer=tokenizer,
                dataset=_loader(rows),
                recipe=[*_recipe(method, group), _watching(model, watch)],
                pipeline="sequential",
            )
    except (ValueError, KeyError, AttributeError, NotImplementedError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TrainingError(
            f"llm-compressor cannot quantise a {model.config.model_type} by {method}: {first}"
        ) from error


def _recipe(method: Method, group: int) -> list[Any]:
    from compressed_tensors.quantization import preset_name_to_scheme
    from llmcompressor.modifiers.gptq import GPTQModifier
    from llmcompressor.modifiers.quantization import QuantizationModifier
    from llmcompressor.modifiers.transform.awq import AWQModifier

    scheme = preset_name_to_scheme(_SCHEMES[method], ["Linear"])
    scheme.weights.group_size = group
    said = {"config_groups": {"group_0": scheme}, "ignore": [IGNORED]}
    if method == "gptq":
        return [GPTQModifier(**said)]
    return [AWQModifier(), QuantizationModifier(**said)]


def _loader(rows: Sequence[Sequence[int]]) -> Any:
    """Return the samples one at a time: without another beside it, none is filled up."""
    import torch

    def tensors(batch: Sequence[Sequence[int]]) -> dict[str, Any]:
        tokens = torch.tensor([list(batch[0])])
        return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}

    return torch.utils.data.DataLoader(list(rows), batch_size=1, collate_fn=tensors)


def _watching(model: Any, watch: Watch | None) -> Any:
    """Return a step that changes nothing and tells how many of the layers are done."""
    from llmcompressor.modifiers import Modifier

    layers = int(model.config.num_hidden_layers)

    class Watching(Modifier):  # type: ignore[misc]
        done: int = 0

        def on_initialize(self, state: Any, **_: Any) -> bool:  # noqa: ARG002 - the library's
            return True

        def on_sequential_epoch_end(self, *_: Any, **__: Any) -> None:
            self.done = min(self.done + 1, layers)
            if watch is not None:
                watch(self.done, layers)

    return Watching()


@contextmanager
def _unpinned() -> Iterator[None]:
    """Keep AWQ from pinning its samples in memory, which only a machine with a card can."""
    import torch
    from llmcompressor.pipelines.cache import IntermediatesCache

    pins = IntermediatesCache.pin_memory
    if not torch.accelerator.is_available():
        IntermediatesCache.pin_memory = lambda *_, **__: None
    try:
        yield
    finally:
        IntermediatesCache.pin_memory = pins
