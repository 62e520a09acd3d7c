"""Which kind of answer a prompt asks for, told by rule from its words.

NVIDIA's winner chose its system prompt and its constraint so. A few rules over what every question
must show a person too: how its list is numbered, and what it says of the answer. ShopBench's five
kinds, and EcomInstruct's three in words; whatever shows none of the marks is answered freely, which
no rule can then spoil.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from factory.serving.shown import Labels, Lines, shown_by

MULTIPLE_CHOICE: Final = "multiple-choice"
RANKING: Final = "ranking"
RETRIEVAL: Final = "retrieval"
ENTITIES: Final = "named_entity_recognition"
GENERATION: Final = "generation"
CLASSIFICATION: Final = "classification"
ENTITY_LINES: Final = "entity-lines"
EXTRACTION: Final = "extraction"

#: A line of a numbered list; ShopBench prints both ``1. tea`` and ``1.tea``.
_ITEM: Final = re.compile(r"^[ \t]*([0-9]{1,2})\.(?![0-9])", re.MULTILINE)
_ASKS_CHOICE: Final = re.compile(r"\n[ \t]*answer:?\s*\Z", re.IGNORECASE)
_PERMUTATION: Final = re.compile(
    r"\bpermuta(?:tion|ción)\b|までの番号を並べ替え|的一个排列", re.IGNORECASE
)
_RANK: Final = re.compile(r"\brank(?:s|ed|ing)?\b", re.IGNORECASE)
#: Not the two numbers between which a comma stands.
_NUMBERS: Final = re.compile(
    r"\b(?<!separating )(?<!every )(?<!between )(?P<count>one|two|three|[1-3])"
    r"(?:[ -][\w-]{1,20}){0,2}[ -](?:numbers?|indices)\b"
    r"|\bthe (?P<single>number) of the\b"
    r"|\bsolo con (?P<numeros>[1-3]) números\b|番号を(?P<ko>[1-3])つ|(?P<ge>[1-3])个编号",
    re.IGNORECASE,
)
_ENTITIES: Final = re.compile(
    r"\bextract (?:the |all )?(?:phrases|entities)\b"
    r"|\bseparate them with (?:a )?commas?\b"
    r"|\bsin repetir su tipo\b|種類は繰り返さず|不要重复实体类型",
    re.IGNORECASE,
)
#: EcomInstruct's lines of ``type: entity``: the same words ask for another form.
_LINES: Final = re.compile(r"\bone line for each\b", re.IGNORECASE)
_SCALE: Final = re.compile(r"\bscale (?:of|from) ([01]) to ([2-9])\b", re.IGNORECASE)
#: A scale in Spanish, Japanese or Chinese, and the cue that ends those prompts.
_SCALE_ELSEWHERE: Final = re.compile(
    r"\bde ([01])(?: \([^)\n]{1,30}\))? a ([2-9])\b"
    r"|([01])(?:\uff08[^\uff09\n]{1,30}\uff09)?(?:から|到)([2-9])"
)
_ASKS_ELSEWHERE: Final = re.compile(r"\n[ \t]*(?:Respuesta:|回答\uff1a|答案\uff1a)\s*\Z")
_COUNTS: Final = {"one": 1, "two": 2, "three": 3}
_LEAST_ITEMS: Final = 2
_MOST_CHOICES: Final = 10
_MOST_RANKED: Final = 5
_USUAL_GOLDS: Final = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prompt asks for.

    Attributes:
        task_type: the name of the kind of answer, ShopBench's where it has one.
        numbers: those that an answer may name: of the options or entries shown, or of a scale;
            empty where the prompt shows none.
        golds: how many different numbers an answer has: of a retrieval.
    """

    task_type: str
    numbers: tuple[int, ...] = ()
    golds: int = 0


def recognise(prompt: str, *, is_multiple_choice: bool = False, task_type: str = "") -> Asked:
    """Return what ``prompt`` asks for.

    ``is_multiple_choice`` is ShopBench's flag, where a caller has it; ``task_type`` is the type
    itself, which then is not guessed. Time is linear in the prompt.
    """
    shown = _numbers_shown(prompt)
    told = task_type or (MULTIPLE_CHOICE if is_multiple_choice else _type_of(prompt, shown))
    if told == MULTIPLE_CHOICE:
        return Asked(told, _choices(prompt, shown))
    if told == RANKING:
        return Asked(told, shown if shown[:1] == (1,) else ())
    if told == RETRIEVAL:
        return Asked(told, shown if shown[:1] == (1,) else (), _golds(prompt))
    return Asked(told)


def _type_of(prompt: str, shown: tuple[int, ...]) -> str:
    """Return the type by the first rule that holds."""
    if _ASKS_CHOICE.search(prompt) or (shown[:1] == (0,) and len(shown) <= _MOST_CHOICES):
        return MULTIPLE_CHOICE
    if shown[:1] == (1,):
        golds = _said_golds(prompt)
        if _PERMUTATION.search(prompt) or (_RANK.search(prompt) and not golds):
            return RANKING
        if golds:
            return RETRIEVAL
    return _type_in_words(prompt)


def _type_in_words(prompt: str) -> str:
    """Return the type of what is answered in words."""
    in_words = shown_by(prompt)
    if in_words is not None:
        if isinstance(in_words, Labels):
            return CLASSIFICATION
        return ENTITY_LINES if isinstance(in_words, Lines) else EXTRACTION
    if _ENTITIES.search(prompt) and not _LINES.search(prompt):
        return ENTITIES
    if _ASKS_ELSEWHERE.search(prompt) and _SCALE_ELSEWHERE.search(prompt):
        return MULTIPLE_CHOICE
    return GENERATION


def _numbers_shown(prompt: str) -> tuple[int, ...]:
    """Return the numbers of the prompt's last numbered list, which counts from 0 or 1."""
    last: tuple[int, ...] = ()
    first = following = -1
    for found in _ITEM.finditer(prompt):
        number = int(found[1])
        if number == following:
            following += 1
        elif number in (0, 1):
            first, following = number, number + 1
        else:
            continue
        if following - first >= _LEAST_ITEMS:
            last = tuple(range(first, following))
    return last


def _choices(prompt: str, shown: tuple[int, ...]) -> tuple[int, ...]:
    """Return the digits that a choice may be: of the options, else of the scale, else any."""
    if shown[:1] == (0,) and len(shown) <= _MOST_CHOICES:
        return shown
    scale = _SCALE.search(prompt) or _SCALE_ELSEWHERE.search(prompt)
    if scale:
        least, most = filter(None, scale.groups())
        return tuple(range(int(least), int(most) + 1))
    return tuple(range(_MOST_CHOICES))


def _said_golds(prompt: str) -> int:
    """Return how many numbers the prompt asks for; 0 where it does not say."""
    said = list(_NUMBERS.finditer(prompt))
    if not said:
        return 0
    last = said[-1]
    count = (last["count"] or last["numeros"] or last["ko"] or last["ge"] or "one").lower()
    return _COUNTS.get(count) or int(count)


def _golds(prompt: str) -> int:
    return _said_golds(prompt) or _USUAL_GOLDS
