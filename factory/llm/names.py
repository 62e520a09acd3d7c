"""The models that a recipe can name without saying what they are.

``default`` is what a recipe's steps ask unless they name another: the recipe's own entry, else an
endpoint where the environment names one, else the local model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.errors import UsageError, did_you_mean
from factory.llm.local import SMOLLM2
from factory.llm.models import ModelSpec

DEFAULT: Final = "default"
SCRIPTED: Final = "scripted"
LEDGER_FILE: Final = "ledger.sqlite"
#: Models that every recipe can name; its own entries go first.
BUILT_IN: Final[Mapping[str, ModelSpec]] = MappingProxyType(
    {
        "smollm2": ModelSpec.model_validate({"engine": "local", "model": SMOLLM2}),
        SCRIPTED: ModelSpec.model_validate({"engine": SCRIPTED}),
    }
)
_OPENAI_DEFAULT: Final = "gpt-4o-mini"


def model_spec(models: Mapping[str, ModelSpec], name: str) -> ModelSpec:
    """Return the model that ``name`` means; raises :class:`UsageError` with the nearest name."""
    if name in models:
        return models[name]
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name == DEFAULT:
        if os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
            named = os.environ.get("OPENAI_MODEL") or _OPENAI_DEFAULT
            return ModelSpec.model_validate({"model": named})
        return BUILT_IN[SMOLLM2]
    known = sorted({*models, *BUILT_IN, DEFAULT})
    raise UsageError(
        f"there is no model {name!r}: {did_you_mean(name, known)}There are {', '.join(known)}"
    )
