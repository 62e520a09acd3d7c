"""The columns of what a run leaves, said once: for a card's front matter, ``datasets`` and Arrow.

A loader that guesses takes a column that starts with nulls for a column of nulls, and fails at the
first text. So every folder that this package writes says what its columns are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import datasets  # type: ignore[import-untyped]
    import pyarrow as pa  # type: ignore[import-untyped]

#: A value of any JSON kind, kept as JSON text in Arrow and typed again by ``datasets`` 4.7 on.
JSON: Final = "json"

#: What a column holds: a kind of value (``string``, ``bool``, ``int64``, ``float64`` or
#: :data:`JSON`), a list of one feature, or named features. Any of them may be null.
Feature: TypeAlias = "str | list[Feature] | Mapping[str, Feature]"
#: The columns of a table by name, in the order in which a record has them.
Features: TypeAlias = Mapping[str, Feature]

#: The whole sample as :func:`factory.outputs.jsonl.to_record` writes it. ``gold`` and ``slots`` are
#: JSON text on disk; the names in ``scores`` are those of the judges that were asked.
SAMPLE: Final[Features] = {
    "id": "string",
    "task": "string",
    "track": "string",
    "task_type": "string",
    "metric": "string",
    "description": "string",
    "prompt": "string",
    "input": "string",
    "candidates": "string",
    "constraint": "string",
    "output": "string",
    "input_field": "string",
    "output_field": "string",
    "gold": "string",
    "options": ["string"],
    "slots": "string",
    "lang": "string",
    "locale": "string",
    "split": "string",
    "split_group": "string",
    "provenance": {
        "source": "string",
        "source_ids": ["string"],
        "licence": "string",
        "view": "string",
        "template": "string",
        "wording": "string",
        "seed": "int64",
        "definition": "string",
        "parent": "string",
        "generator": "string",
        "model": "string",
        "prompt_hash": "string",
        "tokens": "int64",
        "cost": "float64",
        "judge_tokens": "int64",
        "judge_cost": "float64",
    },
    "reasoning": "string",
    "scores": JSON,
    "verdicts": [
        {
            "filter": "string",
            "keep": "bool",
            "reason": "string",
            "detail": "string",
            "score": "float64",
        }
    ],
}


def as_yaml(features: Features) -> list[dict[str, Any]]:
    """Return ``features`` as a card's front matter holds them, under ``dataset_info: features:``.

    That is ``[{"name": "id", "dtype": "string"}, {"name": "options", "list": "string"}, ...]``.
    """
    return [{"name": name, **_yaml(feature)} for name, feature in features.items()]


def _yaml(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, str):
        return {"dtype": feature}
    if isinstance(feature, list):
        inner = _yaml(feature[0])
        (kind,) = inner
        return {"list": inner if kind == "list" else inner[kind]}
    return {"struct": as_yaml(feature)}


def as_datasets(features: Features) -> datasets.Features:
    """Return ``features`` as ``datasets.load_dataset(..., features=...)`` takes them."""
    import datasets

    return datasets.Features({name: _datasets(feature) for name, feature in features.items()})


def _datasets(feature: Feature) -> Any:
    import datasets

    if isinstance(feature, str):
        return datasets.Json() if feature == JSON else datasets.Value(feature)
    if isinstance(feature, list):
        return datasets.List(_datasets(feature[0]))
    return {name: _datasets(inner) for name, inner in feature.items()}


def as_arrow(features: Features) -> pa.Schema:
    """Return ``features`` as an Arrow schema that ``datasets`` reads back as the same features."""
    import pyarrow as pa

    info = {"info": {"features": {name: _noted(each) for name, each in features.items()}}}
    return pa.schema(
        [(name, _arrow(feature)) for name, feature in features.items()],
        metadata={"huggingface": json.dumps(info)},
    )


def _arrow(feature: Feature) -> Any:
    import pyarrow as pa

    if isinstance(feature, str):
        return pa.json_() if feature == JSON else pa.type_for_alias(feature)
    if isinstance(feature, list):
        return pa.list_(_arrow(feature[0]))
    return pa.struct([(name, _arrow(inner)) for name, inner in feature.items()])


def _noted(feature: Feature) -> dict[str, Any]:
    """Return one feature as ``datasets`` notes it in the metadata of a schema."""
    if isinstance(feature, str):
        return {"_type": "Json"} if feature == JSON else {"dtype": feature, "_type": "Value"}
    if isinstance(feature, list):
        return {"feature": _noted(feature[0]), "_type": "List"}
    return {name: _noted(inner) for name, inner in feature.items()}
