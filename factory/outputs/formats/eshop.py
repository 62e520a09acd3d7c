"""ShopBench's rows, as the KDD Cup 2024 gave its development set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, cast

from factory.outputs.features import JSON, Feature, Features
from factory.outputs.formats.base import BLANK, JSONL, PARQUET
from factory.sample import Sample
from factory.tasktypes import BY_NAME

#: What ShopBench writes before the name of a track.
TRACK: Final = "amazon-kdd-cup-24-"
_GENERATION: Final = "generation"
#: What ``output_field`` holds, by task type: the gold itself, which the benchmark scores against.
_GOLDS: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        "multiple-choice": "int64",
        "ranking": ["float64"],
        "retrieval": ["int64"],
        "named_entity_recognition": ["string"],
        _GENERATION: "string",
    }
)
#: A text of EcomInstruct's forms of answer has to be scored by a metric of ShopBench's. ROUGE-L
#: sees Latin letters and digits alone; the encoder reads every script.
_METRIC: Final = "rougel"
_METRIC_OF: Final = MappingProxyType(dict.fromkeys(("zh", "ja"), "multilingual-sent-transformer"))


class Eshop:
    """``input_field``, ``output_field``, and what ShopBench's own evaluation needs to score it.

    That is ``task_name``, ``task_type``, ``metric``, ``is_multiple_choice`` and ``track``.
    ``output_field`` is the gold: a number, numbers, relevances, phrases or a text. Samples of
    EcomInstruct's forms of answer, which ShopBench does not know, are ``generation`` rows of the
    text to print, scored by ROUGE-L (in Chinese and Japanese by the multilingual encoder). Lost:
    the parts, the options, the source row, the languages, the split, the reasoning, and where the
    sample comes from; of EcomInstruct's forms also the form, the metric and the typed gold.
    """

    name: ClassVar[str] = "eshop"
    title: ClassVar[str] = "ShopBench's rows, as its evaluation reads them"
    carries: ClassVar[tuple[str, ...]] = (
        *("task", "track", "task_type", "metric", "input_field", "output_field", "gold"),
    )
    stored: ClassVar[tuple[str, ...]] = (JSONL, PARQUET)
    reasons: ClassVar[bool] = False
    whole: ClassVar[bool] = False

    def features(self, task_types: Collection[str]) -> Features:
        """Return the columns; ``output_field`` is typed where all golds are of one kind."""
        golds = [_GOLDS.get(each, "string") for each in task_types]
        alike = golds and all(gold == golds[0] for gold in golds)
        return {
            "input_field": "string",
            "output_field": golds[0] if alike else JSON,
            "task_name": "string",
            "task_type": "string",
            "metric": "string",
            "is_multiple_choice": "bool",
            "track": "string",
        }

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:  # noqa: ARG002
        """Return the row of a sample."""
        known = sample.task_type in _GOLDS
        metric = sample.metric if known else _METRIC_OF.get(sample.lang, _METRIC)
        return {
            "input_field": sample.input_field,
            "output_field": sample.gold if known else sample.output_field,
            "task_name": sample.task,
            "task_type": sample.task_type if known else _GENERATION,
            "metric": metric,
            "is_multiple_choice": sample.task_type == "multiple-choice",
            "track": f"{TRACK}{sample.track}",
        }

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:  # noqa: ARG002
        """Return the sample of a row: the text to print follows from its gold."""
        gold = record["output_field"]
        if record["task_type"] == "ranking":
            # The development set has 1 and 0 beside 0.1.
            gold = [float(each) for each in cast(list[float], gold)]
        return replace(
            BLANK,
            task=record["task_name"],
            track=record["track"].removeprefix(TRACK),
            task_type=record["task_type"],
            metric=record["metric"],
            input_field=record["input_field"],
            output_field=BY_NAME[record["task_type"]].render(gold),
            gold=gold,
        )
