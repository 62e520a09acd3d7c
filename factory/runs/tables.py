"""A run's files as tables: on disk for ``datasets``, in memory for pandas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from factory.errors import OutputError
from factory.outputs.features import SAMPLE, Features, as_datasets
from factory.outputs.records import rejected_records, sample_records
from factory.sources.download import cache_folder

if TYPE_CHECKING:
    import datasets  # type: ignore[import-untyped]
    import pandas  # type: ignore[import-untyped]

#: A line of ``rejected.jsonl``; a mixture's own have no split.
REJECTION: Final[Features] = {
    "id": "string",
    "task": "string",
    "split": "string",
    "filter": "string",
    "reason": "string",
    "detail": "string",
    "record": "string",
}
#: Where the tables on disk are kept, so that a run's folder holds what a run writes alone.
_TABLES: Final = "tables"
#: Columns that hold JSON text, and those whose fields are columns of their own in memory.
_TEXTS: Final = ("gold", "slots", "record")
_OPENED: Final = ("provenance", "scores")


def table_of(files: Sequence[Path], *, rejected: bool) -> datasets.Dataset:
    """Return the records of files as one table that is mapped into memory.

    It is made once, in this project's cache, and again when a file has changed.

    Raises :class:`OutputError` where a file holds something else.
    """
    import datasets

    features = as_datasets(REJECTION if rejected else SAMPLE)
    filled = [str(path) for path in files if path.stat().st_size]
    if not filled:
        return datasets.Dataset.from_dict({name: [] for name in features}, features=features)
    try:
        with _quiet():
            return datasets.Dataset.from_json(
                filled, features=features, cache_dir=str(cache_folder() / _TABLES)
            )
    except datasets.exceptions.DatasetGenerationError as error:
        cause = error.__cause__ or error
        said = str(cause).strip().splitlines() or [type(cause).__name__]
        raise OutputError(f"{', '.join(filled)}: not records of this project: {said[0]}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep a bar of progress from standing in a notebook above every table."""
    import datasets

    if not datasets.is_progress_bar_enabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()


def frame_of(files: Iterable[Path], *, rejected: bool) -> pandas.DataFrame:
    """Return the records of files as one table in memory, JSON text as the values that it says."""
    import pandas

    records = rejected_records if rejected else sample_records
    rows = [_opened(record) for path in files for record in records(path)]
    if rows:
        return pandas.DataFrame(rows)
    return pandas.DataFrame(columns=list(_columns(REJECTION if rejected else SAMPLE)))


def _opened(record: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in record.items():
        if name in _OPENED:
            row |= {f"{name}.{inner}": each for inner, each in value.items()}
        elif name in _TEXTS:
            row[name] = json.loads(value)
        else:
            row[name] = value
    return row


def _columns(features: Features) -> Iterator[str]:
    for name, feature in features.items():
        if isinstance(feature, Mapping):
            yield from (f"{name}.{inner}" for inner in feature)
        elif name not in _OPENED:
            yield name
