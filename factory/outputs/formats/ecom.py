"""EcomInstruct's records and task descriptions, as EcomGPT ships them.

EcomGPT's own reader fills one prompt a task (``test_prompt``) with each record's ``sentences``, and
prints the answer from ``labels`` or ``spans``. A task here has several wordings, so the whole
prompt of a sample stands in ``sentences`` and the task's prompt is EcomGPT's frame around it: its
reader then asks in the sample's words, and prints the sample's answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, cast

from factory.outputs.features import Features
from factory.outputs.formats.base import BLANK, JSONL
from factory.sample import Sample

SEPARATOR: Final = ", "
#: The key of the only label list that a record and a description have.
LABEL_KEY: Final = "default"
#: EcomGPT's frame. Its reader fills it with ``str.format``, before which it sets a head that names
#: the task.
PROMPT: Final = "### Instruction:\n{sentences}\n### Response:"
#: Full-width in Chinese and Japanese.
_COLON: Final = re.compile("[:\uff1a]")
_VERSION: Final = "1"
_NOTHING: Final = "None"

CLS: Final = "CLS"
NER: Final = "NER"
EXTRACT: Final = "Extract"
CONDITION: Final = "Condition_Extract"
GENERATE: Final = "Generate"
#: EcomGPT's reader knows five types. The forms of answer that it does not know (the number of an
#: option, numbers in order, JSON) are texts to print.
_TYPES: Final[Mapping[str, str]] = {
    "classification": CLS,
    "entity-lines": NER,
    "extraction": EXTRACT,
}
_SPAN: Final[Features] = {"start": "int64", "end": "int64", "type": "string", "term": "string"}


class Ecom:
    """``sentences`` with ``labels`` (classification) or ``spans`` (everything else).

    ``trace_id`` is the sample's id; ``label_set`` are the types that an entity recognition asks
    for. Lost: the parts, the typed gold, the task type, the source row, the reasoning, and where
    the sample comes from.
    """

    name: ClassVar[str] = "ecom"
    title: ClassVar[str] = "EcomInstruct's task folders, as EcomGPT's reader takes them"
    carries: ClassVar[tuple[str, ...]] = ("id", "input_field", "output_field")
    stored: ClassVar[tuple[str, ...]] = (JSONL,)
    reasons: ClassVar[bool] = False
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:
        """Return the columns of these task types; tables of several leave some of them null."""
        types = {ecom_type(each) for each in task_types}
        columns: dict[str, Any] = {"trace_id": "string", "sentences": "string"}
        if CLS in types:
            columns["labels"] = {LABEL_KEY: ["string"]}
        if types != {CLS}:
            columns |= {"label_set": ["string"], "spans": [_SPAN]}
        return columns

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:  # noqa: ARG002
        """Return the record of a sample."""
        record: dict[str, Any] = {"trace_id": sample.id, "sentences": sample.input_field}
        kind = ecom_type(sample.task_type)
        if kind == CLS:
            return {**record, "labels": {LABEL_KEY: _phrases(sample)}}
        if kind == NER:
            spans = [
                {**_placed(sample, value), "type": of}
                for of, values in map(_line, _phrases(sample))
                for value in values
                if value != _NOTHING
            ]
            return {**record, "label_set": list(sample.options), "spans": spans}
        if kind == EXTRACT:
            spans = [_placed(sample, phrase) for phrase in _phrases(sample)]
        else:
            spans = [_term(sample.output_field)]
        return {**record, "label_set": [""], "spans": spans}

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:  # noqa: ARG002
        """Return the sample of a record, its answer printed as EcomGPT's reader prints it.

        Entities are printed for the types of the record's own ``label_set``.
        """
        if record.get("labels"):
            answer = SEPARATOR.join(record["labels"][LABEL_KEY])
        elif any(asked := record["label_set"]):
            lines = []
            for of in asked:
                terms = [span["term"] for span in record["spans"] if span["type"] == of]
                lines.append(f"{of}: {SEPARATOR.join(terms) or _NOTHING}")
            answer = "\n".join(lines)
        else:
            answer = SEPARATOR.join([span["term"] for span in record["spans"]])
        return replace(
            BLANK, id=record["trace_id"], input_field=record["sentences"], output_field=answer
        )


def ecom_type(task_type: str) -> str:
    """Return EcomInstruct's type of a task type (its name on disk)."""
    return _TYPES.get(task_type, GENERATE)


