"""What prompts in EcomInstruct's forms show of their answers: labels, types for lines, a text.

Answers there are in words and not in numbers. The forms are this project's bases of those task
types, in each language that they are in, and EcomInstruct's own: candidates at a prompt's end, and
the words that its tasks ask in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: The last line of a prompt, where it only asks for the answer.
_CUE: Final = re.compile(
    r"(?:output|(?:### )?response|respuesta|输出|回答|答案)[:：]", re.IGNORECASE
)
_CANDIDATES: Final = re.compile(
    r"(?:\b(?:candidates?(?: labels?)?|from the following (?:topics|categories|labels|types)"
    r"|etiquetas posibles):|^分类[:：]|候補ラベル：|候选标签：)[ \t]*(\S.*)",
    re.IGNORECASE,
)
_ONE: Final = re.compile(
    r"\bone of the\b|\bthe right label\b|\byes or no\b"
    r'|\buna de las\b|\bla etiqueta correcta\b|"yes" o "no"'
    r"|1つだけ|どちらかだけ|中的一个|正确的标签|yes ?或 ?no",
    re.IGNORECASE,
)
_LINES: Final = re.compile(
    r"\bone line for each [\w ]{1,40}, in the order given\b"
    r"|\buna línea por cada [\w ]{1,40}, en el orden indicado\b"
    r"|ごとに1行ずつ、示された順に|输出一行，按给出的顺序",
    re.IGNORECASE,
)
_COPIES: Final = re.compile(
    r"copy (?:the|two to five) (?:answer|phrases|values|words)\b"
    r"|copia (?:la respuesta|los valores|las palabras)\b|(?:答え|値)は本文からそのまま|照抄原文",
    re.IGNORECASE,
)
#: EcomInstruct's "Detect all named entity about ...", and with a line for each type "Extract all
#: attribute value with attribue name about ..."; what it copies from a context or from candidates.
_ABOUT: Final = re.compile(
    r"(?:detect|extract) all (?:named entit(?:y|ies)|attribute values?)"
    r"(?P<lines> with [\w ]{1,30})? about (?P<kinds>.+) in the sentence\.?",
    re.IGNORECASE,
)
_SPANS: Final = re.compile(
    r"extract spans from context to answer the question\.?|output the document content only\.?",
    re.IGNORECASE,
)
_FRAME: Final = "### Instruction:"
#: A line's form as a constraint quotes it, ``"aspect: positive"``.
_QUOTED: Final = re.compile(r'"[^":\n]{1,40}: ([^"\n]{1,40})"')
_NOTHING: Final = re.compile(r"\bNone\b")
#: What names a line, ``Product title: ...``.
_NAMED: Final = re.compile(r"[^\W\d_][\w ]{0,30}(?::[ \t]*|：)")
_MOST_LABELS: Final = 64
_MOST_CHARACTERS: Final = 4000


@dataclass(frozen=True, slots=True)
class Labels:
    """Candidate labels, in the order shown; ``several`` where more than one may be right.

    There are none where more are shown than can be told.
    """

    labels: tuple[str, ...]
    several: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """Types that get a line each.

    Attributes:
        kinds: the types, in the order shown.
        values: what may stand behind each; empty where it is copied from ``text``.
        text: what is copied from.
        may_be_none: whether ``None`` is an answer.
    """

    kinds: tuple[str, ...]
    values: tuple[str, ...]
    text: str
    may_be_none: bool


@dataclass(frozen=True, slots=True)
class Copied:
    """Phrases that are copied from ``text``; ``may_be_none`` where it may hold none."""

    text: str
    may_be_none: bool


def shown_by(prompt: str) -> Labels | Lines | Copied | None:
    """Return what a prompt in one of EcomInstruct's forms shows; None of any other prompt.

    Only the prompt's end decides, so that no text in the middle of it can.
    """
    lines = [line.strip() for line in prompt.splitlines() if line.strip()]
    if lines and _CUE.fullmatch(lines[-1]):
        del lines[-1]
    if len(lines) < 2:
        return None
    *_, before, last = lines
    if len(last) > _MOST_CHARACTERS:
        return _labels("", last)
    may_be_none = _NOTHING.search(last) is not None
    if _LINES.search(last):
        kinds = _listed(_NAMED.sub("", before, count=1)) if _NAMED.match(before) else ()
        values = tuple(dict.fromkeys(_QUOTED.findall(last)))
        if not kinds:
            return None
        return Lines(kinds, values if len(values) > 1 else (), _text(lines[1:-2]), may_be_none)
    if _COPIES.match(last):
        return Copied(_text(lines[1:-1]), may_be_none)
    return _asked_of_text(lines) or _labels(before, last)


def _asked_of_text(lines: list[str]) -> Lines | Copied | None:
    """Return what the last line asks for in EcomInstruct's words of the text before it."""
    *before, last = lines
    # Any line of a real text may begin as if it were named, so all of it is text.
    text = "\n".join(before[before[0] == _FRAME :])
    if (about := _ABOUT.fullmatch(last)) is not None:
        kinds = _listed(about["kinds"])
        if about["lines"] and kinds:
            return Lines(kinds, (), text, may_be_none=True)
        return None if about["lines"] else Copied(text, may_be_none=True)
    return Copied(text, may_be_none=False) if _SPANS.fullmatch(last) else None


def _labels(before: str, last: str) -> Labels | None:
    """Return the candidates of the last line but one, or at the end of the last one."""
    if (found := _CANDIDATES.match(before)) is not None:
        shown, several = found[1], _ONE.search(last) is None
    elif (found := _CANDIDATES.search(last)) is not None:
        shown, several = found[1].removesuffix("."), True
    else:
        return None
    labels = _listed(shown)
    return Labels(labels, several) if len(labels) != 1 else None


def _listed(text: str) -> tuple[str, ...]:
    """Return what commas part; nothing of a list that is too long to be told."""
    if len(text) > _MOST_CHARACTERS:
        return ()
    listed = tuple(dict.fromkeys(part for each in text.split(", ") if (part := each.strip())))
    return listed if len(listed) <= _MOST_LABELS else ()


def _text(lines: list[str]) -> str:
    """Return lines without what names them."""
    return "\n".join(
        _NAMED.sub("", line, count=1) if _NAMED.match(line) else line for line in lines
    )
