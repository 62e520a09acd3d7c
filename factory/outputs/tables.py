"""Tables of records on disk: JSON Lines or Parquet, in one file or in several.

Files lie in a folder that nobody reads yet: how many there are is known when the last is written,
and their names say so.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from pydantic_core import to_json

from factory.outputs.features import JSON, Features, as_arrow
from factory.outputs.files import LineFile, checksum, explained, open_own

#: A file is not begun another line of, or another batch, once it would be larger: 500 MB.
SHARD_BYTES: Final = 500_000_000
#: Rows that go to Parquet together.
_BATCH: Final = 1000
_COMPRESSION: Final = "zstd"


class Table(Protocol):
    """One split of one format on its way to the disk."""

    rows: int

    def write(self, record: dict[str, Any]) -> None:
        """Append one record."""

    def finish(self) -> dict[str, dict[str, int | str]]:
        """Bring all to the disk under the last names; return rows, bytes and checksum by name."""

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""


class LinesTable:
    """JSON Lines: ``train.jsonl``, or ``train-00000-of-00003.jsonl`` and so on.

    A record is never parted: a file is larger than ``shard_bytes`` only where one record is.
    """

    def __init__(self, folder: Path, split: str, shard_bytes: int = SHARD_BYTES) -> None:
        self.rows = 0
        self._folder = folder
        self._split = split
        self._most = shard_bytes
        self._files: list[LineFile] = []

    def write(self, record: dict[str, Any]) -> None:
        """Append one record."""
        line = to_json(record)
        file = self._files[-1] if self._files else self._next()
        if file.bytes and file.bytes + len(line) >= self._most:
            file.finish()
            file = self._next()
        file.write(line)
        self.rows += 1

    def finish(self) -> dict[str, dict[str, int | str]]:
        """Bring all to the disk under the last names; return rows, bytes and checksum by name."""
        described = {}
        for number, file in enumerate(self._files):
            file.finish()
            name = shard_name(self._split, number, len(self._files), "jsonl")
            file.target = self._folder / name
            file.publish()
            described[name] = file.describe()
        return described

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""
        for file in self._files:
            file.discard()

    def _next(self) -> LineFile:
        part = self._folder / f"{self._split}-{len(self._files)}"
        self._files.append(LineFile(part, self._folder))
        return self._files[-1]


class ParquetTable:
    """Parquet with the columns said: ``train.parquet``, or ``train-00000-of-00003.parquet``.

    Files are parted by the bytes that their rows take in memory, which are known before they are
    packed.
    """

    def __init__(
        self, folder: Path, split: str, features: Features, shard_bytes: int = SHARD_BYTES
    ) -> None:
        self.rows = 0
        self._folder = folder
        self._split = split
        self._schema = as_arrow(features)
        self._texts = [name for name, feature in features.items() if feature == JSON]
        self._most = shard_bytes
        self._batch: list[dict[str, Any]] = []
        self._shards: list[tuple[Path, int]] = []
        self._writer: Any = None
        self._file: BinaryIO | None = None
        self._held = 0

    def write(self, record: dict[str, Any]) -> None:
        """Append one record."""
        if self._texts:
            record = dict(record)
            for name in self._texts:
                record[name] = to_json(record[name]).decode()
        self._batch.append(record)
        self.rows += 1
        if len(self._batch) == _BATCH:
            self._flush()

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""
        if self._file is not None:
            # A full disk refuses the last buffer, which is not wanted anyway.
            with suppress(OSError):
                self._file.close()

    def finish(self) -> dict[str, dict[str, int | str]]:
        """Bring all to the disk under the last names; return rows, bytes and checksum by name."""
        self._flush()
        self._close()
        described: dict[str, dict[str, int | str]] = {}
        for number, (path, rows) in enumerate(self._shards):
            name = shard_name(self._split, number, len(self._shards), "parquet")
            target = self._folder / name
            with explained(target):
                path.rename(target)
            size = target.stat().st_size
            described[name] = {"rows": rows, "bytes": size, "blake2b": checksum(target)}
        return described

    def _flush(self) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]

        if not self._batch:
            return
        batch = pa.RecordBatch.from_pylist(self._batch, self._schema)
        if self._held and self._held + batch.nbytes > self._most:
            self._close()
        if self._writer is None:
            self._open()
        path, rows = self._shards[-1]
        with explained(path):
            self._writer.write_batch(batch, row_group_size=_BATCH)
        self._shards[-1] = (path, rows + len(self._batch))
        self._held += batch.nbytes
        self._batch = []

    def _open(self) -> None:
        from pyarrow import parquet

        path = self._folder / f"{self._split}-{len(self._shards)}.partial"
        with explained(path):
            self._file = open_own(path, "wb")
        self._writer = parquet.ParquetWriter(self._file, self._schema, compression=_COMPRESSION)
        self._shards.append((path, 0))
        self._held = 0

    def _close(self) -> None:
        if self._writer is None or self._file is None:
            return
        with explained(self._shards[-1][0]):
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self._writer = self._file = None


def shard_name(split: str, number: int, count: int, kind: str) -> str:
    """Return ``train.jsonl`` where there is one file, else ``train-00000-of-00003.jsonl``."""
    return f"{split}.{kind}" if count == 1 else f"{split}-{number:05}-of-{count:05}.{kind}"
