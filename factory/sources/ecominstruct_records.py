"""One record of EcomInstruct: its prompt filled, its answer printed, its spans checked.

The assembly is EcomGPT's own (``sources`` in its repository): a class is its labels joined, an
extraction its terms joined, named entities are one line a candidate label (``Type: a, b``, or
``Type: None``), and a conditional extraction is the values alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from factory.errors import SourceError
from factory.sources.json_files import check_text_file

TYPES: Final = ("CLS", "NER", "Condition_Extract", "Extract", "Generate")
#: EcomInstruct has the first two; the others are those of tasks that this package exports.
_LOCALES: Final = {
    "EN": "us",
    "ZH": "cn",
    "ES": "es",
    "JA": "jp",
    "DE": "de",
    "FR": "fr",
    "IT": "it",
}
#: What EcomGPT prints where a label has no entity.
_NONE: Final = "None"


class RecordError(ValueError):
    """A record that is no sample; ``cause`` is the machine-readable code."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Record:
    """What a record says: ``instruction`` is the filled prompt, ``text`` what it is about.

    ``entities`` have ``type``, ``value``, ``start`` and ``end``; the offsets are None where they do
    not cut the value out of the text.
    """

    instruction: str
    text: str
    labels: tuple[str, ...]
    output: str
    entities: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """What ``meta-info.json`` and the folder's name say of a task.

    Attributes:
        id: the folder's name; locale: the shop that its language stands for.
        type: one of :data:`TYPES`.
        prompt: with the slots ``{sentences}`` and ``{label_set}``.
        labels: the candidates of every record that has none of its own.
        label_key: which of a record's label lists counts.
    """

    id: str
    locale: str
    type: str
    prompt: str
    labels: tuple[str, ...]
    label_key: str
    label_sep: str

    def read(self, record: object) -> Record:
        """Return what ``record`` says; raises :class:`RecordError`."""
        if not isinstance(record, dict):
            raise RecordError("not-an-object")
        text = record.get("sentences")
        if not isinstance(text, str) or not text.strip():
            raise RecordError("sentences-missing")
        labels = _texts(record.get("label_set")) or self.labels
        entities = () if self.type == "CLS" else _entities(record.get("spans"), text)
        output = self._answer(record, labels, entities)
        if not output.strip():
            raise RecordError("output-missing")
        # Not str.format: a text may hold braces of its own, and so may a prompt.
        shown = self.label_sep.join(labels)
        instruction = self.prompt.replace("{label_set}", shown).replace("{sentences}", text)
        return Record(instruction, text, labels, output, entities)

    def _answer(
        self,
        record: Mapping[str, Any],
        labels: Sequence[str],
        entities: Sequence[Mapping[str, Any]],
    ) -> str:
        if self.type == "CLS":
            given = record.get("labels")
            gold = _texts(given.get(self.label_key)) if isinstance(given, dict) else ()
            if not gold:
                raise RecordError("labels-missing")
            if labels and not set(gold) <= set(labels):
                raise RecordError("label-unknown")
            return self.label_sep.join(gold)
        if self.type == "NER":
            if any(entity["type"] not in labels for entity in entities):
                raise RecordError("label-unknown")
            return "\n".join(f"{label}: {self._terms(entities, label)}" for label in labels)
        values = self._terms(entities, None)
        return values if self.type == "Condition_Extract" or entities else ""

    def _terms(self, entities: Sequence[Mapping[str, Any]], label: str | None) -> str:
        terms = [each["value"] for each in entities if label is None or each["type"] == label]
        return self.label_sep.join(terms) or _NONE


def read_task(file: Path) -> TaskFolder:
    """Return the task that ``file``, a ``meta-info.json``, describes.

    Raises:
        SourceError: where it is no JSON, lacks a prompt or labels that its type needs, or its
            folder's name is none of a task.
    """
    folder = file.parent.name
    parts = folder.split("-", 3)
    if len(parts) != 4 or parts[0] not in _LOCALES or parts[2] not in TYPES:
        raise SourceError(
            f"ecominstruct: the folder {folder!r} is not named <LANG>-<Dataset>-<Type>-<name> with "
            f"a language of {', '.join(_LOCALES)} and a type of {', '.join(TYPES)}: rename it"
        )
    check_text_file(file)
    try:
        meta = json.loads(file.read_text(encoding="utf-8-sig"))
        json.dumps(meta, ensure_ascii=False).encode()  # half a surrogate pair is no text
        prompt = meta["test_prompt"]["instruction"]
        label_key = meta.get("label_key", "default")
        labels = _texts((meta.get("label_set") or {}).get(label_key))
        label_sep = meta.get("label_sep", ", ")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(
            f"{str(file)!r} is no task description ({type(error).__name__}: {error}): it needs "
            "test_prompt.instruction, and label_set with label_key where it has labels"
        ) from error
    if not isinstance(prompt, str) or "{sentences}" not in prompt:
        raise SourceError(f"{str(file)!r}: test_prompt.instruction has no slot {{sentences}}")
    if not isinstance(label_sep, str):
        raise SourceError(f"{str(file)!r}: label_sep is no text")
    return TaskFolder(
        id=folder,
        locale=_LOCALES[parts[0]],
        type=parts[2],
        prompt=prompt,
        labels=labels,
        label_key=label_key,
        label_sep=label_sep,
    )


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(each for each in value if isinstance(each, str) and each.strip())


def _entities(spans: object, text: str) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(spans, list):
        raise RecordError("spans-missing")
    found: list[Mapping[str, Any]] = []
    for span in spans:
        term = span.get("term") if isinstance(span, dict) else None
        if not isinstance(term, str) or not term.strip():
            raise RecordError("term-missing")
        kind = span.get("type")
        if not isinstance(kind, str | None):
            raise RecordError("type-malformed")
        start, end = span.get("start"), span.get("end")
        right = type(start) is int and type(end) is int and text[start:end] == term
        found.append(
            {
                "type": kind,
                "value": term,
                "start": start if right else None,
                "end": end if right else None,
            }
        )
    return tuple(found)
