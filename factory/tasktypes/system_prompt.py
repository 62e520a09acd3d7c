"""The system prompt: what the model is, and which kind of answer the task asks for.

NVIDIA's shopping assistants were trained and served with it (Deotte et al., KDD Cup 2024, Listing
1). Whoever trains and whoever serves must say the same words, so they stand here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_PROMPT: Final = "You are a helpful online shopping assistant. Your task is {task_type}."

#: How a task type (its name on disk) is told to a model. EcomInstruct's forms of answer are told
#: apart from ShopBench's: a classification is answered in words, a multiple choice in a number.
TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "multiple-choice": "multiple-choice question answering",
        "ranking": "ranking",
        "retrieval": "retrieval",
        "named_entity_recognition": "named entity recognition",
        "generation": "generation",
        "classification": "classification",
        "entity-lines": "labelling line by line",
        "extraction": "extraction",
        "text": "generation",
        "labels": "labelling in JSON",
    }
)


def system_prompt(task_type: str) -> str:
    """Return the system prompt of a sample of ``task_type``, ShopBench's name for it.

    Raises :class:`KeyError` for a type that there is not.
    """
    return _PROMPT.format(task_type=TOLD[task_type])
