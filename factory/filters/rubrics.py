"""What a judge's five criteria mean for each kind of answer.

"Correct" asks something else of a ranking than of a text: without saying what, a judge grades the
form of a ranking and the taste of a text. Every task type has its own words here; what a type does
not reword is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CRITERIA: Final = ("answerable", "correct", "unambiguous", "grounded", "well_formed")

_OF_ALL: Final = MappingProxyType(
    {
        "answerable": "a careful reader can answer the prompt from what it shows and from common "
        "knowledge",
        "correct": "the answer is right, and in the form that the prompt asks for",
        "unambiguous": "no other answer would be as right",
        "grounded": "nothing that prompt and answer say of a product, query or review is against "
        "the source, and nothing was made up",
        "well_formed": "every text is whole, coherent and in good language, and the prompt says "
        "clearly what is asked",
    }
)

_COPIED: Final = (
    "every phrase stands in the text word for word, whole and no longer than it must be; no phrase "
    "is listed that is of another kind"
)

_MUCH_THE_SAME: Final = (
    "the prompt says enough that a good answer would say much the same: other words count as the "
    "same, other facts do not"
)
_BORNE_OUT: Final = (
    "each figure, name, color, size and feature in the text is borne out by the prompt or the "
    "source; one that is not makes it ungrounded, however likely it is"
)

_OF_TYPE: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "multiple-choice": {
            "correct": "the answer is the number of the option that is right, as the prompt counts "
            "them (from 0 unless it says otherwise; on a scale, the number itself), and every "
            "other option is wrong or clearly worse",
            "unambiguous": "exactly one option is right: no other is as good, and no two say the "
            "same",
        },
        "ranking": {
            "correct": "the answer lists every item's number once, from the most to the least "
            "relevant; judge each pair of neighbours: an order with a clearly better item behind a "
            "clearly worse one is wrong, however good the rest of it is",
            "unambiguous": "items that differ in rank differ in relevance: equally relevant items "
            "may stand in either order, and do not count against it",
        },
        "retrieval": {
            "correct": "each number in the answer is of a candidate that fits, and no candidate "
            "that fits is left out: one number that does not fit makes it wrong",
            "unambiguous": "the candidates that are not in the answer clearly do not fit",
        },
        "named_entity_recognition": {
            "correct": f"{_COPIED}; and none that is asked for is left out",
            "unambiguous": "the kind that is asked for is clear, and so is where each phrase "
            "begins and ends",
        },
        "generation": {
            "correct": "the text does what the prompt asks, of this very product, query or review "
            "and no other, in the language, length and form that are asked for",
            "unambiguous": _MUCH_THE_SAME,
            "grounded": _BORNE_OUT,
        },
        "classification": {
            "correct": "the answer names the labels that apply, spelled as they are offered, and "
            "no label that applies is left out: one label that does not apply makes it wrong",
            "unambiguous": "the offered labels that are not in the answer clearly do not apply",
        },
        "entity-lines": {
            "correct": "there is one line for each type that is asked for; on it, "
            f"{_COPIED}; a type of which the text has none says None, and only such a type",
            "unambiguous": "which type a phrase belongs to is clear, and where it begins and ends",
        },
        "extraction": {
            "correct": f"{_COPIED}; and none that is asked for is left out; None stands only where "
            "the text has no such phrase",
            "unambiguous": "what is asked for is clear, and so is where each phrase begins and "
            "ends",
        },
        "text": {
            "correct": "the text does what the prompt asks, with what the prompt gives, in the "
            "language and form that are asked for",
            "unambiguous": _MUCH_THE_SAME,
            "grounded": _BORNE_OUT,
        },
        "labels": {
            "correct": "each label of the JSON list is true of the text, has the right kind, and "
            "quotes its evidence as it stands there; nothing important is left out",
            "unambiguous": "another careful reader would give the same labels",
        },
    }
)


def rubric(task_type: str) -> dict[str, str]:
    """Return what each of :data:`CRITERIA` means for answers of ``task_type``, as samples name it.

    Raises ``KeyError`` for a task type that has no rubric.
    """
    return {**_OF_ALL, **_OF_TYPE[task_type]}
