"""The boost of the prompt's tokens as vLLM loads it: the one file that knows its interface.

``vllm serve MODEL --logits-processors factory.serving.vllm_boost:PromptBoost``, and a request says
``"vllm_xargs": {"boost_prompt_tokens": 2}``. It is a logits processor of vLLM's V1 model runner;
from vLLM 0.32 on, whoever starts it on a card sets ``VLLM_USE_V2_MODEL_RUNNER=0``, as ``serve``
does, since the second runner has another interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from vllm.v1.sample.logits_processor import LogitsProcessor, MoveDirectionality

from factory.serving.boost import PromptBoosts, raised, strength_of

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig
    from vllm.v1.sample.logits_processor import BatchUpdate


class PromptBoost(LogitsProcessor):  # type: ignore[misc]  # vLLM is not there where types are checked
    """Raises the logits of a request's own prompt, by as much as the request says."""

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Raise :class:`ValueError` for a strength that is none: the request is refused then."""
        strength_of(sampling_params.extra_args)

    def __init__(
        self,
        vllm_config: VllmConfig,
        device: torch.device,
        is_pin_memory: bool,  # noqa: ARG002 - the interface's
    ) -> None:
        self._boosts = PromptBoosts(vllm_config.model_config.get_vocab_size())
        self._device = device
        self._places: tuple[Any, Any, Any] | None = None

    def is_argmax_invariant(self) -> bool:
        """Return False: the likeliest token may be another one after it."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow the requests through the batch."""
        if batch_update is None:
            return
        # In this order, as the interface says.
        for row in batch_update.removed:
            self._boosts.remove(row)
        for row, parameters, prompt, _ in batch_update.added:
            self._boosts.put(row, prompt or (), strength_of(parameters.extra_args))
        for one, other, direction in batch_update.moved:
            if direction is MoveDirectionality.SWAP:
                self._boosts.swap(one, other)
            else:
                self._boosts.move(one, other)
        rows, tokens, strengths = self._boosts.places()
        self._places = (
            (
                torch.tensor(rows, dtype=torch.long, device=self._device),
                torch.tensor(tokens, dtype=torch.long, device=self._device),
                torch.tensor(strengths, dtype=torch.float32, device=self._device),
            )
            if rows
            else None
        )

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the logits, raised."""
        return logits if self._places is None else raised(logits, *self._places)
