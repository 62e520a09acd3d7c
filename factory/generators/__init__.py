"""How one task derives from another (reverse, simplify, recombine), and how models take part."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from factory.generators import (
    labelled_pairs,
    recombine,
    recombine_aspects,
    recombine_dialogues,
    recombine_fit,
    recombine_pairs,
    recombine_partners,
    recombine_questions,
    recombine_sessions,
    reverse,
    reverse_in_context,
    simplify,
    simplify_aspects,
    simplify_dialogues,
    simplify_entities,
    simplify_questions,
)
from factory.generators.asking import (
    Asking,
    AskingStep,
    Reasoned,
    SampleStep,
    Step,
    StepOptions,
)
from factory.generators.base import Asked, Derived, Record, RecordMap
from factory.generators.confirm import Confirm
from factory.generators.cot import ChainOfThought
from factory.generators.events import Events
from factory.generators.label import Label
from factory.generators.pseudo_label import PseudoLabel
from factory.generators.rewrite import WordingsSpec, Written
from factory.generators.self_instruct import SelfInstruct
from factory.generators.translate import Translate
from factory.generators.write import Write

__all__ = [
    "OPERATORS",
    "RECORD_MAPS",
    "STEPS",
    "Asked",
    "Asking",
    "AskingStep",
    "Derived",
    "Reasoned",
    "Record",
    "RecordMap",
    "SampleStep",
    "Step",
    "StepOptions",
    "WordingsSpec",
    "Written",
]

#: Every map by (operator, name).
RECORD_MAPS: Final[Mapping[tuple[str, str], RecordMap]] = MappingProxyType(
    {
        (each.operator, each.name): each
        for module in (
            reverse,
            simplify,
            simplify_entities,
            recombine,
            recombine_pairs,
            labelled_pairs,
            recombine_partners,
            recombine_aspects,
            recombine_dialogues,
            recombine_fit,
            recombine_questions,
            recombine_sessions,
            simplify_aspects,
            simplify_dialogues,
            simplify_questions,
            reverse_in_context,
        )
        for each in module.MAPS
    }
)
#: The maps of each operator, by name.
OPERATORS: Final[Mapping[str, Mapping[str, RecordMap]]] = MappingProxyType(
    {
        operator: MappingProxyType(
            {name: each for (of, name), each in RECORD_MAPS.items() if of == operator}
        )
        for operator in ("reverse", "simplify", "recombine")
    }
)
#: Every step that asks a model, by its name in a recipe.
STEPS: Final[Mapping[str, type[AskingStep[Any]]]] = MappingProxyType(
    {
        each.name: each
        for each in (
            *(Label, Events, PseudoLabel, Write, Translate, Confirm),
            *(SelfInstruct, ChainOfThought),
        )
    }
)
