"""The five task types of ShopBench, by the names that recipes use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.tasktypes.base import Arrangement, ArrangementError, TaskType
from factory.tasktypes.generation import Generation
from factory.tasktypes.multiple_choice import MultipleChoice
from factory.tasktypes.ner import NamedEntityRecognition
from factory.tasktypes.ranking import Ranking
from factory.tasktypes.retrieval import Retrieval

#: Task types by the recipe's ``type:``. ``TaskType.name`` is the name on disk, which differs for
#: two of them: ``multiple-choice`` and ``named_entity_recognition``.
TASK_TYPES: Final[Mapping[str, TaskType]] = MappingProxyType(
    {
        "multiple_choice": MultipleChoice(),
        "ranking": Ranking(),
        "retrieval": Retrieval(),
        "ner": NamedEntityRecognition(),
        "generation": Generation(),
    }
)

__all__ = ["TASK_TYPES", "Arrangement", "ArrangementError", "TaskType"]