#: What parts names and folders, and what no name of a file may hold.
_PARTING: Final = str.maketrans(dict.fromkeys("-/\\\0", "_"))


def task_folder(sample: Sample, ecom_id: str) -> str:
    """Return ``<Dataset>/tasks/<LANG>-<Dataset>-<Type>-<name>`` for the task of ``sample``.

    ``ecom_id`` is the task's ``<Dataset>-<Type>-<name>``; where it has none, ``factory_<source>``
    and its own name stand for them (``ESCI`` and ``esci`` are one folder on some disks). EcomGPT's
    reader parts the name at its hyphens and knows five types: a type of another name becomes part
    of the task's.
    """
    kind = ecom_type(sample.task_type)
    if ecom_id:
        dataset, said, name = ecom_id.split("-", 2)
        if said == CONDITION and kind == EXTRACT:
            kind = CONDITION
        elif said != kind:
            name = f"{said}_{name}"
    else:
        dataset, name = f"factory_{sample.provenance.source}", sample.task
    dataset, name, lang = (
        # A record may come from anybody: no part of the name leads out of the folder.
        part.translate(_PARTING).lstrip(".") or "_"
        for part in (dataset, name, sample.lang.upper() or "XX")
    )
    return f"{dataset}/tasks/{lang}-{dataset}-{kind}-{name}"


def meta_info(folder: str, definition: str, labels: Sequence[str]) -> dict[str, Any]:
    """Return the content of ``meta-info.json``.

    ``definition`` names the task (``sentiment analysis``); ``labels`` are all that its records
    choose from, and written only for types whose reader asks for them.
    """
    kind = folder.rsplit("/", 1)[1].split("-", 3)[2]
    described: dict[str, Any] = {
        "task": folder.rsplit("/", 1)[1],
        "defi": definition,
        "version": _VERSION,
        "label_sep": SEPARATOR,
        "test_prompt": {"instruction": PROMPT},
    }
    if kind in (CLS, NER, CONDITION):
        described |= {"label_set": {LABEL_KEY: list(labels)}, "label_key": LABEL_KEY}
    return described


def definition_of(sample: Sample) -> str:
    """Return what the task is, as EcomInstruct names its tasks: a few words in small letters.

    They are what the sample's description says before its colon, or the task's own name. EcomGPT's
    reader formats them, so there is no brace in them.
    """
    named, *rest = _COLON.split(sample.description, maxsplit=1)
    if rest and named.strip() and not set(named) & set("\n{}"):
        return named[:1].lower() + named[1:]
    return sample.task.replace("_", " ")


def _phrases(sample: Sample) -> list[str]:
    return cast(list[str], sample.gold)


def _line(line: str) -> tuple[str, list[str]]:
    """Return the type and the values of one line of an entity recognition."""
    of, _, values = line.partition(": ")
    return of, values.split(SEPARATOR)


def _placed(sample: Sample, term: str) -> dict[str, Any]:
    """Return the span of a term; its offsets are 0 where the text does not have it."""
    begin = sample.input_field.find(sample.input) if sample.input else -1
    inside = sample.input.find(term)
    if begin < 0 or inside < 0:
        return _term(term)
    return {"start": begin + inside, "end": begin + inside + len(term), "term": term}


def _term(term: str) -> dict[str, Any]:
    """Return the span of a text that is copied from nowhere, as EcomInstruct notes titles."""
    return {"start": 0, "end": 0, "term": term}
