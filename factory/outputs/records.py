"""Whether what stands in a run's files is what this package writes: somebody may have edited it.

A folder may come from anybody. Whoever reads a record builds on its fields, so each reader asks
here first, and a complaint names the file and the line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from factory.errors import OutputError
from factory.outputs.features import JSON, SAMPLE, Feature
from factory.outputs.jsonl import read_records
from factory.tasktypes import BY_NAME

#: What comes of reading on in a record or a manifest that is not what it should be.
MISREAD: Final = (
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
)
#: Fields that are absent where there is nothing to say.
_NULLABLE: Final = frozenset({"parent", "generator", "model", "prompt_hash", "score", "reasoning"})
_OF_REJECTED: Final = ("id", "task", "filter", "reason", "detail", "record")
_LARGEST: Final = 2**63


def sample_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of kept samples; raises :class:`OutputError` naming a line that is none."""
    return _checked(path, fault_of_sample)


def rejected_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of dropped candidates; raises as :func:`sample_records`."""
    return _checked(path, fault_of_rejected)


def _checked(path: Path, fault_of: Callable[[Mapping[str, Any]], str]) -> Iterator[dict[str, Any]]:
    for number, record in enumerate(read_records(path), 1):
        if fault := fault_of(record):
            raise OutputError(f"{path}:{number}: not a record of this project: {fault}")
        yield record


def fault_of_sample(record: Mapping[str, Any]) -> str:
    """Return what is wrong with the record of a sample; empty where it is whole."""
    for name, feature in SAMPLE.items():
        if fault := _fault(name, record, feature):
            return fault
    if record["task_type"] not in BY_NAME:
        return f"there is no task type {record['task_type']!r}"
    try:
        json.loads(record["gold"])
    except (ValueError, RecursionError):
        return "its 'gold' is no JSON"
    try:
        slots = json.loads(record["slots"])
    except (ValueError, RecursionError):
        return "its 'slots' is no JSON"
    return "" if isinstance(slots, dict) else "its 'slots' is no JSON object"


def fault_of_rejected(record: Mapping[str, Any]) -> str:
    """Return what is wrong with the record of a dropped candidate; empty where it is whole.

    What was dropped is the record of a sample, or the row of which none was made.
    """
    for name in _OF_REJECTED:
        if fault := _fault(name, record, "string"):
            return fault
    try:
        dropped = json.loads(record["record"])
    except (ValueError, RecursionError):
        return "its 'record' is no JSON object"
    if not isinstance(dropped, dict):
        return "its 'record' is no JSON object"
    if "input_field" not in dropped:
        return ""
    fault = fault_of_sample({"id": record["id"], **dropped})
    return f"in its 'record', {fault}" if fault else ""


def _fault(name: str, record: Mapping[str, Any], feature: Feature) -> str:
    """Return what is wrong with one field; empty where it is of its kind."""
    if name not in record:
        return f"no {'text ' if feature == 'string' else ''}{name!r}"
    value = record[name]
    if value is None and name in _NULLABLE:
        return ""
    if isinstance(feature, list):
        if not isinstance(value, list):
            return f"its {name!r} is no list"
        inner = feature[0]
        faults = (_fault(name, {name: each}, inner) for each in value)
        return next(filter(None, faults), "")
    if isinstance(feature, Mapping):
        if not isinstance(value, Mapping):
            return f"no {name!r} with fields"
        faults = (_fault(each, value, kind) for each, kind in feature.items())
        return next(filter(None, faults), "")
    if feature == JSON:
        fits = isinstance(value, Mapping) and all(
            each is None or _is_number(each) for each in value.values()
        )
        return "" if fits else f"its {name!r} holds something else than numbers"
    return "" if _KINDS[feature](value) else f"no {_SAID[feature]} {name!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int64": _is_whole,
    "float64": lambda value: _is_number(value) and abs(value) < _LARGEST,
}
_SAID: Final = {
    "string": "text",
    "bool": "truth value",
    "int64": "whole number",
    "float64": "number",
}
