"""Shards on storage: facts go to other machines as Parquet, and what came of them stays there.

The driver joins a window's wide columns once and lays them down as files of some keys each; a task
reads its file, builds, and lays down the candidates beside it, which marks the shard as finished::

    <hash>.facts.parquet
    <hash>.made.parquet

The hash is of what is in the file, under the run's identity: so a driver that was killed and starts
again finds what is finished, and never what another recipe, source or version made. The folder goes
when the run is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from pydantic_core import to_json

from factory.engines.storage import Storage
from factory.errors import OutputError, UsageError
from factory.filters.decontamination import read_about
from factory.line.build import PackedOutcome, SampleBuilder, compiled_again
from factory.line.facts import facts_of, grouped_rows, groups_of
from factory.line.fold import Candidate
from factory.line.manifest import versions
from factory.sources.sql import one_line, text_literal
from factory.sources.view import View

if TYPE_CHECKING:
    import pyarrow  # type: ignore[import-untyped]

#: Keys a shard: small enough that a window of 32,768 keeps a hundred processors busy.
_SHARD_KEYS: Final = 256
#: What Parquet does not give back as it was: such a column travels as text.
_NOT_IN_PARQUET: Final = re.compile(
    r"\b(U?HUGEINT|BIT|INTERVAL|TIME WITH TIME ZONE|TIMESTAMP_NS|BIGNUM|VARINT)\b"
)
_FACTS: Final = ".facts.parquet"
_MADE: Final = ".made.parquet"


@dataclass(frozen=True, slots=True)
class StoredShard:
    """The facts of some keys, on storage.

    Attributes:
        folder: where the file lies.
        name: the hash of what is in it.
        columns: the names of the facts, in the order of the file's columns.
        types: the database's types of them.
        groups: for a task that combines records, each key's ordinal with the keys of its records,
            its own first; else None.
    """

    folder: Storage
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    groups: tuple[tuple[int, tuple[str, ...]], ...] | None


def store_facts(
    view: View,
    connection: duckdb.DuckDBPyConnection,
    folder: Storage,
    named: bytes,
    *,
    aside: Path,
    grouped: bool,
) -> Iterator[StoredShard]:
    """Lay down the facts of the keys in ``chosen``, in draw order; yield a shard at a time.

    ``named`` says which run and split they are of: up to 64 bytes, which hold for no other. The
    database writes into ``aside``, a folder of this machine.
    """
    query = facts_of(view)
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    columns = tuple(name for name, *_ in described)
    types = tuple(kind for _, kind, *_ in described)
    numbered = [f"c{number}" for number in range(len(columns))]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE found AS FROM ({query}) AS facts({', '.join(numbered)})"
    )
    key = numbered[columns.index("key")]
    # Read to the end: the next statement ends what the last one was giving.
    if grouped:
        listed: list[Any] = list(groups_of(connection))
    else:
        listed = connection.execute(f"SELECT DISTINCT c0, {key} FROM found ORDER BY c0").fetchall()
    stored = ", ".join(
        f"{name}::{_NOT_IN_PARQUET.sub('VARCHAR', kind)} AS {name}"
        for name, kind in zip(numbered, types, strict=True)
    )
    partial = aside / "facts.parquet.partial"
    for part in _in_parts(listed):
        groups = tuple((ordinal, tuple(keys)) for ordinal, keys in part) if grouped else None
        wanted = {each for _, keys in groups for each in keys} if groups else {k for _, k in part}
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE shard AS SELECT unnest($keys::VARCHAR[]) AS key",
            {"keys": sorted(wanted)},
        )
        connection.execute(
            f"COPY (SELECT {stored} FROM found WHERE {key} IN (FROM shard) ORDER BY c0) "
            f"TO {text_literal(str(partial))} (FORMAT parquet, COMPRESSION zstd)"
        )
        data = partial.read_bytes()
        partial.unlink()
        digest = blake2b(data, digest_size=16, key=named)
        digest.update(to_json([columns, types, groups]))
        name = digest.hexdigest()
        # Also where it is there: a disk that lost power may have kept its name alone.
        folder.write(name + _FACTS, data)
        yield StoredShard(folder, name, columns, types, groups)


def _in_parts(keys: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(keys)
    while part := list(islice(left, _SHARD_KEYS)):
        yield part


@dataclass(frozen=True)
class StoredBuilder:
    """Makes the candidates of a stored shard, or takes them from where they were laid down.

    ``made_of`` is what the driver has that decides bytes: a machine that has anything else of it
    must not take part. ``index`` is where the index of benchmarks lies, where the machines cannot
    see the driver's own.
    """

    builder: SampleBuilder
    made_of: Mapping[str, str]
    index: Storage | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        if self.index is None:
            return StoredBuilder, (self.builder, self.made_of)
        _, (recipe, task, split, _) = self.builder.__reduce__()
        return _with_index, (recipe, task, split, self.made_of, self.index)

    def packed(self, shard: StoredShard) -> list[PackedOutcome]:
        """Return :meth:`factory.line.build.SampleBuilder.packed` of the shard.

        Raises :class:`UsageError` on a machine where the task, or what it is made with, is not the
        driver's.
        """
        self._compare()
        made = shard.folder.read(shard.name + _MADE)
        if made is not None and (outcomes := _read_outcomes(made)) is not None:
            return outcomes
        outcomes = self.builder.packed(read_stored(shard))
        shard.folder.write(shard.name + _MADE, _written(outcomes))
        return outcomes

    def _compare(self) -> None:
        own = made_of(self.builder)
        for name, wanted in self.made_of.items():
            if own.get(name) != wanted:
                raise UsageError(
                    f"a machine of the cluster has {name} {own.get(name)}, the driver has "
                    f"{wanted}: the bytes might differ; install the same on every one of them"
                )


def stored_builder(builder: SampleBuilder, folder: Storage, index: Path | None) -> StoredBuilder:
    """Return the builder for shards in ``folder``, which gets the ``index`` of benchmarks too."""
    # In the run's own folder they lie side by side.
    if index is None or index.parent == Path(folder.address).parent:
        return StoredBuilder(builder, made_of(builder))
    kept = folder.below(f"benchmarks-{read_about(index)['fingerprint']}")
    for file in sorted(index.iterdir()):
        kept.write(file.name, file.read_bytes())
    return StoredBuilder(builder, made_of(builder), kept)


def _with_index(
    recipe: bytes, task: str, split: str, made_of: Mapping[str, str], index: Storage
) -> StoredBuilder:
    return StoredBuilder(compiled_again(recipe, task, split, index.folder_at_hand()), made_of)


def made_of(builder: SampleBuilder) -> dict[str, str]:
    """Return what decides the bytes that a builder makes: its definition, and versions."""
    task = builder.task
    return {"the definition of " + task.name: task.definition, **versions(task)}


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def read_stored(shard: StoredShard) -> list[dict[str, Any]]:
    """Return the rows of a stored shard, as :func:`factory.line.facts.read_facts` gives them."""
    given_back = ", ".join(f"c{number}::{kind}" for number, kind in enumerate(shard.types))
    with shard.folder.at_hand(shard.name + _FACTS) as path:
        query = f"SELECT {given_back} FROM read_parquet({text_literal(str(path))}) ORDER BY c0"
        try:
            found = _database().execute(query).fetchall()
        except duckdb.Error as error:
            raise OutputError(
                f"{shard.folder.address}: a shard cannot be read ({one_line(error)}): can every "
                "machine see it? Then the same command writes it again"
            ) from error
    rows = [dict(zip(shard.columns, row, strict=True)) for row in found]
    return rows if shard.groups is None else list(grouped_rows(shard.groups, rows))


#: How a candidate's fields stand in Parquet, where they are no text.
_LISTS: Final = frozenset(("groups", "touches", "made"))
_BYTES: Final = frozenset(("content", "asked", "answered", "record"))


def _schema() -> pyarrow.Schema:
    import pyarrow as arrow

    kinds = {
        **dict.fromkeys(_BYTES, arrow.binary()),
        **dict.fromkeys(_LISTS, arrow.list_(arrow.string())),
        "tokens": arrow.int64(),
        "cost": arrow.float64(),
    }
    return arrow.schema(
        [
            ("number", arrow.int64()),
            ("ordinal", arrow.int64()),
            *((name, kinds.get(name, arrow.string())) for name in Candidate._fields),
        ]
    )


def _written(outcomes: Sequence[PackedOutcome]) -> bytes:
    """Return outcomes as a Parquet file: a row a candidate, one of nulls where a key has none."""
    import pyarrow as arrow
    from pyarrow import parquet

    nothing = (None,) * len(Candidate._fields)
    rows = [
        (number, ordinal, *candidate)
        for number, (ordinal, candidates) in enumerate(outcomes)
        for candidate in candidates or [nothing]
    ]
    schema = _schema()
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [arrow.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
    sink = arrow.BufferOutputStream()
    table = arrow.Table.from_arrays(arrays, schema=schema)
    parquet.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue())


def _read_outcomes(data: bytes) -> list[PackedOutcome] | None:
    """Return the outcomes of such a file; None where it is damaged."""
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(arrow.BufferReader(data), page_checksum_verification=True)
        table = file.read(use_threads=False).cast(_schema())
    except (arrow.ArrowException, OSError, ValueError):
        return None
    numbers, ordinals, *columns = (
        [None if each is None else tuple(each) for each in column.to_pylist()]
        if name in _LISTS
        else column.to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    )
    outcomes: list[PackedOutcome] = []
    for number, ordinal, *candidate in zip(numbers, ordinals, *columns, strict=True):
        if number == len(outcomes):
            outcomes.append((ordinal, []))
        if candidate[0] is not None:
            outcomes[-1][1].append(tuple(candidate))
    return outcomes
