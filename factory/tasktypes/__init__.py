"""The five task types of ShopBench, EcomInstruct's four and labels, by the names in recipes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.tasktypes.base import Arrangement, ArrangementError, TaskType
from factory.tasktypes.classification import Classification
from factory.tasktypes.entity_lines import EntityLines
from factory.tasktypes.extraction import Extraction
from factory.tasktypes.free_text import FreeText
from factory.tasktypes.generation import Generation
from factory.tasktypes.labels import Labels
from factory.tasktypes.multiple_choice import MultipleChoice
from factory.tasktypes.ner import NamedEntityRecognition
from factory.tasktypes.ranking import Ranking
from factory.tasktypes.retrieval import Retrieval

#: Task types by the recipe's ``type:``. ``TaskType.name`` is the name on disk, which differs for
#: three of them: ``multiple-choice``, ``named_entity_recognition`` and ``entity-lines``. The next
#: four are EcomInstruct's: labels and phrases in words instead of numbers. What ``labels`` makes is
#: a table for other tasks.
TASK_TYPES: Final[Mapping[str, TaskType]] = MappingProxyType(
    {
        "multiple_choice": MultipleChoice(),
        "ranking": Ranking(),
        "retrieval": Retrieval(),
        "ner": NamedEntityRecognition(),
        "generation": Generation(),
        "classification": Classification(),
        "entity_lines": EntityLines(),
        "extraction": Extraction(),
        "text": FreeText(),
        "labels": Labels(),
    }
)

#: The same by ``TaskType.name``, as samples and benchmarks have them.
BY_NAME: Final[Mapping[str, TaskType]] = MappingProxyType(
    {each.name: each for each in TASK_TYPES.values()}
)

__all__ = ["BY_NAME", "TASK_TYPES", "Arrangement", "ArrangementError", "TaskType"]
