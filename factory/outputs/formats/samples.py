"""The whole sample, as a run's own files hold it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from factory.outputs.features import SAMPLE, Features
from factory.outputs.formats.base import JSONL, PARQUET
from factory.outputs.jsonl import from_record, to_record
from factory.sample import Sample


class Samples:
    """Every field of a sample, ``gold`` and ``slots`` as JSON text: the way to Parquet, or shards.

    Nothing is lost.
    """

    name: ClassVar[str] = "samples"
    title: ClassVar[str] = "whole samples, as the run's own files hold them"
    carries: ClassVar[tuple[str, ...]] = tuple(Sample.__dataclass_fields__)
    stored: ClassVar[tuple[str, ...]] = (PARQUET, JSONL)
    reasons: ClassVar[bool] = False
    whole: ClassVar[bool] = True

    def features(self, task_types: Collection[str]) -> Features:  # noqa: ARG002 - the protocol's
        """Return the columns of a run's own files."""
        return SAMPLE

    def write(self, sample: Sample, *, reasoning: bool = False) -> dict[str, Any]:  # noqa: ARG002
        """Return the record of a run's own files, which has the reasoning beside the answer."""
        return to_record(sample)

    def read(self, record: Mapping[str, Any], *, reasoning: bool = False) -> Sample:  # noqa: ARG002
        """Return the sample, ``gold`` and ``slots`` typed again."""
        return from_record(dict(record))
